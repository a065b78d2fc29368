using System.Net.Sockets;
using Akka.Actor;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class AttachedPortTests : AttachedPortSpec
{
    [Fact]
    public async Task A_leased_device_is_imported_with_its_lease()
    {
        await StartLeasedAsync();
        var lease = await GrantAsync(Server.Address);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        var connection = await Server.AcceptAsync();
        Assert.Equal(Samples.BusId, connection.Request.BusId);
        Assert.Equal(new LeasePreamble(lease.LeaseId, Resume: false), connection.Request.Preamble);
    }

    [Fact]
    public async Task A_lease_is_resumed_without_its_node_being_asked()
    {
        var lease = new LeaseGranted(LeaseId.New(), new Epoch(7), Samples.BusId, [Server.Address], Seconds(10), Samples.Secret);
        await StartAsync(new AttachmentSource.Resumed(lease));
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        var connection = await Server.AcceptAsync();
        Assert.Equal(new LeasePreamble(Samples.Secret.IdOf(Samples.BusId, new Epoch(7)), Resume: true), connection.Request.Preamble);
        connection.Grant();
        Assert.Equal(lease, (await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Leased>()).Lease);
        (await Controller.NextAsync("attach")).Attach(3);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.HandedOver>();
        await SettleAsync(Port);
        Controller.Show(3, PortStatus.Free);
        Assert.Equal(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(7)), (await ExpectEndAsync()).Release);
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task A_session_that_begins_has_the_keepalive_that_holds_then()
    {
        SocketOptions = new SessionSocketOptions(Seconds(20), Seconds(7), Seconds(5), 4);
        await StartPlainAsync();
        (await Server.AcceptAsync()).Grant();
        var connection = (await Controller.NextAsync("attach")).Connection!;
        Assert.Equal(7, connection.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(5, connection.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(4, connection.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
    }

    [Fact]
    public async Task A_plain_server_is_told_of_no_lease()
    {
        await StartPlainAsync();
        Assert.Null((await Server.AcceptAsync()).Request.Preamble);
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task The_connection_is_handed_over_with_what_the_exporter_said_of_the_device()
    {
        await StartPlainAsync();
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        (await Server.AcceptAsync()).Grant();
        var call = await Controller.NextAsync("attach");
        Assert.Equal(Samples.Record("1-1"), call.Device);
        Assert.Equal(new PortOrigin("127.0.0.1", Server.Address.Port.ToString(), Samples.BusId), call.Origin);
        Assert.True(call.Connection!.Connected && call.Connection.Blocking);
        call.Attach(3);
        Assert.Equal(
            new AttachedPort.Progress.HandedOver(
                new PortSession(
                    new PortNumber(3),
                    new PortOrigin(Server.Address.Host, Server.Address.Port.ToString(), Samples.BusId),
                    Samples.Record("1-1").DeviceId),
                Samples.Record("1-1")),
            await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.HandedOver>());
        await Ports.ExpectMsgAsync(new AttachmentManager.WatchPort(new PortSession(
            new PortNumber(3), call.Origin!, Samples.Record("1-1").DeviceId)));
    }

    [Fact]
    public async Task A_device_is_usable_when_its_host_has_enumerated_it()
    {
        await HandOverAsync();
        Controller.Show(3, PortStatus.Enumerating);
        Controller.Show(3, PortStatus.Ready);
        await ParentProbe.ExpectMsgAsync(new AttachedPort.Progress.Usable(BusId.Parse("7-4"), Samples.Time));
    }

    [Theory]
    [InlineData("NoSuchDevice", DeviceError.NoSuchDevice)]
    [InlineData("NotExported", DeviceError.NotExported)]
    [InlineData("Busy", DeviceError.Busy)]
    [InlineData("Failed", DeviceError.PeerLost)]
    public async Task A_lease_that_is_refused_ends_it(string refusal, DeviceError error)
    {
        await StartLeasedAsync();
        await Exports.ExpectMsgAsync<RequestLease>();
        Exports.Reply(new LeaseRefused(Enum.Parse<LeaseRefusal>(refusal), "held by somebody"));
        var ended = await ExpectEndAsync();
        Assert.Equal((error, "held by somebody", null), (ended.Error!.Error, ended.Error.Message, ended.Release));
    }

    [Fact]
    public async Task A_node_that_fails_to_answer_ends_it()
    {
        await StartLeasedAsync();
        await Exports.ExpectMsgAsync<RequestLease>();
        Exports.Reply(new Status.Failure(new InvalidOperationException("broken")));
        var error = (await ExpectEndAsync()).Error!;
        Assert.Equal((DeviceError.PeerLost, "lab1 could not be asked: broken"), (error.Error, error.Message));
    }

    [Fact]
    public async Task A_node_that_answers_with_something_else_ends_it()
    {
        await StartLeasedAsync();
        await Exports.ExpectMsgAsync<RequestLease>();
        Exports.Reply(new InventoryActor.Pull());
        Assert.Equal(DeviceError.PeerLost, await ExpectErrorAsync());
    }

    [Fact]
    public async Task The_endpoints_are_tried_in_their_order()
    {
        await StartLeasedAsync();
        await GrantAsync(ImportServer.Nowhere, new NetworkAddress("no-such-host.invalid", 3240), Server.Address);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(3);
        Assert.Equal(
            Server.Address.ToString(), (await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.HandedOver>()).Session.Origin.Endpoint);
    }

    [Fact]
    public async Task An_exporter_that_is_nowhere_ends_it_with_what_was_tried_last()
    {
        await StartLeasedAsync();
        var nowhere = ImportServer.Nowhere;
        await GrantAsync(new NetworkAddress("no-such-host.invalid", 3240), nowhere);
        var ended = await ExpectEndAsync();
        Assert.Equal(DeviceError.PeerLost, ended.Error!.Error);
        Assert.Contains(nowhere.ToString(), ended.Error.Message, StringComparison.Ordinal);
        Assert.Equal(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(5)), ended.Release);
    }

    [Fact]
    public async Task An_exporter_without_any_address_ends_it()
    {
        await StartLeasedAsync();
        await GrantAsync();
        Assert.Equal(DeviceError.PeerLost, await ExpectErrorAsync());
    }

    [Fact]
    public async Task An_exporter_that_closes_the_connection_ends_it()
    {
        await StartPlainAsync();
        (await Server.AcceptAsync()).Close();
        Assert.Equal(DeviceError.PeerLost, await ExpectErrorAsync());
    }

    [Theory]
    [InlineData(OpStatus.DevBusy, DeviceError.Busy)]
    [InlineData(OpStatus.NoDev, DeviceError.NoSuchDevice)]
    [InlineData(OpStatus.Na, DeviceError.NotExported)]
    [InlineData(OpStatus.DevErr, DeviceError.Refused)]
    public async Task An_exporter_that_says_no_ends_it_and_is_not_asked_elsewhere(OpStatus status, DeviceError error)
    {
        using var second = new ImportServer();
        await StartLeasedAsync();
        await GrantAsync(Server.Address, second.Address);
        (await Server.AcceptAsync()).Refuse(status);
        Assert.Equal(error, await ExpectErrorAsync());
    }

    [Fact]
    public async Task A_controller_that_says_no_ends_it()
    {
        await StartPlainAsync();
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Fail(DeviceError.NoFreePort, "all ports are in use");
        Assert.Equal("all ports are in use", (await ExpectEndAsync()).Error!.Message);
    }

    [Fact]
    public async Task A_port_that_is_lost_ends_it_with_the_moment_at_which_it_was_lost()
    {
        await AttachAsync();
        var time = Samples.Time.AddSeconds(7);
        Controller.Show(3, PortStatus.Free, time: time);
        var ended = await ExpectEndAsync();
        Assert.Equal((DeviceError.PeerLost, "the session was lost", time), (ended.Error!.Error, ended.Error.Message, ended.Time));
    }

    [Fact]
    public async Task A_port_that_is_lost_during_enumeration_ends_it()
    {
        await HandOverAsync();
        Controller.Show(3, PortStatus.Free);
        var ended = await ExpectEndAsync();
        Assert.Equal(
            (DeviceError.PeerLost, "the session ended before the device was enumerated"), (ended.Error!.Error, ended.Error.Message));
    }

    [Fact]
    public async Task A_device_that_is_not_enumerated_within_twenty_seconds_is_detached()
    {
        await HandOverAsync();
        Advance(Seconds(19.9));
        await SettleAsync(Port);
        ExpectNothing(ParentProbe);
        Advance(Seconds(0.2));
        var detach = await Controller.NextAsync("detach");
        Assert.Equal(new PortNumber(3), detach.Port);
        ExpectNothing(ParentProbe);
        detach.Detach();
        Assert.Equal(DeviceError.TimedOut, await ExpectErrorAsync());
    }

    [Fact]
    public async Task A_device_that_was_enumerated_in_time_is_left_alone()
    {
        await AttachAsync();
        Advance(Seconds(60));
        await SettleAsync(Port);
        ExpectNothing(ParentProbe);
    }

    [Fact]
    public async Task A_lease_is_given_back_by_the_parent_with_its_epoch()
    {
        await StartLeasedAsync();
        await GrantAsync(Server.Address);
        (await Server.AcceptAsync()).Refuse(OpStatus.DevErr);
        Assert.Equal(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(5)), (await ExpectEndAsync()).Release);
    }

    [Fact]
    public async Task A_detach_before_there_is_a_lease_ends_it_at_once()
    {
        await StartLeasedAsync();
        await Exports.ExpectMsgAsync<RequestLease>();
        Port.Tell(new AttachedPort.Detach());
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Fact]
    public async Task A_lease_that_comes_after_the_detach_is_given_back()
    {
        await StartLeasedAsync();
        var request = await Exports.ExpectMsgAsync<RequestLease>();
        var asker = Exports.Sender;
        Port.Tell(new AttachedPort.Detach());
        await ExpectEndAsync();
        asker.Tell(new LeaseGranted(LeaseId.New(), new Epoch(5), request.BusId, [Server.Address], Seconds(10), Samples.Secret));
        await Exports.ExpectMsgAsync(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(5)));
    }

    [Fact]
    public async Task A_detach_while_the_exporter_says_nothing_ends_it_at_once_and_nobody_else_is_asked()
    {
        using var second = new ImportServer();
        await StartLeasedAsync();
        await GrantAsync(Server.Address, second.Address);
        var connection = await Server.AcceptAsync();
        Port.Tell(new AttachedPort.Detach());
        Port.Tell(new AttachedPort.Detach());
        var ended = await ExpectEndAsync();
        Assert.Equal((null, new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(5))), (ended.Error, ended.Release));
        Assert.True(connection.WaitUntilClosed());
        Assert.False(second.IsWanted);
        Controller.ExpectNothing();
    }

    [Fact]
    public async Task A_detach_while_nobody_takes_the_connection_ends_it_at_once()
    {
        using var full = new FullServer();
        await StartLeasedAsync();
        await GrantAsync(full.Address, full.Address);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        await AwaitConditionAsync(() => full.IsWanted);
        Port.Tell(new AttachedPort.Detach());
        Assert.Null((await ExpectEndAsync()).Error);
        Assert.False(full.IsWanted);
    }

    [Fact]
    public async Task A_session_that_stops_while_it_connects_closes_its_connection()
    {
        await StartPlainAsync();
        var connection = await Server.AcceptAsync();
        Sys.Stop(Port);
        Assert.True(connection.WaitUntilClosed());
    }

    [Fact]
    public async Task A_detach_while_the_connection_is_handed_over_waits_for_the_port_and_detaches_it()
    {
        await StartPlainAsync();
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        (await Server.AcceptAsync()).Grant();
        var attach = await Controller.NextAsync("attach");
        Port.Tell(new AttachedPort.Detach());
        Port.Tell(new AttachedPort.Detach());
        await SettleAsync(Port);
        ExpectNothing(ParentProbe);
        attach.Attach(3);
        (await Controller.NextAsync("detach")).Detach();
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Fact]
    public async Task A_detach_while_the_controller_has_no_port_yet_is_done_when_it_gives_up()
    {
        await StartPlainAsync();
        (await Server.AcceptAsync()).Grant();
        var attach = await Controller.NextAsync("attach");
        Port.Tell(new AttachedPort.Detach());
        await AwaitConditionAsync(() => attach.Cancelled.IsCancellationRequested);
        attach.Fail(DeviceError.NoFreePort);
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_detach_frees_the_port(bool usable)
    {
        await (usable ? AttachAsync() : HandOverAsync());
        Port.Tell(new AttachedPort.Detach());
        var detach = await Controller.NextAsync("detach");
        Assert.Equal(new PortNumber(3), detach.Port);
        Port.Tell(new AttachedPort.Detach());
        Advance(Seconds(30));
        await SettleAsync(Port);
        ExpectNothing(ParentProbe);
        detach.Detach();
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Fact]
    public async Task A_detach_of_a_port_that_is_free_already_is_done()
    {
        await AttachAsync();
        Port.Tell(new AttachedPort.Detach());
        (await Controller.NextAsync("detach")).Fail(DeviceError.NoSuchPort);
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Fact]
    public async Task A_detach_that_fails_says_why_and_can_be_asked_for_again()
    {
        await AttachAsync();
        Port.Tell(new AttachedPort.Detach());
        (await Controller.NextAsync("detach")).Fail(DeviceError.TimedOut, "not free after 5 s");
        Assert.Equal("not free after 5 s", (await ParentProbe.FishForMessageAsync<AttachedPort.DetachFailed>(_ => true)).Error.Message);
        Port.Tell(new AttachedPort.Detach());
        (await Controller.NextAsync("detach")).Detach();
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Fact]
    public async Task A_device_that_is_not_enumerated_and_whose_port_the_kernel_keeps_is_detached_again_and_again()
    {
        await HandOverAsync();
        Advance(AttachedPort.EnumerationTimeout);
        for (var i = 0; i < 3; i++)
        {
            (await Controller.NextAsync("detach")).Fail(DeviceError.TimedOut, "not free after 5 s");
            Assert.Equal("not free after 5 s", (await ParentProbe.FishForMessageAsync<AttachedPort.DetachFailed>(_ => true)).Error.Message);
            await SettleAsync(Port);
            Advance(AttachedPort.StuckInterval);
        }

        (await Controller.NextAsync("detach")).Detach();
        Assert.Equal(DeviceError.TimedOut, await ExpectErrorAsync());
    }

    [Fact]
    public async Task A_detach_of_such_a_port_is_one()
    {
        await HandOverAsync();
        Advance(AttachedPort.EnumerationTimeout);
        (await Controller.NextAsync("detach")).Fail(DeviceError.TimedOut, "not free after 5 s");
        await ParentProbe.FishForMessageAsync<AttachedPort.DetachFailed>(_ => true);
        Port.Tell(new AttachedPort.Detach());
        (await Controller.NextAsync("detach")).Detach();
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Fact]
    public async Task A_detach_while_one_that_took_too_long_is_detached_is_one()
    {
        await HandOverAsync();
        Advance(AttachedPort.EnumerationTimeout);
        var detach = await Controller.NextAsync("detach");
        Port.Tell(new AttachedPort.Detach());
        await SettleAsync(Port);
        detach.Detach();
        Assert.Null((await ExpectEndAsync()).Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_was_there_is_watched_and_no_more(bool detach)
    {
        await StartAsync(new AttachmentSource.Adopted(Samples.Session(3), null));
        await Ports.ExpectMsgAsync(new AttachmentManager.WatchPort(Samples.Session(3)));
        Controller.Show(3, PortStatus.Ready);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Usable>();
        Controller.ExpectNothing();
        if (detach)
        {
            Port.Tell(new AttachedPort.Detach());
            (await Controller.NextAsync("detach")).Detach();
            Assert.Null((await ExpectEndAsync()).Error);
        }
        else
        {
            Controller.Show(3, PortStatus.Free);
            Assert.Equal(DeviceError.PeerLost, await ExpectErrorAsync());
        }
    }

    [Fact]
    public async Task A_session_that_was_there_and_is_not_any_more_was_lost()
    {
        await StartAsync(new AttachmentSource.Adopted(Samples.Session(3), Samples.Lease(5)));
        await Ports.ExpectMsgAsync<AttachmentManager.WatchPort>();
        Controller.Show(3, PortStatus.Free);
        var ended = await ExpectEndAsync();
        Assert.Equal("the session was lost while nobody looked after it", ended.Error!.Message);
        Assert.Equal(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(5)), ended.Release);
    }

    [Fact]
    public async Task A_port_that_becomes_free_after_a_failed_detach_is_detached()
    {
        await AttachAsync();
        Port.Tell(new AttachedPort.Detach());
        (await Controller.NextAsync("detach")).Fail(DeviceError.TimedOut, "not free after 5 s");
        await ParentProbe.FishForMessageAsync<AttachedPort.DetachFailed>(_ => true);
        Controller.Show(3, PortStatus.Free);
        Assert.Null((await ExpectEndAsync()).Error);
    }
}
