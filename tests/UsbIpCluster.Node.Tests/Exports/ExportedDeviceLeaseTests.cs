using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ExportedDeviceLeaseTests : ExportedDeviceSpec
{
    [Fact]
    public async Task A_lease_says_how_to_connect()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Assert.NotEqual(default, lease.LeaseId);
        Assert.Equal(new Epoch(1), lease.Epoch);
        Assert.Equal(Samples.BusId, lease.BusId);
        Assert.Equal(["10.0.0.1:3240", "[fd00::1]:3240"], lease.Endpoints.Select(endpoint => endpoint.ToString()));
        Assert.Equal(Seconds(10), lease.Expiry);
        await ExpectShownAsync(DeviceState.Leased, Holder);
    }

    [Fact]
    public async Task A_lease_that_is_not_used_expires_after_ten_seconds()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        await SettleAsync();
        Advance(Seconds(9.9));
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        Advance(Seconds(0.2));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
        var importer = Connect();
        Tell(importer.Serve(lease.LeaseId));
        Assert.Null(importer.ReadAnswer());
    }

    [Fact]
    public async Task Its_holder_can_ask_again_and_only_the_new_lease_counts()
    {
        await StartAsync(ExportStatus.Available);
        var first = await LeaseAsync();
        await SettleAsync();
        Advance(Seconds(9));
        var second = await LeaseAsync();
        await SettleAsync();
        Assert.Equal(first.Epoch.Next, second.Epoch);
        var late = Connect();
        Tell(late.Serve(first.LeaseId));
        Assert.Null(late.ReadAnswer());
        Advance(Seconds(9));
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task Somebody_else_is_refused_with_the_name_of_the_holder()
    {
        await StartAsync(ExportStatus.Available);
        await LeaseAsync();
        var refused = await RefusalAsync(Samples.OtherHolder);
        Assert.Equal((LeaseRefusal.Busy, "lab1/1-1 is held by lab2/a1"), (refused.Refusal, refused.Message));
    }

    [Fact]
    public async Task Another_attachment_of_the_same_node_is_somebody_else()
    {
        await StartAsync(ExportStatus.Available);
        await LeaseAsync();
        await RefusalAsync(Samples.Holder with { Attachment = new AttachmentId(2) });
    }

    [Fact]
    public async Task A_lease_that_is_given_back_frees_the_device()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task A_lease_that_is_given_back_too_late_changes_nothing()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        await LeaseAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task Nobody_else_can_give_a_lease_back()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.OtherHolder, lease.Epoch));
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task Giving_back_what_was_never_leased_changes_nothing()
    {
        await StartAsync(ExportStatus.Available);
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(0)));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task A_connection_that_names_the_lease_gets_the_device()
    {
        await StartAsync(ExportStatus.Available);
        var (_, importer) = await ImportAsync();
        Assert.Equal(OpStatus.Ok, importer.ReadAnswer());
        Assert.True(importer.IsServed);
        var started = await ExpectEventAsync(EventKinds.SessionStarted);
        Assert.Equal(("lab1", "1-1", Holder), (started.Node, started.BusId, started.Holder));
    }

    [Fact]
    public async Task A_lease_that_is_used_does_not_expire()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        Advance(Seconds(60));
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_lease_does_not_expire_while_the_device_is_handed_over()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(Connect().Serve(lease.LeaseId));
        var call = await Exporter.NextAsync("serve");
        Advance(Seconds(60));
        call.Succeed();
        await ExpectShownAsync(DeviceState.InUse, Holder);
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_names_an_unknown_lease_is_closed_without_an_answer(bool leased)
    {
        await StartAsync(ExportStatus.Available);
        if (leased)
            await LeaseAsync();
        var importer = Connect();
        Tell(importer.Serve(LeaseId.New()));
        Assert.Null(importer.ReadAnswer());
        Assert.Equal((leased ? DeviceState.Leased : DeviceState.Available, leased ? Holder : null), await StateAsync());
    }

    [Fact]
    public async Task A_plain_client_is_refused_while_a_lease_waits_for_its_connection()
    {
        await StartAsync(ExportStatus.Available);
        await LeaseAsync();
        var importer = Connect();
        Tell(importer.Serve());
        Assert.Equal(OpStatus.DevBusy, importer.ReadAnswer());
    }

    [Fact]
    public async Task A_plain_client_gets_what_is_available()
    {
        await StartAsync(ExportStatus.Available);
        var importer = Connect();
        Tell(importer.Serve());
        (await Exporter.NextAsync("serve")).Succeed();
        Assert.Equal(OpStatus.Ok, importer.ReadAnswer());
        await ExpectShownAsync(DeviceState.InUse, importer.Peer.ToString());
        Assert.Equal($"lab1/1-1 is held by {importer.Peer}", (await RefusalAsync(Samples.Holder)).Message);
    }

    [Fact]
    public async Task What_a_plain_client_had_is_available_at_once_when_its_session_ends()
    {
        await StartAsync(ExportStatus.Available);
        var importer = Connect();
        Tell(importer.Serve());
        (await Exporter.NextAsync("serve")).Succeed();
        await ExpectShownAsync(DeviceState.InUse, importer.Peer.ToString());
        await SeeAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Available, null), await StateAsync());
        Assert.Equal(importer.Peer.ToString(), (await ExpectEventAsync(EventKinds.SessionEnded)).Holder);
    }

    [Theory]
    [InlineData(DeviceError.NoSuchDevice, OpStatus.NoDev)]
    [InlineData(DeviceError.NotExported, OpStatus.NoDev)]
    [InlineData(DeviceError.Busy, OpStatus.DevBusy)]
    [InlineData(DeviceError.PeerLost, OpStatus.Error)]
    [InlineData(DeviceError.Refused, OpStatus.Error)]
    public async Task A_hand_over_that_fails_is_told_to_the_importer_and_the_device_is_as_it_was(DeviceError error, OpStatus status)
    {
        await StartAsync(ExportStatus.Available);
        var importer = Connect();
        Tell(importer.Serve());
        (await Exporter.NextAsync("serve")).Fail(error);
        Assert.Equal(status, importer.ReadAnswer());
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_hand_over_that_fails_unexpectedly_closes_the_connection(bool cancelled)
    {
        await StartAsync(ExportStatus.Available);
        var importer = Connect();
        Tell(importer.Serve());
        var call = await Exporter.NextAsync("serve");
        if (cancelled)
            call.Cancel();
        else
            call.Crash();
        Assert.Null(importer.ReadAnswer());
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task After_a_hand_over_that_failed_the_device_is_kept_for_its_holder_and_the_lease_is_used_up()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(Connect().Serve(lease.LeaseId));
        (await Exporter.NextAsync("serve")).Fail(DeviceError.Refused);
        await SettleAsync();
        var again = Connect();
        Tell(again.Serve(lease.LeaseId));
        Assert.Null(again.ReadAnswer());
        await SettleAsync();
        Advance(Seconds(29.9));
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        Advance(Seconds(0.2));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task Nothing_happens_to_a_session_that_never_began()
    {
        await StartAsync(ExportStatus.Available);
        Tell(Connect().Serve());
        (await Exporter.NextAsync("serve")).Fail(DeviceError.PeerLost);
        await SettleAsync();
        ExpectNothing(Events);
    }
}
