using System.Collections.Immutable;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Whom a device's policy and a drain keep out.</summary>
public sealed class ExportedDevicePolicyTests : ExportedDeviceSpec
{
    [Theory]
    [InlineData("node=lab2", "alice", "lab1/1-1 is not for lab2 (alice)")]
    [InlineData("user=alice", "alice", "lab1/1-1 is not for lab2 (alice)")]
    [InlineData("node=lab?", null, "lab1/1-1 is not for lab2")]
    public async Task A_denied_node_or_user_gets_no_lease_and_it_is_told_once(string deny, string? user, string message)
    {
        await StartAsync(ExportStatus.Available, For([], [deny]));
        for (uint attempt = 1; attempt <= 3; attempt++)
        {
            var holder = Samples.Holder with { Attachment = new AttachmentId(attempt) };
            var refused = Assert.IsType<LeaseRefused>(await RequestAsync(new RequestLease(Samples.BusId, holder, user, Steal: true)));
            Assert.Equal((LeaseRefusal.Denied, message), (refused.Refusal, refused.Message));
        }

        Assert.Equal(message, (await Events.ExpectMsgAsync<EventRow>(row => row.Kind == EventKinds.Denied)).Reason);
        ExpectNothing(Events);
    }

    [Fact]
    public async Task A_denied_address_is_refused_when_it_connects_and_it_is_told_once()
    {
        await StartAsync(ExportStatus.Available, For([], ["127.0.0.0/8"]));
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var lease = await LeaseAsync();
            var importer = Connect();
            Tell(importer.Serve(lease.LeaseId));
            Assert.Equal(OpStatus.Na, importer.ReadAnswer());

            // Whoever may have it need not wait for the lease of who may not, and does not get it back at once.
            Assert.Equal((DeviceState.Available, null), await StateAsync());
            var refused = await RefusalAsync(Samples.Holder);
            Assert.Equal((LeaseRefusal.Denied, "lab1/1-1 is not for lab2 at 127.0.0.1"), (refused.Refusal, refused.Message));
            Advance(Doorkeeper.Penalty);
        }

        Assert.False(Exporter.HasCalls);
        var told = await Events.ExpectMsgAsync<EventRow>(row => row.Kind == EventKinds.Denied);
        Assert.Equal("lab1/1-1 is not for lab2 at 127.0.0.1", told.Reason);
        ExpectNothing(Events);
    }

    [Fact]
    public async Task A_denied_address_does_not_resume_and_the_session_stays()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        Tell(new ExportedDevice.Decided(For([], ["127.0.0.1"])));
        var importer = Connect();
        Tell(importer.Serve(lease.Secret.IdOf(Samples.BusId, lease.Epoch.Next), resume: true));
        Assert.Equal(OpStatus.Na, importer.ReadAnswer());
        await SettleAsync();
        Assert.False(Exporter.HasCalls);
        await ExpectEventAsync(EventKinds.Denied);
        ExpectNothing(Events);
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("127.0.0.0/8", "", true)]
    [InlineData("10.0.0.0/8", "", false)]
    [InlineData("", "127.0.0.1", false)]
    [InlineData("node=lab2", "", false)]
    [InlineData("user=alice", "", false)]
    [InlineData("", "node=lab9", false)]
    [InlineData("node=lab2;127.0.0.1", "", true)]
    [InlineData("node=lab2,127.0.0.1", "", false)]
    public async Task A_plain_client_gets_what_its_address_is_let_in_to(string allow, string deny, bool isLetIn)
    {
        var separated = StringSplitOptions.RemoveEmptyEntries;
        await StartAsync(ExportStatus.Available, For(allow.Split(';', separated), deny.Split(';', separated)));
        var importer = Connect();
        Tell(importer.Serve());
        if (isLetIn)
            (await Exporter.NextAsync("serve")).Succeed();
        Assert.Equal(isLetIn ? OpStatus.Ok : OpStatus.Na, importer.ReadAnswer());
        await ExpectEventAsync(isLetIn ? EventKinds.SessionStarted : EventKinds.Denied);
    }

    [Fact]
    public async Task While_the_node_is_drained_nobody_new_comes_in_and_nobody_is_thrown_out()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        Tell(new ExportedDevice.Drain(Off: false));
        var answer = RequestAsync(Samples.Holder);
        (await Exporter.NextAsync("release")).Succeed();
        var lease = Assert.IsType<LeaseGranted>(await answer);
        Assert.Equal(LeaseRefusal.Draining, (await RefusalAsync(Samples.OtherHolder)).Refusal);
        Assert.Equal(LeaseRefusal.Draining, Assert.IsType<LeaseRefused>(
            await RequestAsync(new RequestLease(Samples.BusId, Samples.OtherHolder, Steal: true))).Refusal);

        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal(LeaseRefusal.Draining, (await RefusalAsync(Samples.Holder)).Refusal);
        var plain = Connect();
        Tell(plain.Serve());
        Assert.Equal(OpStatus.Na, plain.ReadAnswer());

        Tell(new ExportedDevice.Drain(Off: true));
        await LeaseAsync();
        var told = await Manager.FishForMessageAsync<ExportedDevice.Shown>(shown => shown.Draining);
        Assert.Equal(DeviceState.InUse, told.Entry.State);
    }

    private static ExportDecision For(string[] allow, string[] deny) => Samples.Exported with { Access = new Access(Rules(allow), Rules(deny)) };

    private static ImmutableArray<AccessRule> Rules(string[] lines) =>
    [
        .. lines.Select(line => AccessRule.TryParse(line, out var rule, out var problem) ? rule : throw new FormatException(problem)),
    ];
}
