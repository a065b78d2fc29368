using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>A detach in every state that an attachment has.</summary>
public sealed class AttachmentDetachTests : AttachmentSpec
{
    private readonly TestProbe _detacher;

    public AttachmentDetachTests() => _detacher = CreateTestProbe();

    [Fact]
    public async Task Waiting()
    {
        await StartAsync(wait: Seconds(60));
        Detach(_detacher);
        await ExpectDetachedAsync();
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task Adopting()
    {
        await StartAsync(New(new AttachmentTarget.Device(Samples.Selector("product=*"))) with { Session = Samples.Session(3) });
        await DetachAsync(await ExpectAttemptAsync());
    }

    [Fact]
    public async Task Leasing()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        await DetachAsync(await ExpectAttemptAsync());
    }

    [Fact]
    public async Task Connecting()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.ConnectAsync();
        await DetachAsync(session);
    }

    [Fact]
    public async Task Connecting_and_handed_over_afterwards()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.ConnectAsync();
        Detach(_detacher);
        await session.ExpectDetachAsync();
        await session.HandOverAsync();
        ExpectNothing(_detacher);
        await session.DetachedAsync();
        await ExpectDetachedAsync();
    }

    [Fact]
    public async Task Enumerating()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        var session = await ExpectAttemptAsync();
        await session.HandOverAsync();
        await DetachAsync(session);
    }

    [Fact]
    public async Task Attached()
    {
        var session = await AttachAsync();
        await DetachAsync(session);
        await Exports.ExpectMsgAsync(Release);
        Assert.Null((await ExpectEventAsync(EventKinds.Detached)).Reason);
    }

    [Fact]
    public async Task Lost_while_the_session_ends()
    {
        var session = await AttachAsync();
        Attachment.Tell(new AttachedPort.Ended(new DeviceException(DeviceError.PeerLost, "the session was lost"), VirtualNow, Release), session.Ref);
        Detach(_detacher);
        await SettleAsync(Attachment);
        Sys.Stop(session.Ref);
        await ExpectDetachedAsync();
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task Backing_off()
    {
        var session = await LoseAsync(await AttachAsync());
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
        Detach(_detacher);
        await ExpectDetachedAsync();
        await Exports.ExpectMsgAsync(Release);
        Advance(Seconds(60));
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task Detaching_already()
    {
        var second = CreateTestProbe();
        var session = await AttachAsync();
        Detach(_detacher);
        await session.ExpectDetachAsync();
        Detach(second);
        await SettleAsync(Attachment);
        await session.DetachedAsync();
        await _detacher.ExpectMsgAsync<AttachmentStatus>();
        await second.ExpectMsgAsync<AttachmentStatus>();
        await ExpectDroppedAsync();
    }

    [Fact]
    public async Task A_session_that_is_lost_meanwhile_is_no_loss()
    {
        var session = await AttachAsync();
        Detach(_detacher);
        await session.ExpectDetachAsync();
        await session.DetachedAsync();
        await ExpectDetachedAsync();
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task A_detach_that_fails_is_answered_with_why()
    {
        var session = await AttachAsync();
        Detach(_detacher);
        await session.ExpectDetachAsync();
        await session.EndAsync(DeviceError.NoPermission, "not root");
        Assert.Equal("not root", (await _detacher.ExpectMsgAsync<Status.Failure>()).Cause.Message);
        Assert.Equal("not root", (await ExpectEventAsync(EventKinds.Detached)).Reason);
        await ExpectDroppedAsync();
    }

    [Fact]
    public async Task A_detach_that_fails_is_answered_with_why_to_everybody()
    {
        var second = CreateTestProbe();
        var session = await AttachAsync();
        Detach(_detacher);
        await session.ExpectDetachAsync();
        Attachment.Tell(new AttachedPort.Ended(new DeviceException(DeviceError.NoPermission, "not root"), VirtualNow, Release), session.Ref);
        Detach(second);
        await SettleAsync(Attachment);
        Sys.Stop(session.Ref);
        Assert.Equal("not root", (await _detacher.ExpectMsgAsync<Status.Failure>()).Cause.Message);
        Assert.Equal("not root", (await second.ExpectMsgAsync<Status.Failure>()).Cause.Message);
    }

    [Fact]
    public async Task A_session_whose_actor_fails_during_the_detach_is_not_tried_again()
    {
        var session = await AttachAsync();
        Detach(_detacher);
        await session.ExpectDetachAsync();
        await session.CrashAsync();
        await _detacher.ExpectMsgAsync<Status.Failure>();
        await ExpectDroppedAsync();
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task Whoever_still_waits_for_the_device_is_told()
    {
        await StartAsync(wait: Seconds(60));
        Detach(_detacher);
        var error = Assert.IsType<ControlException>((await Asker.ExpectMsgAsync<Status.Failure>()).Cause);
        Assert.Equal("a1 was detached meanwhile", error.Message);
    }

    private async Task DetachAsync(Session session)
    {
        Detach(_detacher);
        await ExpectAsync(AttachmentStates.Detaching);
        await session.ExpectDetachAsync();
        ExpectNothing(_detacher);
        await session.DetachedAsync();
        await ExpectDetachedAsync();
    }

    private async Task ExpectDetachedAsync()
    {
        Assert.Equal(Self.Attachment, (await _detacher.ExpectMsgAsync<AttachmentStatus>()).Id);
        await ExpectDroppedAsync();
    }
}
