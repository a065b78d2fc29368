using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What an attachment does with its lease: it steals one, is robbed of it, and comes back with it while the cluster is cut.</summary>
public sealed class AttachmentLeaseTests : AttachmentSpec
{
    private static readonly LeaseStolen Theft = new(Samples.Lab1, Samples.BusId, Self, new Epoch(5), Samples.OtherHolder, "bob");
    private const string Taken = "taken by lab3/a7 (bob)";

    [Fact]
    public async Task It_asks_for_the_user_who_asked_and_steals_nothing()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync();
        Assert.Equal(new RequestLease(Samples.BusId, Self, "alice"), RequestOf(await ExpectAttemptAsync()));
    }

    [Fact]
    public async Task A_thief_steals_until_it_has_a_lease_and_never_after()
    {
        Show(Entry(DeviceState.InUse, "lab9/a1", 4));
        await StartAsync(wait: Seconds(60), steal: true);
        var session = await ExpectAttemptAsync();
        Assert.True(RequestOf(session).Steal);
        await session.EndAsync(DeviceError.PeerLost);
        session = await ExpectAttemptAsync();
        Assert.True(RequestOf(session).Steal);
        await session.LeaseAsync(Lease(5));

        Show(Entry(DeviceState.Leased, Self.ToString(), 5));
        await FailAsync(session);
        session = await ExpectAttemptAsync();
        Assert.False(RequestOf(session).Steal);
        Show(Entry(DeviceState.InUse, "lab9/a1", 6));
        await FailAsync(session);
        await ExpectAsync(AttachmentStates.Waiting);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task A_device_that_was_stolen_is_not_asked_for_before_it_is_free()
    {
        var session = await AttachWithLeaseAsync();
        Tell(Theft);
        await session.EndAsync(DeviceError.PeerLost, "the session was lost");
        Assert.Equal(Taken, (await ExpectAsync(AttachmentStates.Lost)).LastError);
        Assert.Equal(Taken, (await ExpectAsync(AttachmentStates.Waiting)).LastError);
        Assert.Equal(Taken, (await ExpectEventAsync(EventKinds.Lost)).Reason);

        // What the inventory knew of it before the theft, and what it knows after.
        Show(Entry(DeviceState.Available, null, 4));
        Show(Entry(DeviceState.InUse, Self.ToString(), 5));
        Show(Entry(DeviceState.Releasing, Self.ToString(), 5));
        Show(Entry(DeviceState.Leased, "lab3/a7", 6));
        Show(Entry(DeviceState.InUse, "lab3/a7", 6));
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);

        Show(Entry(DeviceState.Available, null, 6));
        session = await ExpectAttemptAsync();
        Assert.False(RequestOf(session).Steal);
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
        Advance(Seconds(0.1));
        await (await ExpectAttemptAsync()).UseAsync(Lease(7));
        Assert.Equal(1, (await ExpectAsync(AttachmentStates.Attached)).Reattaches);
    }

    [Fact]
    public async Task A_theft_that_is_told_after_the_loss_is_the_reason_for_it()
    {
        var session = await LoseAsync(await AttachWithLeaseAsync());
        Tell(Theft);
        await FailAsync(session);
        Assert.Equal(Taken, (await ExpectAsync(AttachmentStates.Waiting)).LastError);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task Another_device_that_matches_is_taken_in_place_of_a_stolen_one()
    {
        var session = await AttachWithLeaseAsync();
        Show(Entry(DeviceState.InUse, Self.ToString(), 5), Samples.Entry("1-2"));
        Tell(Theft);
        await session.EndAsync(DeviceError.PeerLost);
        Assert.Equal("1-2", RequestOf(await ExpectAttemptAsync()).BusId.Value);
    }

    [Theory]
    [InlineData("lab2/a1", 4)]
    [InlineData("lab2/a2", 5)]
    [InlineData("lab4/a1", 5)]
    public async Task A_theft_of_an_earlier_lease_or_of_somebody_else_is_none(string holder, ulong epoch)
    {
        var session = await AttachWithLeaseAsync();
        Tell(Theft with { Holder = Holder.Parse(holder)!, Epoch = new Epoch(epoch) });
        await LoseAsync(session);
        Assert.Equal("the session was lost", (await ExpectAsync(AttachmentStates.Lost)).LastError);
    }

    [Fact]
    public async Task Once_means_that_a_theft_ends_it()
    {
        var session = await AttachWithLeaseAsync(once: true);
        Tell(Theft);
        await session.EndAsync(DeviceError.PeerLost);
        Assert.Equal(Taken, (await ExpectAsync(AttachmentStates.Failed)).LastError);
        await ExpectDroppedAsync();
    }

    [Fact]
    public async Task It_comes_back_without_the_cluster_with_a_new_epoch_each_time()
    {
        var session = await AttachWithLeaseAsync();
        ShowUnreachable(Entry(DeviceState.InUse, Self.ToString(), 5));
        await session.EndAsync(DeviceError.PeerLost);
        foreach (var epoch in (ulong[])[6, 7])
        {
            session = await ExpectAttemptAsync();
            Assert.Equal(new AttachmentSource.Resumed(Lease(epoch)), session.Source);
            await FailAsync(session);
        }

        // From the epoch that the exporter took, it goes on.
        session = await ExpectAttemptAsync();
        await session.UseAsync(Lease(8));
        await FailAsync(session);
        session = await ExpectAttemptAsync();
        Assert.Equal(new AttachmentSource.Resumed(Lease(9)), session.Source);

        Show(Entry(DeviceState.Leased, Self.ToString(), 8));
        await FailAsync(session);
        Assert.Equal(new RequestLease(Samples.BusId, Self, "alice"), RequestOf(await ExpectAttemptAsync()));
    }

    [Fact]
    public async Task A_theft_of_the_lease_that_it_resumed_unheard_is_one()
    {
        var session = await AttachWithLeaseAsync();
        ShowUnreachable(Entry(DeviceState.InUse, Self.ToString(), 5));
        session = await LoseAsync(session);
        Tell(Theft with { Epoch = new Epoch(6) });
        await FailAsync(session);
        Assert.Equal(Taken, (await ExpectAsync(AttachmentStates.Waiting)).LastError);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task What_is_unplugged_is_not_come_back_to()
    {
        var session = await AttachWithLeaseAsync();
        Show();
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.Waiting);
        ExpectNothing(Sessions);
        Show(Entry(DeviceState.Leased, Self.ToString(), 5));
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task Without_a_lease_there_is_nothing_to_come_back_with()
    {
        Show(Samples.Entry("1-1"));
        await StartAsync(wait: Seconds(60));
        var session = await ExpectAttemptAsync();
        ShowUnreachable(Samples.Entry("1-1"));
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.Waiting);
        ExpectNothing(Sessions);
    }

    private static DeviceEntry Entry(DeviceState state, string? holder, ulong epoch) =>
        Samples.Entry("1-1", state, holder) with { Epoch = new Epoch(epoch) };

    private static LeaseGranted Lease(ulong epoch) => Leased with { Epoch = new Epoch(epoch) };

    private static RequestLease RequestOf(Session session) => Assert.IsType<AttachmentSource.Leased>(session.Source).Request;

    private void Tell(LeaseStolen theft) => Attachment.Tell(theft, ActorRefs.NoSender);

    private async Task<Session> AttachWithLeaseAsync(bool once = false)
    {
        Show(Entry(DeviceState.Available, null, 4));
        await StartAsync(once);
        var session = await ExpectAttemptAsync();
        await session.LeaseAsync(Lease(5));
        await session.UseAsync(Lease(5));
        await ExpectAsync(AttachmentStates.Attached);
        Show(Entry(DeviceState.InUse, Self.ToString(), 5));
        await SettleAsync(Attachment);
        return session;
    }

    // And the longest time until the next attempt passes.
    private async Task FailAsync(Session session)
    {
        await session.EndAsync(DeviceError.PeerLost);
        await SettleAsync(Attachment);
        Advance(Backoff.Longest);
        await SettleAsync(Attachment);
    }
}
