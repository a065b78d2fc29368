using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

public sealed class AttachmentTests : AttachmentSpec
{
    [Fact]
    public async Task A_device_that_is_available_is_tried_at_once_in_the_name_of_the_attachment()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        Assert.Equal(Self, session.Holder);
        Assert.Equal("lab1/1-1", Assert.IsType<AttachmentSource.Leased>(session.Source).Device.FullName);
        Assert.Equal("lab1/1-1", (await ExpectAsync(AttachmentStates.Leasing)).Device?.FullName);
    }

    [Fact]
    public async Task A_device_of_a_plain_server_is_tried_without_a_lease()
    {
        var server = new NetworkAddress("10.0.0.9", 3240);
        await StartAsync(new AttachmentTarget.Plain(server, Samples.BusId));
        Assert.Equal(new AttachmentSource.Plain(server, Samples.BusId), (await ExpectAttemptAsync()).Source);
        Assert.Null((await ExpectAsync(AttachmentStates.Connecting)).Device);
    }

    [Fact]
    public async Task Its_states_tell_how_far_it_is()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.ConnectAsync();
        await ExpectAsync(AttachmentStates.Connecting);
        await session.HandOverAsync();
        var enumerating = await ExpectAsync(AttachmentStates.Enumerating);
        Assert.Equal((new PortNumber(3), "10.0.0.1:3240"), (enumerating.Port, enumerating.Endpoint));
        Assert.Equal((Samples.Record("1-1").VendorId, "lab1/1-1"), (enumerating.Device?.VendorId, enumerating.Device?.FullName));
        Assert.Null(enumerating.LocalBusId);
        Advance(Seconds(2));
        await session.UseAsync();
        var attached = await ExpectAsync(AttachmentStates.Attached);
        Assert.Equal(("7-4", 0, null, VirtualNow), (attached.LocalBusId?.Value, attached.Reattaches, attached.LastError, attached.Since));
    }

    [Fact]
    public async Task Without_a_wait_the_asker_is_answered_when_the_socket_is_handed_over()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.ConnectAsync();
        ExpectNothing(Asker);
        await session.HandOverAsync();
        Assert.Equal(AttachmentStates.Enumerating, (await Asker.ExpectMsgAsync<AttachmentStatus>()).State);
        await session.UseAsync();
        ExpectNothing(Asker);
    }

    [Fact]
    public async Task With_a_wait_the_asker_is_answered_when_the_device_is_usable()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync(wait: Seconds(60));
        var session = await ExpectAttemptAsync();
        await session.HandOverAsync();
        ExpectNothing(Asker);
        await session.UseAsync();
        Assert.Equal(AttachmentStates.Attached, (await Asker.ExpectMsgAsync<AttachmentStatus>()).State);
        Advance(Seconds(120));
        await SettleAsync(Attachment);
        ExpectNothing(Asker);
    }

    [Fact]
    public async Task Who_has_waited_long_enough_is_told_and_the_attachment_goes_on()
    {
        await StartAsync(wait: Seconds(60), selector: "serial=S-1-1");
        Advance(Seconds(59.9));
        await SettleAsync(Attachment);
        ExpectNothing(Asker);
        Advance(Seconds(0.2));
        var error = Assert.IsType<ControlException>((await Asker.ExpectMsgAsync<Status.Failure>()).Cause);
        Assert.Equal((ControlError.TimedOut, "serial=S-1-1 was not attached within 60 s"), (error.Error, error.Message));
        Assert.Contains("a1", error.Hint, StringComparison.Ordinal);
        Show(Samples.Entry("1-1"));
        await (await ExpectAttemptAsync()).UseAsync();
        await ExpectAsync(AttachmentStates.Attached);
        ExpectNothing(Asker);
    }

    [Theory]
    [InlineData(DeviceState.Unbound, null)]
    [InlineData(DeviceState.Leased, "lab9/a1")]
    [InlineData(DeviceState.InUse, "lab9/a1")]
    [InlineData(DeviceState.InUse, "lab2/a2")]
    [InlineData(DeviceState.InUse, "10.0.0.7:41000")]
    [InlineData(DeviceState.Releasing, "lab9/a1")]
    [InlineData(DeviceState.Faulted, null)]
    public async Task A_device_that_can_not_be_had_is_waited_for(DeviceState state, string? holder)
    {
        Show(Samples.Entry("1-1", state, holder));
        await StartAsync(wait: Seconds(60));
        await ExpectAsync(AttachmentStates.Waiting);
        ExpectNothing(Sessions);
        Show(Samples.Entry("1-1"));
        await ExpectAttemptAsync();
    }

    [Theory]
    [InlineData(DeviceState.Leased)]
    [InlineData(DeviceState.InUse)]
    [InlineData(DeviceState.Releasing)]
    public async Task A_device_that_it_holds_itself_is_tried(DeviceState state)
    {
        Show(Samples.Entry("1-1", state, "lab2/a1"));
        await StartAsync(wait: Seconds(60));
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task A_device_on_a_node_that_can_not_be_reached_is_waited_for()
    {
        ShowUnreachable(Samples.Entry("1-1"));
        await StartAsync(wait: Seconds(60));
        await ExpectAsync(AttachmentStates.Waiting);
        Show(Samples.Entry("1-1"));
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task What_does_not_match_is_not_tried()
    {
        await StartAsync(wait: Seconds(60), selector: "serial=S-1-2");
        Show(Samples.Entry("1-1"));
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task Of_several_devices_it_stays_with_the_one_that_it_had()
    {
        Show(Samples.Entry("1-2"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.UseAsync();
        Show(Samples.Entry("1-1"), Samples.Entry("1-2", DeviceState.InUse, "lab2/a1"), Samples.Entry("1-3"));
        var again = await LoseAsync(session);
        Assert.Equal("lab1/1-2", Assert.IsType<AttachmentSource.Leased>(again.Source).Device.FullName);
    }

    [Fact]
    public async Task A_device_that_turns_up_elsewhere_is_followed()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync(selector: "serial=S-1-1");
        var session = await ExpectAttemptAsync();
        await session.UseAsync();
        Show(Samples.Entry("1-7") with { Serial = "S-1-1" });
        var again = await LoseAsync(session);
        Assert.Equal("lab1/1-7", Assert.IsType<AttachmentSource.Leased>(again.Source).Device.FullName);
    }

    [Fact]
    public async Task A_first_attempt_that_fails_is_the_answer_and_nothing_is_kept()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.LeaseAsync(Leased);
        await session.EndAsync(DeviceError.Busy, "held by somebody");
        var error = Assert.IsType<DeviceException>((await Asker.ExpectMsgAsync<Status.Failure>()).Cause);
        Assert.Equal((DeviceError.Busy, "held by somebody"), (error.Error, error.Message));
        Assert.Equal("held by somebody", (await ExpectAsync(AttachmentStates.Failed)).LastError);
        await ExpectDroppedAsync();
        await Exports.ExpectMsgAsync(Release);
        Assert.Equal("held by somebody", (await ExpectEventAsync(EventKinds.AttachFailed)).Reason);
    }

    [Fact]
    public async Task What_fails_after_the_asker_was_answered_is_tried_again()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.HandOverAsync();
        await Asker.ExpectMsgAsync<AttachmentStatus>();
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task A_loss_is_tried_again_at_once()
    {
        var again = await LoseAsync(await AttachAsync());
        var lost = await ExpectAsync(AttachmentStates.Lost);
        Assert.Equal("the session was lost", lost.LastError);
        Assert.Equal("the session was lost", (await ExpectEventAsync(EventKinds.Lost)).Reason);
        var leasing = await ExpectAsync(AttachmentStates.Leasing);
        Assert.Equal((null, null), (leasing.Port, leasing.LocalBusId));
        await again.UseAsync();
        Assert.Equal(1, (await ExpectAsync(AttachmentStates.Attached)).Reattaches);
    }

    [Fact]
    public async Task The_events_tell_how_long_it_took()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        Advance(Seconds(1.5));
        await session.UseAsync();
        var attached = await ExpectEventAsync(EventKinds.Attached);
        Assert.Equal(("lab2", "1-1", 3, "a1", 1500.0), (attached.Node, attached.BusId, attached.Port, attached.Attachment, attached.DurationMs));
        var again = await LoseAsync(session);
        Advance(Seconds(0.25));
        await again.UseAsync();
        Assert.Equal(250.0, (await ExpectEventAsync(EventKinds.Reattached)).DurationMs);
    }

    [Fact]
    public async Task A_reattach_is_timed_from_the_loss_through_every_attempt()
    {
        var again = await LoseAsync(await AttachAsync());
        Advance(Seconds(1));
        await again.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
        Advance(Seconds(1));
        await (await ExpectAttemptAsync()).UseAsync();
        Assert.Equal(2000.0, (await ExpectEventAsync(EventKinds.Reattached)).DurationMs);
    }

    [Fact]
    public async Task A_session_that_was_there_is_adopted()
    {
        var session = await AdoptAsync();
        Assert.Equal(new AttachmentSource.Adopted(Samples.Session(3), Leased), session.Source);
        await ExpectAsync(AttachmentStates.Enumerating);
        await session.UsableAsync();
        var status = await ExpectAsync(AttachmentStates.Attached);
        Assert.Equal((2, "7-4"), (status.Reattaches, status.LocalBusId?.Value));
        Assert.Null((await ExpectEventAsync(EventKinds.Adopted)).DurationMs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_that_was_there_and_is_lost_is_attached_again(bool crash)
    {
        var session = await AdoptAsync();
        Show(Samples.Entry("1-1", DeviceState.InUse, Self.ToString()));
        await (crash ? session.CrashAsync() : session.EndAsync(DeviceError.PeerLost, "the session was lost"));
        await ExpectEventAsync(EventKinds.Lost);
        await (await ExpectAttemptAsync()).UseAsync(Leased);
        Assert.Equal(3, (await ExpectAsync(AttachmentStates.Attached)).Reattaches);
        await ExpectEventAsync(EventKinds.Reattached);
    }

    [Fact]
    public async Task Without_a_free_port_the_device_is_given_back_until_one_is_free()
    {
        var session = await LoseAsync(await AttachAsync());
        await session.LeaseAsync(Leased);
        await session.EndAsync(DeviceError.NoFreePort, "every port is in use");
        await Exports.ExpectMsgAsync(Release);
        Assert.True((await ExpectAsync(AttachmentStates.BackingOff)).NeedsPort);
        ExpectNothing(Sessions);
        Attachment.Tell(new Attachment.PortFreed(), ActorRefs.NoSender);
        await ExpectAttemptAsync();
        Assert.False((await ExpectAsync(AttachmentStates.Leasing)).NeedsPort);
    }

    [Fact]
    public async Task What_fails_for_the_same_reason_again_and_again_is_told_once()
    {
        var session = await LoseAsync(await AttachAsync());
        foreach (var reason in (string[])["busy", "busy", "gone", "busy"])
        {
            await session.EndAsync(DeviceError.PeerLost, reason);
            await ExpectAsync(AttachmentStates.BackingOff);
            await SettleAsync(Attachment);
            Advance(Backoff.Longest);
            session = await ExpectAttemptAsync();
        }

        foreach (var reason in (string[])["busy", "gone", "busy"])
            Assert.Equal(reason, (await ExpectEventAsync(EventKinds.AttachFailed)).Reason);
        ExpectNothing(Events);
    }

    [Fact]
    public async Task Once_means_that_a_loss_ends_it()
    {
        var session = await AttachAsync(once: true);
        await session.EndAsync(DeviceError.PeerLost, "the session was lost");
        Assert.Equal("the session was lost", (await ExpectAsync(AttachmentStates.Failed)).LastError);
        await ExpectDroppedAsync();
        await Exports.ExpectMsgAsync(Release);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task A_session_whose_actor_fails_before_it_began_has_failed()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        await (await ExpectAttemptAsync()).CrashAsync();
        Assert.IsType<DeviceException>((await Asker.ExpectMsgAsync<Status.Failure>()).Cause);
        await ExpectDroppedAsync();
    }

    [Fact]
    public async Task A_session_whose_actor_fails_is_tried_again_like_one_that_was_lost()
    {
        await (await AttachAsync()).CrashAsync();
        await ExpectEventAsync(EventKinds.Lost);
        var again = await ExpectAttemptAsync();
        await again.CrashAsync();
        await ExpectEventAsync(EventKinds.AttachFailed);
        await ExpectAsync(AttachmentStates.BackingOff);
    }

    private async Task<Session> AdoptAsync()
    {
        await StartAsync(New(new AttachmentTarget.Device(Samples.Selector("product=*"))) with
        {
            Session = Samples.Session(3),
            Lease = new HeldLease(Samples.Lab1, Samples.AddressOf("lab1"), Leased),
            Reattaches = 2,
        });
        return await ExpectAttemptAsync();
    }
}
