using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ExportedDeviceSessionTests : ExportedDeviceSpec
{
    [Fact]
    public async Task A_device_is_kept_for_the_holder_of_a_session_that_ended_for_thirty_seconds()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        Assert.Equal(Holder, (await ExpectEventAsync(EventKinds.SessionEnded)).Holder);
        Advance(Seconds(29.9));
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        Assert.Equal("lab1/1-1 is held by lab2/a1", (await RefusalAsync(Samples.OtherHolder)).Message);
        Advance(Seconds(0.2));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task The_holder_of_a_session_that_ended_gets_the_device_back()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        var again = await LeaseAsync();
        Assert.Equal(lease.Epoch.Next, again.Epoch);
        Assert.NotEqual(lease.LeaseId, again.LeaseId);
    }

    [Fact]
    public async Task The_lease_of_a_session_that_ended_can_not_be_used_again()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        var importer = Connect();
        Tell(importer.Serve(lease.LeaseId));
        Assert.Null(importer.ReadAnswer());
    }

    [Fact]
    public async Task A_device_that_is_kept_can_be_given_back()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task A_lease_that_is_given_back_before_the_session_ends_frees_the_device_at_its_end()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
        await SeeAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task A_release_of_an_earlier_lease_does_not_free_the_device()
    {
        await StartAsync(ExportStatus.Available);
        var (first, _) = await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        await ImportAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, first.Epoch));
        await SeeAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task While_a_session_has_the_device_nobody_else_gets_it()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, first) = await ImportAsync();
        Assert.Equal("lab1/1-1 is held by lab2/a1", (await RefusalAsync(Samples.OtherHolder)).Message);
        var plain = Connect();
        Tell(plain.Serve());
        Assert.Equal(OpStatus.DevBusy, plain.ReadAnswer());
        var thief = Connect();
        Tell(thief.Serve(lease.LeaseId));
        Assert.Null(thief.ReadAnswer());
        Assert.Equal(OpStatus.Ok, first.ReadAnswer());
        Assert.True(first.IsServed);
    }

    [Fact]
    public async Task What_was_seen_before_the_hand_over_does_not_end_the_session()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(Connect().Serve(lease.LeaseId));
        var call = await Exporter.NextAsync("serve");
        Exporter.Show(Samples.BusId, ExportStatus.Available);
        call.SucceedUnseen();
        await ExpectShownAsync(DeviceState.InUse, Holder);
        await SeeAsync(ExportStatus.Available);
        await SeeAsync(ExportStatus.InUse);
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
        await SeeAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_session_can_be_shorter_than_its_hand_over()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(Connect().Serve(lease.LeaseId));
        var call = await Exporter.NextAsync("serve");
        Exporter.Show(Samples.BusId, ExportStatus.InUse);
        Exporter.Show(Samples.BusId, ExportStatus.Available);
        call.SucceedUnseen();
        await ExpectEventAsync(EventKinds.SessionStarted);
        await ExpectEventAsync(EventKinds.SessionEnded);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_holder_that_asks_again_has_its_session_fenced_first()
    {
        await StartAsync(ExportStatus.Available);
        var (first, _) = await ImportAsync();
        var answer = RequestAsync(Samples.Holder);
        var fence = await Exporter.NextAsync("release");
        await ExpectShownAsync(DeviceState.Releasing, Holder);
        Assert.False(answer.IsCompleted);
        fence.Succeed();
        var second = Assert.IsType<LeaseGranted>(await answer);
        Assert.Equal(first.Epoch.Next, second.Epoch);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        Assert.Equal(Holder, (await ExpectEventAsync(EventKinds.SessionEnded)).Holder);
    }

    [Theory]
    [InlineData(DeviceError.TimedOut)]
    [InlineData(DeviceError.Refused)]
    public async Task A_driver_that_does_not_let_go_of_a_session_is_taken_from_the_device_and_given_to_it_again(DeviceError error)
    {
        await StartAsync(ExportStatus.Available);
        var (first, _) = await ImportAsync();
        var answer = RequestAsync(Samples.Holder);
        (await Exporter.NextAsync("release")).Fail(error);
        (await Exporter.NextAsync("unbind")).Succeed();
        (await Exporter.NextAsync("bind")).Succeed();
        Assert.Equal(first.Epoch.Next, Assert.IsType<LeaseGranted>(await answer).Epoch);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_session_that_can_not_be_fenced_at_all_stays_and_its_holder_is_told_why()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        var answer = RequestAsync(Samples.Holder);
        (await Exporter.NextAsync("release")).Fail(DeviceError.TimedOut);
        (await Exporter.NextAsync("unbind")).Fail(DeviceError.Refused, "it is still in use");
        var refused = Assert.IsType<LeaseRefused>(await answer);
        Assert.Equal((LeaseRefusal.Failed, "it is still in use"), (refused.Refusal, refused.Message));
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_device_that_is_unbound_to_be_fenced_and_can_not_be_bound_is_bound_later_and_kept_for_its_holder()
    {
        await StartAsync(ExportStatus.Available, Samples.Exported);
        await ImportAsync();
        var answer = RequestAsync(Samples.Holder);
        (await Exporter.NextAsync("release")).Fail(DeviceError.TimedOut);
        (await Exporter.NextAsync("unbind")).Succeed();
        (await Exporter.NextAsync("bind")).Fail(DeviceError.Refused, "not now");
        Assert.Equal("not now", Assert.IsType<LeaseRefused>(await answer).Message);
        await ExpectShownAsync(DeviceState.Unbound, null);
        await SettleAsync();
        Advance(ExportedDevice.FirstPause);
        (await Exporter.NextAsync("bind")).Succeed();
        await ExpectShownAsync(DeviceState.Leased, Holder);
    }

    [Fact]
    public async Task Nobody_overtakes_a_holder_whose_session_is_fenced()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        var answer = RequestAsync(Samples.Holder);
        var fence = await Exporter.NextAsync("release");
        var other = RequestAsync(Samples.OtherHolder);
        var plain = Connect();
        Tell(plain.Serve());
        fence.Succeed();
        Assert.IsType<LeaseGranted>(await answer);
        Assert.IsType<LeaseRefused>(await other);
        Assert.Equal(OpStatus.DevBusy, plain.ReadAnswer());
    }

    [Fact]
    public async Task The_end_of_a_fenced_session_that_is_seen_late_does_not_end_the_next_one()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        var answer = RequestAsync(Samples.Holder);
        (await Exporter.NextAsync("release")).SucceedUnseen();
        var lease = Assert.IsType<LeaseGranted>(await answer);
        Tell(Connect().Serve(lease.LeaseId));
        var call = await Exporter.NextAsync("serve");
        Exporter.Show(Samples.BusId, ExportStatus.Available);
        call.Succeed();
        await ExpectShownAsync(DeviceState.InUse, Holder);
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_bind_that_is_seen_late_does_not_end_a_session()
    {
        await StartAsync(ExportStatus.Unbound);
        var bind = AskAsync(new ExportedDevice.Bind(Samples.Exported));
        (await Exporter.NextAsync("bind")).SucceedUnseen();
        await bind;
        var lease = await LeaseAsync();
        Tell(Connect().Serve(lease.LeaseId));
        var call = await Exporter.NextAsync("serve");
        Exporter.Show(Samples.BusId, ExportStatus.Available);
        call.Succeed();
        await ExpectShownAsync(DeviceState.InUse, Holder);
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_holder_who_gave_its_lease_back_is_nobody()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal(LeaseRefusal.Busy, (await RefusalAsync(Samples.Holder)).Refusal);
        Assert.False(Exporter.HasCalls);
    }

    [Fact]
    public async Task A_session_from_before_the_daemon_is_nobodys_and_ends_like_one()
    {
        await StartAsync(ExportStatus.InUse);
        Assert.Equal("lab1/1-1 is held by unknown", (await RefusalAsync(Samples.Holder)).Message);
        await SeeAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task A_session_ends_with_the_export_of_its_device()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        var answer = AskAsync(new ExportedDevice.Unbind());
        (await Exporter.NextAsync("unbind")).Succeed();
        await answer;
        Assert.Equal(Holder, (await ExpectEventAsync(EventKinds.SessionEnded)).Holder);
    }

    [Theory]
    [InlineData(ExportStatus.Unbound)]
    [InlineData(ExportStatus.Faulted)]
    public async Task A_session_ends_when_its_driver_says_something_else(ExportStatus status)
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        await SeeAsync(status);
        Assert.Equal(Holder, (await ExpectEventAsync(EventKinds.SessionEnded)).Holder);
    }

    [Fact]
    public async Task What_else_changes_of_a_device_in_use_is_shown_and_ends_nothing()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        Exporter.Show(Samples.Local("1-1", ExportStatus.InUse) with { Product = "Another" });
        Assert.Equal("Another", (await ExpectShownAsync(DeviceState.InUse, Holder)).Product);
    }
}
