using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>A daemon that starts again goes on with the attachments that it had, on what the state folder and the ports say.</summary>
public sealed class AttachmentRestartTests : AttachmentManagerSpec
{
    private static readonly PortOrigin Foreign = new("10.0.0.9", "3240", Samples.BusId);

    [Fact]
    public async Task A_session_that_lives_is_adopted_and_not_touched()
    {
        var before = await AttachAsync();
        await RestartAsync();
        await AwaitStateAsync(before.Id, AttachmentStates.Attached);
        var after = Assert.Single((await SnapshotAsync()).Attachments);
        Assert.Equal((before.Target, new PortNumber(3), 0), (after.Target, after.Port, after.Reattaches));
        Assert.Equal(("lab1/1-1", "S-1-1", "Product 1-1"), (after.Device?.FullName, after.Device?.Serial, after.Device?.Product));
        Assert.Equal((Server.Address.ToString(), "7-4"), (after.Endpoint, after.LocalBusId?.Value));
        Assert.Empty((await SnapshotAsync()).Others);
        Controller.ExpectNothing();
        ExpectNothing(Exports);
        await Inventory.FishForMessageAsync<InventoryActor.LocalAttachments>(count => count.Count == 1);

        // And it is looked after: its loss is noticed, its detach works.
        Controller.Show(3, PortStatus.Free);
        await HandOverAsync(4);
        Controller.Show(4, PortStatus.Ready);
        await AwaitStateAsync(before.Id, AttachmentStates.Attached);
        Assert.Equal(1, Assert.Single((await SnapshotAsync()).Attachments).Reattaches);
        await DetachPortsAsync(null);
        await RestartAsync();
        Assert.Empty((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task A_session_that_is_still_enumerated_is_adopted_too()
    {
        var before = await AttachAsync();
        await StopAsync();
        Controller.Show(3, PortStatus.Enumerating, Origin);
        await StartAgainAsync();
        await AwaitStateAsync(before.Id, AttachmentStates.Enumerating);
        Controller.Show(3, PortStatus.Ready, Origin);
        await AwaitStateAsync(before.Id, AttachmentStates.Attached);
        ExpectNothing(Exports);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_was_lost_meanwhile_is_attached_again_for_the_same_holder(bool another)
    {
        var before = await AttachAsync();
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, $"lab2/{before.Id}"));
        await StopAsync();
        Controller.Show(3, PortStatus.Free);
        if (another)
            Controller.Show(3, PortStatus.Ready, Foreign);
        await StartAgainAsync();
        var request = await HandOverAsync(4);
        Assert.Equal(new Holder(Samples.Lab2, before.Id), request.Holder);
        Controller.Show(4, PortStatus.Ready);
        await AwaitStateAsync(before.Id, AttachmentStates.Attached);
        var snapshot = await SnapshotAsync();
        Assert.Equal((new PortNumber(4), 1), (Assert.Single(snapshot.Attachments).Port, snapshot.Attachments[0].Reattaches));
        Assert.Equal(another ? [3] : [], snapshot.Others.Select(port => port.Port.Number));
    }

    [Fact]
    public async Task Without_the_cluster_a_lost_session_is_resumed_with_the_lease_that_was_kept()
    {
        var before = await AttachAsync();
        await ShowAsync(reachable: false, Samples.Entry("1-1", DeviceState.InUse, $"lab2/{before.Id}"));
        await StopAsync();
        Controller.Show(3, PortStatus.Free);
        await StartAgainAsync();
        var connection = await Server.AcceptAsync();
        Assert.Equal(Samples.Secret.IdOf(Samples.BusId, new Epoch(6)), connection.Request.Preamble?.LeaseId);
        connection.Grant();
        (await Controller.NextAsync("attach")).Attach(3);
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task What_waits_for_its_device_waits_again()
    {
        _ = AttachAsync("serial=later", Seconds(60));
        await AwaitAssertAsync(async () => Assert.Single((await SnapshotAsync()).Attachments));
        await RestartAsync();
        var status = Assert.Single((await SnapshotAsync()).Attachments);
        Assert.Equal(("a1", "serial=later", AttachmentStates.Waiting), (status.Id.ToString(), status.Target.ToString(), status.State));
    }

    [Fact]
    public async Task A_plain_servers_device_is_attached_again()
    {
        var answer = AttachAsync(new AttachmentTarget.Plain(Server.Address, Samples.BusId));
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(0);
        await answer;
        await StopAsync();
        Controller.Show(0, PortStatus.Free);
        await StartAgainAsync();
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Once_means_for_as_long_as_the_session_lives(bool lives)
    {
        var answer = Manager.Ask<AttachmentStatus>(
            new AttachmentManager.Attach(new AttachmentTarget.Plain(Server.Address, Samples.BusId), Once: true, null), Seconds(5));
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(0);
        Controller.Show(0, PortStatus.Ready);
        var id = (await answer).Id;
        await AwaitStateAsync(id, AttachmentStates.Attached);
        await StopAsync();
        if (!lives)
            Controller.Show(0, PortStatus.Free);
        await StartAgainAsync();
        await AwaitAssertAsync(async () => Assert.Equal(
            lives ? [AttachmentStates.Attached] : [], (await SnapshotAsync()).Attachments.Select(status => status.State)));
        Controller.ExpectNothing();
    }

    [Fact]
    public async Task What_can_not_be_kept_is_not_attached()
    {
        Directory.CreateDirectory(State.PathOf("attachments.json.new"));
        await ShowAsync(Samples.Entry("1-1"));
        var error = await RefusalAsync("lab1/1-1");
        Assert.StartsWith("it can't be kept: ", error.Message, StringComparison.Ordinal);
        Assert.Empty((await SnapshotAsync()).Attachments);
        ExpectNothing(Exports);

        Directory.Delete(State.PathOf("attachments.json.new"));
        await AttachToAsync(3, "lab1/1-1");
    }

    [Fact]
    public async Task A_detach_that_can_not_be_kept_says_so()
    {
        await AttachAsync();

        // Where a file of that name is being written, there can be no folder yet.
        await AwaitAssertAsync(() => Directory.CreateDirectory(State.PathOf("attachments.json.new")));
        var answer = DetachAsync("a1");
        (await Controller.NextAsync("detach")).Detach();
        Assert.StartsWith(
            "it is detached, and will be attached again when usbipcd starts again: ",
            (await Assert.ThrowsAsync<ControlException>(() => answer)).Message,
            StringComparison.Ordinal);
        Assert.Empty((await SnapshotAsync()).Attachments);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"lastId\": 1, \"version\": 2, \"attachm")]
    [InlineData("{ \"lastId\": 1, \"version\": 2, \"attachments\": [{ \"id\": \"b1\" }] }")]
    [InlineData("{ \"lastId\": -1 }")]
    [InlineData("{ \"lastId\": 4294967295 }")]
    public async Task A_damaged_file_is_put_aside_and_what_its_attachments_hold_can_be_had(string text)
    {
        await AttachAsync();
        await StopAsync();
        File.WriteAllText(State.PathOf("attachments.json"), text);
        await StartAgainAsync();
        Assert.Equal(text, File.ReadAllText(State.PathOf("attachments.json.broken")));
        var snapshot = await SnapshotAsync();
        Assert.Empty(snapshot.Attachments);
        Assert.Equal(3, Assert.Single(snapshot.Others).Port.Number);

        await RestartAsync();
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a1"));
        var answer = AttachAsync("lab1/1-1");
        var request = await HandOverAsync(4);
        Assert.Equal(new AttachmentId(1), request.Instead);
        Assert.True(request.Holder.Attachment.Number > 1);
        await answer;
    }

    [Fact]
    public async Task A_file_of_a_later_version_is_put_aside_and_its_ids_are_not_given_again()
    {
        await StopAsync();
        File.WriteAllText(State.PathOf("attachments.json"), "{ \"lastId\": 7, \"version\": 4, \"attachments\": [], \"more\": {} }");
        await StartAgainAsync();
        Assert.True(File.Exists(State.PathOf("attachments.json.broken")));
        await RestartAsync();
        await ShowAsync(Samples.Entry("1-1"));
        Assert.Equal("a8", (await AttachToAsync(3, "lab1/1-1")).Id.ToString());
    }

    [Fact]
    public async Task A_file_of_the_first_version_is_taken_over()
    {
        await StopAsync();
        File.WriteAllText(State.PathOf("attachments.json"), "{ \"lastId\": 7 }");
        await StartAgainAsync();
        await ShowAsync(Samples.Entry("1-1"));
        Assert.Equal("a8", (await AttachToAsync(3, "lab1/1-1")).Id.ToString());
        Assert.False(File.Exists(State.PathOf("attachments.json.broken")));
        Assert.Equal((8u, KeptAttachments.WithoutHolds), (Kept!.LastId, Kept!.Version));
    }

    [Theory]
    [InlineData("\"match\": \"serial=\", \"server\": null, \"busId\": null")]
    [InlineData("\"match\": null, \"server\": null, \"busId\": null")]
    [InlineData("\"match\": \"1-1\", \"server\": \"10.0.0.1:3240\", \"busId\": \"1-1\"")]
    public async Task A_line_that_makes_no_sense_is_left_out_and_the_file_put_aside(string target)
    {
        _ = AttachAsync("serial=later", Seconds(60));
        await AwaitAssertAsync(async () => Assert.Single((await SnapshotAsync()).Attachments));
        await StopAsync();
        var path = State.PathOf("attachments.json");
        var bad = "{ \"id\": \"a9\", " + target + ", \"once\": false, \"user\": null, \"rule\": null, \"reattaches\": 0, "
            + "\"device\": null, \"lease\": null, \"session\": null },";
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"attachments\": [", "\"attachments\": [" + bad, StringComparison.Ordinal));
        await StartAgainAsync();
        Assert.Equal("serial=later", Assert.Single((await SnapshotAsync()).Attachments).Target.ToString());
        Assert.True(File.Exists(path + ".broken"));
        await AwaitAssertAsync(() => Assert.Equal("serial=later", Assert.Single(Kept!.Attachments!.Value).Match));
    }

    [Fact]
    public async Task An_attachment_whose_actor_fails_goes_on_with_its_session()
    {
        var before = await AttachAsync();
        var events = CreateTestProbe();
        Sys.EventStream.Subscribe(events.Ref, typeof(EventRow));
        Sys.ActorSelection($"{Manager.Path}/{before.Id}").Tell(Kill.Instance);
        await AwaitAssertAsync(() =>
        {
            Advance(AttachmentManager.AfterCrash);
            Assert.Equal(EventKinds.Adopted, events.ExpectMsg<EventRow>(TimeSpan.FromMilliseconds(50)).Kind);
        });
        await AwaitStateAsync(before.Id, AttachmentStates.Attached);
        await AwaitAssertAsync(async () => Assert.Empty((await SnapshotAsync()).Others));
        Controller.ExpectNothing();
        ExpectNothing(Exports);
        await DetachPortsAsync(null);
    }

    [Fact]
    public async Task A_detach_while_its_actor_is_left_alone_frees_the_port()
    {
        var before = await AttachAsync();
        Sys.ActorSelection($"{Manager.Path}/{before.Id}").Tell(Kill.Instance);
        await AwaitAssertAsync(async () => Assert.Equal(
            "its actor failed; the daemon's log says why", Assert.Single((await SnapshotAsync()).Attachments).LastError));
        await DetachPortsAsync("3");
        Assert.Empty((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task A_manager_that_fails_goes_on_with_what_it_had()
    {
        var before = await AttachAsync();
        await AwaitAssertAsync(() => Assert.Equal(3, Kept?.Attachments?.Single().Session?.Port));
        Manager.Tell(Kill.Instance);
        await Inventory.FishForMessageAsync<InventoryActor.GetView>(_ => true);
        await AwaitStateAsync(before.Id, AttachmentStates.Attached);
        Controller.ExpectNothing();
        await DetachPortsAsync("3");
    }

    [Fact]
    public async Task Without_a_host_controller_attachments_are_kept_and_can_be_ended()
    {
        await AttachAsync();
        await StopAsync();
        var manager = await StartAsync("without", null);
        var snapshot = await manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.GetSnapshot(), Seconds(5));
        Assert.Equal("this node has no host controller", Assert.Single(snapshot.Attachments).LastError);
        Assert.Single(Kept!.Attachments!.Value);
        await manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.Detach("a1"), Seconds(5));
        Assert.Empty(Kept!.Attachments!.Value);
    }

    private PortOrigin Origin => new(Server.Address.Host, Server.Address.Port.ToString(), Samples.BusId);

    // Attached by a lease, and its session is told as the kernel would tell it after a restart.
    private async Task<AttachmentStatus> AttachAsync()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var status = await AttachToAsync(3, "lab1/1-1");
        Controller.Show(3, PortStatus.Ready, Origin);
        return status;
    }
}
