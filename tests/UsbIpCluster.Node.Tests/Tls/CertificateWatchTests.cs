using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Node.Tests;

/// <summary>When the watch over the certificates looks, and what it tells; in virtual time.</summary>
public sealed class CertificateWatchTests : VirtualTimeSpec
{
    private static readonly NodeName Lab1 = NodeName.Parse("lab1");
    private readonly TestPki _pki;
    private readonly TestProbe _events;

    public CertificateWatchTests()
    {
        _pki = new TestPki(VirtualNow);
        _events = CreateTestProbe();
        Sys.EventStream.Subscribe(_events.Ref, typeof(EventRow));
    }

    [Fact]
    public async Task New_files_are_taken_at_the_next_look()
    {
        var (watch, tls) = await StartAsync(VirtualNow);
        var before = tls.Current;
        _pki.Issue("lab1", VirtualNow);
        Advance(CertificateWatch.LookInterval);
        Assert.Equal(EventKinds.TlsRenewed, (await _events.ExpectMsgAsync<EventRow>()).Kind);
        Assert.NotSame(before, tls.Current);

        // And so on.
        await SettleAsync(watch);
        _pki.Issue("lab1", VirtualNow);
        Advance(CertificateWatch.LookInterval);
        Assert.Equal(("lab1", EventKinds.TlsRenewed), await NextAsync());
    }

    [Fact]
    public async Task New_files_are_taken_at_once_when_they_are_told_and_looked_at_further()
    {
        var (watch, _) = await StartAsync(VirtualNow);
        for (var times = 0; times < 2; times++)
        {
            _pki.Issue("lab1", VirtualNow);
            watch.Tell(new CertificateWatch.LookNow(), ActorRefs.NoSender);
            Assert.Equal(("lab1", EventKinds.TlsRenewed), await NextAsync());
            await SettleAsync(watch);
        }

        _pki.Issue("lab1", VirtualNow);
        Advance(CertificateWatch.LookInterval);
        Assert.Equal(("lab1", EventKinds.TlsRenewed), await NextAsync());
    }

    [Fact]
    public async Task A_system_that_keeps_its_certificate_begins_anew_for_a_new_one()
    {
        var begun = new TaskCompletionSource<NewBeginning>(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync(VirtualNow, begun.SetResult);
        _pki.Issue("lab1", VirtualNow);
        Advance(CertificateWatch.LookInterval);
        Assert.Contains("lab1", (await begun.Task.WaitAsync(TimeSpan.FromSeconds(30))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Less_than_thirty_days_before_the_end_it_warns_at_the_start_and_then_daily()
    {
        await StartAsync(VirtualNow - CertificateAuthority.NodeLifetime + TimeSpan.FromDays(29));
        var first = await _events.ExpectMsgAsync<EventRow>();
        Assert.Equal(EventKinds.TlsExpires, first.Kind);
        Assert.StartsWith("ends in 29 days", first.Reason, StringComparison.Ordinal);
        Advance(CertificateWatch.WarnInterval);
        Assert.StartsWith("ends in 28 days", (await _events.ExpectMsgAsync<EventRow>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thirty_days_and_more_before_the_end_it_says_nothing()
    {
        await StartAsync(VirtualNow - CertificateAuthority.NodeLifetime + TimeSpan.FromDays(31));
        ExpectNothing(_events);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _pki.Dispose();
    }

    private async Task<(string Node, string Kind)> NextAsync()
    {
        var row = await _events.ExpectMsgAsync<EventRow>();
        return (row.Node, row.Kind);
    }

    private async Task<(IActorRef Watch, ClusterTls Tls)> StartAsync(DateTimeOffset issued, Action<NewBeginning>? beginAnew = null)
    {
        using var early = new TestPki(issued);
        foreach (var name in (string[])["ca.crt", "ca.key"])
            File.Copy(early.PathOf(name), _pki.PathOf(name), overwrite: true);
        var tls = ClusterTls.Load(_pki.Issue("lab1", issued), Lab1, VirtualNow);
        var watch = Sys.ActorOf(Props.Create(() => new CertificateWatch(tls, beginAnew)));
        await SettleAsync(watch);
        return (watch, tls);
    }
}
