using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class AttachmentManagerTests : AttachmentManagerSpec
{
    [Fact]
    public async Task A_device_is_attached_and_kept()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var answer = AttachAsync("0525:a4a5");
        await HandOverAsync(3);
        var status = await answer;
        Assert.Equal(("a1", AttachmentStates.Enumerating, new PortNumber(3)), (status.Id.ToString(), status.State, status.Port));
        Assert.Equal("a1", Assert.Single((await SnapshotAsync()).Attachments).Id.ToString());
        await Inventory.ExpectMsgAsync(new InventoryActor.LocalAttachments(1));
    }

    [Fact]
    public async Task Every_attachment_has_an_id_of_its_own()
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        Assert.Equal("a1", (await AttachToAsync(0, "lab1/1-1")).Id.ToString());
        Assert.Equal("a2", (await AttachToAsync(1, "lab1/1-2")).Id.ToString());
        await DetachPortsAsync("1");
        Assert.Equal("a3", (await AttachToAsync(1, "lab1/1-2")).Id.ToString());
    }

    [Fact]
    public async Task Ids_go_on_after_a_restart()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(0, "lab1/1-1");
        await DetachPortsAsync("0");
        await RestartAsync();
        Assert.Equal("a2", (await AttachToAsync(1, "lab1/1-1")).Id.ToString());
    }

    [Fact]
    public async Task What_matches_nothing_is_refused()
    {
        var error = await RefusalAsync("0525:a4a5");
        Assert.Equal((ControlError.NotFound, "no device matches '0525:a4a5'"), (error.Error, error.Message));
        await AssertNothingStoredAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_matches_several_is_refused_with_all_of_them(bool wait)
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2", DeviceState.Unbound));
        var error = await RefusalAsync("0525:a4a5", wait ? Seconds(60) : null);
        Assert.Equal((ControlError.Usage, "'0525:a4a5' matches 2 devices"), (error.Error, error.Message));
        string[] candidates = ["lab1/1-1 0525:a4a5 serial=S-1-1 Product 1-1", "lab1/1-2 0525:a4a5 serial=S-1-2 Product 1-2"];
        Assert.Equal(candidates, error.Candidates);
        await AssertNothingStoredAsync();
    }

    [Theory]
    [InlineData(DeviceState.Unbound, null, "lab1/1-1 is not exported")]
    [InlineData(DeviceState.Faulted, null, "lab1/1-1 is faulted: its driver reports an error")]
    [InlineData(DeviceState.Leased, "lab3/a7", "lab1/1-1 is held by lab3/a7")]
    [InlineData(DeviceState.InUse, "10.0.0.7:4242", "lab1/1-1 is held by 10.0.0.7:4242")]
    [InlineData(DeviceState.Releasing, "lab3/a7", "lab1/1-1 is held by lab3/a7")]
    public async Task What_can_not_be_had_is_refused_with_why(DeviceState state, string? holder, string message)
    {
        await ShowAsync(Samples.Entry("1-1", state, holder));
        var error = await RefusalAsync("lab1/1-1");
        Assert.Equal((ControlError.Unavailable, message), (error.Error, error.Message));
        await AssertNothingStoredAsync();
    }

    [Fact]
    public async Task What_can_not_be_reached_is_refused()
    {
        await ShowAsync(reachable: false, Samples.Entry("1-1"));
        var error = await RefusalAsync("lab1/1-1");
        Assert.Equal((ControlError.Unavailable, "lab1/1-1 is on a node that can't be reached"), (error.Error, error.Message));
    }

    [Fact]
    public async Task A_node_without_a_host_controller_says_so()
    {
        var manager = await StartAsync("without", null);
        var error = await Assert.ThrowsAsync<ControlException>(() =>
            manager.Ask<AttachmentStatus>(new AttachmentManager.Attach(Target("1-1"), false, null), Seconds(5)));
        Assert.Equal((ControlError.Failed, "this node attaches no devices: it has no host controller"), (error.Error, error.Message));
        Assert.Empty((await manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.GetSnapshot(), Seconds(5))).Others);
    }

    [Fact]
    public async Task An_attempt_that_fails_stores_nothing()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var answer = AttachAsync("lab1/1-1");
        await Exports.ExpectMsgAsync<RequestLease>();
        Exports.Reply(new LeaseRefused(LeaseRefusal.Busy, "lab1/1-1 is held by lab3/a7"));
        Assert.Equal(DeviceError.Busy, (await Assert.ThrowsAsync<DeviceException>(() => answer)).Error);
        await Inventory.ExpectMsgAsync(new InventoryActor.LocalAttachments(1));
        await Inventory.ExpectMsgAsync(new InventoryActor.LocalAttachments(0));
        Assert.Empty((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task A_device_that_is_waited_for_is_stored_at_once()
    {
        var answer = AttachAsync("lab1/1-1", Seconds(60));
        await Inventory.ExpectMsgAsync(new InventoryActor.LocalAttachments(1));
        Assert.Equal(AttachmentStates.Waiting, Assert.Single((await SnapshotAsync()).Attachments).State);
        Assert.False(answer.IsCompleted);
        await ShowAsync(Samples.Entry("1-1"));
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        var status = await answer;
        Assert.Equal((AttachmentStates.Attached, "7-4"), (status.State, status.LocalBusId?.Value));
    }

    [Fact]
    public async Task A_device_of_a_plain_server_is_attached_without_any_inventory()
    {
        var answer = AttachAsync(new AttachmentTarget.Plain(Server.Address, Samples.BusId));
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(0);
        Assert.Equal(Server.Address.ToString(), (await answer).Endpoint);
    }

    [Fact]
    public async Task Every_change_of_the_inventory_reaches_every_attachment()
    {
        var first = AttachAsync("lab1/1-1", Seconds(60));
        var second = AttachAsync("lab1/1-2", Seconds(60));
        await Inventory.FishForMessageAsync<InventoryActor.LocalAttachments>(count => count.Count == 2);
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        var asked = Exports.ReceiveN(2).Cast<RequestLease>().Select(request => request.BusId.Value).Order();
        Assert.Equal(["1-1", "1-2"], asked);
        Assert.False(first.IsCompleted || second.IsCompleted);
    }

    [Fact]
    public async Task A_port_that_is_lost_before_it_is_watched_is_lost()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var answer = AttachAsync("lab1/1-1");
        await Exports.ExpectMsgAsync<RequestLease>();
        Exports.Reply(new LeaseGranted(LeaseId.New(), new Epoch(5), Samples.BusId, [Server.Address], Seconds(10), Samples.Secret));
        (await Server.AcceptAsync()).Grant();
        var call = await Controller.NextAsync("attach");
        Controller.Show(3, PortStatus.Enumerating);
        Controller.Show(3, PortStatus.Free);
        call.AttachUnseen(3);
        await answer;
        await Exports.ExpectMsgAsync<RequestLease>();
        Assert.Equal(
            "the session ended before the device was enumerated", Assert.Single((await SnapshotAsync()).Attachments).LastError);
    }

    [Fact]
    public async Task A_port_that_is_lost_is_attached_again()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var status = await AttachToAsync(3, "lab1/1-1");
        Controller.Show(3, PortStatus.Free);
        await HandOverAsync(4);
        Controller.Show(4, PortStatus.Ready);
        await AwaitStateAsync(status.Id, AttachmentStates.Attached);
        var again = Assert.Single((await SnapshotAsync()).Attachments);
        Assert.Equal((new PortNumber(4), 1), (again.Port, again.Reattaches));
    }

    [Fact]
    public async Task A_port_that_another_program_attached_is_shown_beside_the_attachments()
    {
        Controller.Show(5, PortStatus.Ready, new PortOrigin("10.0.0.9", "3240", BusId.Parse("1-9")));
        Controller.Show(4, PortStatus.Enumerating);
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        var snapshot = await SnapshotAsync();
        Assert.Equal([4, 5], snapshot.Others.Select(port => port.Port.Number));
        Assert.Equal(new PortNumber(3), Assert.Single(snapshot.Attachments).Port);
        Controller.Show(5, PortStatus.Free);
        await SettleAsync(Manager);
        Assert.Equal([4], (await SnapshotAsync()).Others.Select(port => port.Port.Number));
    }

    [Fact]
    public async Task A_thousand_attachments_are_kept_and_no_more()
    {
        for (var number = 0; number < AttachmentManager.MaxAttachments; number++)
            Manager.Tell(new AttachmentManager.Attach(Target("lab1/9-9"), Once: false, Seconds(60)), ActorRefs.NoSender);
        var error = await RefusalAsync("lab1/9-9", Seconds(60));
        Assert.Equal(ControlError.Unavailable, error.Error);
        Assert.Equal(1024, (await SnapshotAsync()).Attachments.Length);
    }

    [Fact]
    public async Task The_ports_are_left_alone_when_it_stops()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        Assert.Equal(1, Controller.Observers);
        await Manager.GracefulStop(Seconds(5));
        Assert.Equal(0, Controller.Observers);
        Assert.Single(Controller.ReadPorts());
    }

    private async Task AssertNothingStoredAsync()
    {
        Assert.Empty((await SnapshotAsync()).Attachments);
        ExpectNothing(Inventory);
        ExpectNothing(Exports);
    }
}
