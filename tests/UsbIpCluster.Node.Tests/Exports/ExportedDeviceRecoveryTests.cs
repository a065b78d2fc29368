using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What a device comes back to: after the daemon's restart, a replug, and an error of its driver.</summary>
public sealed class ExportedDeviceRecoveryTests : ExportedDeviceSpec
{
    private static readonly LocalDevice Unplugged = Samples.Local("1-1", ExportStatus.Unbound);

    private static readonly LocalDevice Replugged = Unplugged with { Record = Unplugged.Record with { DeviceId = new DeviceId(1, 3) } };

    [Fact]
    public async Task After_a_restart_in_a_session_its_holder_is_known_and_takes_over()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync("alice");
        await RestartAsync(ExportStatus.InUse);
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
        var refused = await RefusalAsync(Samples.OtherHolder);
        Assert.Equal((LeaseRefusal.Busy, Samples.Holder), (refused.Refusal, refused.HeldBy));

        var importer = Connect();
        Tell(importer.Serve(lease.Secret.IdOf(Samples.BusId, lease.Epoch.Next), resume: true));
        (await Exporter.NextAsync("release")).Succeed();
        (await Exporter.NextAsync("serve")).Succeed();
        Assert.Equal(OpStatus.Ok, importer.ReadAnswer());
        var shown = await ExpectShownAsync(DeviceState.InUse, Holder);
        Assert.Equal((new Epoch(2), "alice"), (shown.Epoch, shown.User));
    }

    [Fact]
    public async Task After_a_restart_a_device_is_kept_for_its_holder_for_the_grace_and_the_epoch_goes_on()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        await RestartAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        Advance(ExportedDevice.Grace + Seconds(0.1));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
        Assert.Equal(new Epoch(2), Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder)).Epoch);
    }

    [Fact]
    public async Task What_was_given_back_is_nobodys_after_a_restart()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        Assert.Equal((DeviceState.Available, null), await StateAsync());
        await AwaitAssertAsync(() => Assert.Null(new DeviceLedger(
            new StateFile<DeviceRecord>(State.Folder("devices"), "1-1.json"), Unplugged, _ => { }).Lease));
        await RestartAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task A_device_that_is_to_be_exported_is_bound_at_the_start_and_kept_for_its_holder()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        await RestartAsync(ExportStatus.Unbound, Samples.Exported);
        (await Exporter.NextAsync("bind")).Succeed();
        await ExpectShownAsync(DeviceState.Leased, Holder);
        await LeaseAsync();
    }

    [Fact]
    public async Task A_bind_that_fails_is_tried_again_after_ever_longer_pauses_and_at_last_not_any_more()
    {
        await StartAsync(ExportStatus.Unbound, Samples.Exported);
        for (var attempt = 1; attempt < ExportedDevice.BindAttempts; attempt++)
        {
            (await Exporter.NextAsync("bind")).Fail(DeviceError.Refused);
            await SettleAsync();
            var pause = ExportedDevice.FirstPause * Math.Pow(2, attempt - 1);
            Advance(pause * 0.9);
            await SettleAsync();
            Assert.False(Exporter.HasCalls);
            Advance(pause * 0.2);
        }

        (await Exporter.NextAsync("bind")).Fail(DeviceError.Refused);
        await SettleAsync();
        Advance(Seconds(3600));
        await SettleAsync();
        Assert.False(Exporter.HasCalls);
    }

    [Fact]
    public async Task What_is_replugged_before_anybody_looked_is_bound_again_and_kept_for_its_holder()
    {
        await StartAsync(ExportStatus.Available, Samples.Exported);
        await ImportAsync();
        Exporter.Show(Replugged);
        (await Exporter.NextAsync("bind")).Succeed();
        await ExpectShownAsync(DeviceState.Leased, Holder);
    }

    [Fact]
    public async Task What_another_program_unbinds_stays_unbound()
    {
        await StartAsync(ExportStatus.Available, Samples.Exported);
        await SeeAsync(ExportStatus.Unbound);
        await ExpectShownAsync(DeviceState.Unbound, null);
        Assert.False(Exporter.HasCalls);
    }

    [Theory]
    [InlineData(ExportStatus.Available)]
    [InlineData(ExportStatus.Unbound)]
    public async Task What_is_swapped_for_another_device_before_anybody_looked_is_nobodys(ExportStatus status)
    {
        await StartAsync(ExportStatus.Available, Samples.Exported);
        var lease = await LeaseAsync();
        Exporter.Show(Replugged with { Serial = "another", Status = status });
        if (status == ExportStatus.Unbound)
            (await Exporter.NextAsync("bind")).Succeed();
        await ExpectShownAsync(DeviceState.Available, null);
        var importer = Connect();
        Tell(importer.Serve(lease.LeaseId));
        Assert.Null(importer.ReadAnswer());
    }

    [Fact]
    public async Task A_faulted_device_is_bound_anew_three_times_and_a_session_counts_anew()
    {
        await StartAsync(ExportStatus.Available);
        for (var round = 0; round < 2; round++)
        {
            await SeeAsync(ExportStatus.Faulted);
            for (var attempt = 1; attempt < ExportedDevice.Recoveries; attempt++)
                await RecoverAsync(attempt, ExportStatus.Faulted);
            await RecoverAsync(ExportedDevice.Recoveries, ExportStatus.Available);
            if (round == 0)
            {
                Tell(Connect().Serve());
                (await Exporter.NextAsync("serve")).Succeed();
                await SettleAsync();
            }
        }

        await SeeAsync(ExportStatus.Faulted);
        Advance(Seconds(3600));
        await SettleAsync();
        Assert.False(Exporter.HasCalls);
    }

    [Fact]
    public async Task A_faulted_device_that_is_unbound_and_can_not_be_bound_is_bound_later()
    {
        await StartAsync(ExportStatus.Faulted, Samples.Exported);
        Advance(ExportedDevice.FirstPause);
        (await Exporter.NextAsync("unbind")).Succeed();
        (await Exporter.NextAsync("bind")).Fail(DeviceError.Refused);
        await ExpectShownAsync(DeviceState.Unbound, null);
        await SettleAsync();
        Advance(ExportedDevice.FirstPause);
        (await Exporter.NextAsync("bind")).Succeed();
        await ExpectShownAsync(DeviceState.Available, null);
    }

    [Fact]
    public async Task After_an_error_of_its_driver_a_device_is_kept_for_its_holder()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        await SeeAsync(ExportStatus.Faulted);
        await RecoverAsync(1, ExportStatus.Available);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        await ExpectEventAsync(EventKinds.SessionEnded);
    }

    private async Task RecoverAsync(int attempt, ExportStatus then)
    {
        await SettleAsync();
        Advance(ExportedDevice.FirstPause * Math.Pow(2, attempt - 1));
        (await Exporter.NextAsync("unbind")).Succeed();
        (await Exporter.NextAsync("bind")).Succeed();
        await SettleAsync();
        if (then == ExportStatus.Faulted)
            await SeeAsync(ExportStatus.Faulted);
    }

    private async Task RestartAsync(ExportStatus status, ExportDecision? decided = null)
    {
        await StopAsync();
        await StartAsync(status, decided);
    }
}
