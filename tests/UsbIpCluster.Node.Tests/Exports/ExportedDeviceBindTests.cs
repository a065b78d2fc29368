using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ExportedDeviceBindTests : ExportedDeviceSpec
{
    private static readonly ExportedDevice.Bind Bind = new(Samples.Exported);
    private static readonly ExportedDevice.Unbind Unbind = new();

    [Theory]
    [InlineData(ExportStatus.Available, DeviceState.Available, null)]
    [InlineData(ExportStatus.InUse, DeviceState.InUse, "unknown")]
    public async Task A_device_starts_as_its_driver_says(ExportStatus status, DeviceState state, string? holder)
    {
        await StartAsync(status);
        Assert.Equal((state, holder), await StateAsync());
    }

    [Fact]
    public async Task The_inventory_is_told_everything_that_the_exporter_sees()
    {
        await StartAsync(ExportStatus.Unbound);
        Exporter.Show(Samples.Local("1-1", ExportStatus.Available) with { Product = "Another" });
        var shown = await ExpectShownAsync(DeviceState.Available, null);
        Assert.Equal(
            Samples.Entry("1-1") with { Product = "Another", Backend = "scripted" },
            shown);
    }

    [Fact]
    public async Task A_bind_is_answered_when_the_exporter_has_done_it()
    {
        await StartAsync(ExportStatus.Unbound);
        var answer = AskAsync(new ExportedDevice.Bind(Samples.Exported with { Name = "golden" }));
        var call = await Exporter.NextAsync("bind");
        Assert.False(answer.IsCompleted);
        call.Succeed();
        var entry = await answer;
        Assert.Equal((DeviceState.Available, "golden"), (entry.State, entry.Name));
        Assert.Equal(entry, await ExpectShownAsync(DeviceState.Available, null));
    }

    [Fact]
    public async Task A_bind_that_fails_is_answered_with_why_and_changes_nothing()
    {
        await StartAsync(ExportStatus.Unbound);
        var answer = AskAsync(new ExportedDevice.Bind(Samples.Exported with { Name = "golden" }));
        (await Exporter.NextAsync("bind")).Fail(DeviceError.NoPermission, "not root");
        Assert.Equal("not root", (await Assert.ThrowsAsync<DeviceException>(() => answer)).Message);
        Assert.Equal(LeaseRefusal.NotExported, (await RefusalAsync(Samples.Holder)).Refusal);
        ExpectNothing(Inventory);
    }

    [Fact]
    public async Task A_bind_of_what_is_exported_already_renames_it()
    {
        await StartAsync(ExportStatus.Available);
        Assert.Equal("golden", (await AskAsync(new ExportedDevice.Bind(Samples.Exported with { Name = "golden" }))).Name);
        Assert.Equal("golden", (await ExpectShownAsync(DeviceState.Available, null)).Name);
        Assert.False(Exporter.HasCalls);
    }

    [Fact]
    public async Task An_unbind_of_what_is_not_exported_is_refused()
    {
        await StartAsync(ExportStatus.Unbound);
        var error = await Assert.ThrowsAsync<DeviceException>(() => AskAsync(Unbind));
        Assert.Equal((DeviceError.NotExported, "lab1/1-1 is not exported"), (error.Error, error.Message));
    }

    [Fact]
    public async Task What_is_not_exported_can_neither_be_leased_nor_imported()
    {
        await StartAsync(ExportStatus.Unbound);
        Assert.Equal(LeaseRefusal.NotExported, (await RefusalAsync(Samples.Holder)).Refusal);
        var importer = Connect();
        Tell(importer.Serve());
        Assert.Equal(OpStatus.NoDev, importer.ReadAnswer());
    }

    [Theory]
    [InlineData(ExportStatus.Available)]
    [InlineData(ExportStatus.InUse)]
    [InlineData(ExportStatus.Faulted)]
    public async Task An_unbind_leads_out_of_every_state(ExportStatus status)
    {
        await StartAsync(status);
        var answer = AskAsync(Unbind);
        (await Exporter.NextAsync("unbind")).Succeed();
        Assert.Equal(DeviceState.Unbound, (await answer).State);
    }

    [Fact]
    public async Task A_lease_ends_with_the_export()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        var answer = AskAsync(Unbind);
        (await Exporter.NextAsync("unbind")).Succeed();
        Assert.Null((await answer).Holder);
        var importer = Connect();
        Tell(importer.Serve(lease.LeaseId));
        Assert.Null(importer.ReadAnswer());
    }

    [Fact]
    public async Task An_unbind_that_fails_leaves_a_device_available()
    {
        await StartAsync(ExportStatus.Available);
        await FailUnbindAsync();
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    [Fact]
    public async Task An_unbind_that_fails_leaves_a_device_to_its_holder()
    {
        await StartAsync(ExportStatus.Available);
        await LeaseAsync();
        await FailUnbindAsync();
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task An_unbind_that_fails_leaves_a_device_to_its_session()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        await FailUnbindAsync();
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_bind_leads_out_of_a_fault_by_way_of_an_unbind()
    {
        await StartAsync(ExportStatus.Faulted);
        var answer = AskAsync(Bind);
        (await Exporter.NextAsync("unbind")).Succeed();
        (await Exporter.NextAsync("bind")).Succeed();
        Assert.Equal(DeviceState.Available, (await answer).State);
        await ExpectShownAsync(DeviceState.Available, null);
        await SettleAsync();
        ExpectNothing(Inventory);
    }

    [Fact]
    public async Task A_fault_that_can_not_be_ended_stays()
    {
        await StartAsync(ExportStatus.Faulted);
        var answer = AskAsync(Bind);
        (await Exporter.NextAsync("unbind")).Fail(DeviceError.Refused);
        await Assert.ThrowsAsync<DeviceException>(() => answer);
        Assert.Equal(LeaseRefusal.Failed, (await RefusalAsync(Samples.Holder)).Refusal);
    }

    [Fact]
    public async Task A_faulted_device_that_can_not_be_bound_again_is_unbound()
    {
        await StartAsync(ExportStatus.Faulted);
        var answer = AskAsync(Bind);
        (await Exporter.NextAsync("unbind")).Succeed();
        (await Exporter.NextAsync("bind")).Fail(DeviceError.Refused, "the kernel said no");
        Assert.Equal("the kernel said no", (await Assert.ThrowsAsync<DeviceException>(() => answer)).Message);
        Assert.Equal(LeaseRefusal.NotExported, (await RefusalAsync(Samples.Holder)).Refusal);
    }

    [Fact]
    public async Task What_is_faulted_can_neither_be_leased_nor_imported()
    {
        await StartAsync(ExportStatus.Faulted);
        var refused = await RefusalAsync(Samples.Holder);
        Assert.Equal((LeaseRefusal.Failed, "the driver of lab1/1-1 reports an error"), (refused.Refusal, refused.Message));
        var importer = Connect();
        Tell(importer.Serve());
        Assert.Equal(OpStatus.DevErr, importer.ReadAnswer());
    }

    [Theory]
    [InlineData(ExportStatus.Unbound, ExportStatus.Available, DeviceState.Available)]
    [InlineData(ExportStatus.Unbound, ExportStatus.InUse, DeviceState.InUse)]
    [InlineData(ExportStatus.Unbound, ExportStatus.Faulted, DeviceState.Faulted)]
    [InlineData(ExportStatus.Available, ExportStatus.Unbound, DeviceState.Unbound)]
    [InlineData(ExportStatus.Available, ExportStatus.InUse, DeviceState.InUse)]
    [InlineData(ExportStatus.Available, ExportStatus.Faulted, DeviceState.Faulted)]
    [InlineData(ExportStatus.InUse, ExportStatus.Available, DeviceState.Available)]
    [InlineData(ExportStatus.InUse, ExportStatus.Unbound, DeviceState.Unbound)]
    [InlineData(ExportStatus.InUse, ExportStatus.Faulted, DeviceState.Faulted)]
    [InlineData(ExportStatus.Faulted, ExportStatus.Available, DeviceState.Available)]
    [InlineData(ExportStatus.Faulted, ExportStatus.Unbound, DeviceState.Unbound)]
    [InlineData(ExportStatus.Faulted, ExportStatus.InUse, DeviceState.InUse)]
    public async Task What_somebody_else_does_to_the_device_is_followed(ExportStatus before, ExportStatus after, DeviceState state)
    {
        await StartAsync(before);
        await SeeAsync(after);
        await ExpectShownAsync(state, state == DeviceState.InUse ? "unknown" : null);
    }

    [Fact]
    public async Task After_what_somebody_else_did_to_the_device_only_its_holder_may_come_back_with_a_new_lease()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        await SeeAsync(ExportStatus.Unbound);
        await ExpectShownAsync(DeviceState.Unbound, null);
        await SeeAsync(ExportStatus.Available);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        var late = Connect();
        Tell(late.Serve(lease.LeaseId));
        Assert.Null(late.ReadAnswer());
        Assert.Equal(lease.Epoch.Next, (await LeaseAsync()).Epoch);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_seen_before_a_bind_does_not_undo_it(bool toldBefore)
    {
        await StartAsync(ExportStatus.Unbound);
        var answer = AskAsync(Bind);
        var call = await Exporter.NextAsync("bind");
        Exporter.Show(Samples.BusId, ExportStatus.Unbound);
        await FinishAsync(call, answer, ExportStatus.Available, toldBefore);
        await ExpectShownAsync(DeviceState.Available, null);
        ExpectNothing(Inventory);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_seen_before_an_unbind_does_not_undo_it(bool toldBefore)
    {
        await StartAsync(ExportStatus.Available);
        var answer = AskAsync(Unbind);
        var call = await Exporter.NextAsync("unbind");
        Exporter.Show(Samples.BusId, ExportStatus.Available);
        await FinishAsync(call, answer, ExportStatus.Unbound, toldBefore);
        await ExpectShownAsync(DeviceState.Unbound, null);
        ExpectNothing(Inventory);
    }

    [Fact]
    public async Task What_is_asked_while_the_exporter_works_is_answered_afterwards_in_its_order()
    {
        await StartAsync(ExportStatus.Unbound);
        var bind = AskAsync(Bind);
        var call = await Exporter.NextAsync("bind");
        var lease = RequestAsync(Samples.Holder);
        var other = RequestAsync(Samples.OtherHolder);
        var plain = Connect();
        Tell(plain.Serve());
        var unbind = AskAsync(Unbind);
        Assert.False(lease.IsCompleted || other.IsCompleted || unbind.IsCompleted);
        call.Succeed();
        await bind;
        Assert.IsType<LeaseGranted>(await lease);
        Assert.IsType<LeaseRefused>(await other);
        Assert.Equal(OpStatus.DevBusy, plain.ReadAnswer());
        (await Exporter.NextAsync("unbind")).Succeed();
        Assert.Equal(DeviceState.Unbound, (await unbind).State);
    }

    /// <summary>What is told before a work ends can overtake its end, or be overtaken by it: it goes another way.</summary>
    private async Task FinishAsync(ScriptedExporter.Call call, Task answer, ExportStatus status, bool toldBefore)
    {
        if (toldBefore)
            Exporter.Show(Samples.BusId, status);
        call.SucceedUnseen();
        await answer;
        if (!toldBefore)
            Exporter.Show(Samples.BusId, status);
        await SettleAsync();
    }

    private async Task FailUnbindAsync()
    {
        var answer = AskAsync(Unbind);
        (await Exporter.NextAsync("unbind")).Fail(DeviceError.Refused, "the kernel said no");
        Assert.Equal("the kernel said no", (await Assert.ThrowsAsync<DeviceException>(() => answer)).Message);
    }
}
