using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Looks at this node's certificate files: what is new in them holds for the connections that begin after that. Warns before they end.
/// </summary>
internal sealed class CertificateWatch : ReceiveActor, IWithTimers
{
    /// <summary>How often it looks at the files.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long before the end it warns, every <see cref="WarnInterval"/>.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(30);

    /// <summary>How often it warns.</summary>
    public static readonly TimeSpan WarnInterval = TimeSpan.FromDays(1);

    /// <summary>The files may be new: it looks at them now.</summary>
    public sealed record LookNow;

    private readonly ILogger _log = Context.Logger();
    private readonly ClusterTls _tls;

    /// <param name="tls">The files.</param>
    /// <param name="beginAnew">What a new certificate needs to be shown; null where every new connection shows it.</param>
    public CertificateWatch(ClusterTls tls, Action<NewBeginning>? beginAnew)
    {
        _tls = tls;
        Receive<BeginLook>(_ =>
        {
            var now = Now;
            Task.Run(() => tls.Look(now)).PipeTo(Self, failure: error => new TlsLook.Broken(error.Message));
        });
        Receive<LookNow>(_ => Timers.IsTimerActive(nameof(BeginLook)), _ =>
        {
            Timers.Cancel(nameof(BeginLook));
            Self.Tell(new BeginLook());
        });
        Receive<LookNow>(_ => { });
        Receive<TlsLook.Unchanged>(_ => LookLater());
        Receive<TlsLook.Renewed>(_ =>
        {
            LookLater();
            var ends = NodeCertificate.Format(tls.Current.Ends);
            _log.CertificateRenewed(tls.Node.Value, ends);
            Tell(EventKinds.TlsRenewed, $"until {ends}");
            Warn();
            beginAnew?.Invoke(new NewBeginning($"the certificate of {tls.Node} is a new one", null));
        });
        Receive<TlsLook.Broken>(broken =>
        {
            LookLater();
            _log.CertificateBroken(tls.Node.Value, broken.Why);
            Tell(EventKinds.TlsBroken, broken.Why);
        });
        Receive<CheckEnd>(_ => Warn());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override void PreStart()
    {
        Warn();
        Timers.StartPeriodicTimer(nameof(CheckEnd), new CheckEnd(), WarnInterval);
        LookLater();
    }

    // One look at a time, however long a disk takes.
    private void LookLater() => Timers.StartSingleTimer(nameof(BeginLook), new BeginLook(), LookInterval);

    private void Warn()
    {
        var left = _tls.Current.Ends - Now;
        if (left >= WarnBefore)
            return;
        var ends = NodeCertificate.Format(_tls.Current.Ends);
        var words = left > TimeSpan.Zero ? $"ends in {left.TotalDays:0} days, on {ends}" : $"has ended on {ends}";
        _log.CertificateEnds(_tls.Node.Value, words, NodeIdentity.RenewalOf(_tls.Node));
        Tell(EventKinds.TlsExpires, words);
    }

    private void Tell(string kind, string reason) =>
        Context.System.EventStream.Publish(new EventRow(Now, _tls.Node.Value, kind, Reason: reason));

    private sealed record BeginLook;

    private sealed record CheckEnd;
}
