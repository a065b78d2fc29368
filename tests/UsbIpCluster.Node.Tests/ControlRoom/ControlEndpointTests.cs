using Akka.Actor;
using Akka.TestKit.Xunit2;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

public sealed class ControlEndpointTests : TestKit, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly EventLog _events = new();
    private readonly IActorRef _endpoint;

    public ControlEndpointTests()
    {
        var events = _events;
        _endpoint = Sys.ActorOf(Props.Create(() => new ControlEndpoint(events, Samples.Lab1)));
    }

    public Task InitializeAsync() => Sys.SettleAsync(_endpoint);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task There_are_no_events_at_the_start()
    {
        var events = await GetAsync(follow: false);
        Assert.Empty(events.Recent);
        Assert.Null(events.Later);
    }

    [Fact]
    public async Task What_happens_is_kept_in_its_order()
    {
        Happen(1, 3);
        Assert.Equal(["e1", "e2", "e3"], Kinds(await GetAsync(follow: false)));
    }

    [Fact]
    public async Task The_last_thousand_events_are_kept()
    {
        Happen(1, EventLog.Kept + 2);
        var kinds = Kinds(await GetAsync(follow: false)).ToArray();
        Assert.Equal((1000, "e3", "e1002"), (kinds.Length, kinds[0], kinds[^1]));
    }

    [Fact]
    public async Task What_the_inventory_shows_is_an_event_too()
    {
        var before = Samples.View("lab1", Samples.Node("lab1"));
        var after = Samples.View("lab1", Samples.Node("lab1"), Samples.Node("lab2", Samples.Entry("1-1")));
        Sys.EventStream.Publish(new InventoryActor.Changed(after, before));
        Assert.Equal([EventKinds.NodeUp, EventKinds.DeviceAdded], Kinds(await GetAsync(follow: false)));
    }

    [Fact]
    public async Task A_follower_gets_what_was_and_then_what_comes_and_nothing_twice()
    {
        Happen(1, 2);
        var events = await GetAsync(follow: true);
        Assert.Equal(["e1", "e2"], Kinds(events));
        Happen(3, 2);
        Assert.Equal(["e3", "e4"], await TakeAsync(events, 2));
    }

    [Fact]
    public async Task Every_follower_gets_everything()
    {
        var (first, second) = (await GetAsync(follow: true), await GetAsync(follow: true));
        Happen(1, 1);
        Assert.Equal(["e1"], await TakeAsync(first, 1));
        Assert.Equal(["e1"], await TakeAsync(second, 1));
    }

    [Fact]
    public async Task A_follower_that_goes_leaves_its_place()
    {
        for (var number = 0; number < 2 * EventLog.MaxFollowers; number++)
        {
            var events = await GetAsync(follow: true);
            Happen(number, 1);
            await TakeAsync(events, 1);
            await Sys.SettleAsync(_endpoint);
        }
    }

    [Fact]
    public async Task A_follower_that_is_cancelled_leaves_its_place()
    {
        for (var number = 0; number < 2 * EventLog.MaxFollowers; number++)
        {
            var events = await GetAsync(follow: true);
            using var cancelled = new CancellationTokenSource();
            var next = events.Later!.GetAsyncEnumerator(cancelled.Token).MoveNextAsync();
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
            await Sys.SettleAsync(_endpoint);
        }
    }

    [Fact]
    public async Task A_follower_whose_client_has_gone_before_it_reads_leaves_its_place()
    {
        for (var number = 0; number < 2 * EventLog.MaxFollowers; number++)
        {
            using var gone = new CancellationTokenSource();
            _events.Open(follow: true, gone.Token);
            await gone.CancelAsync();
        }
    }

    [Fact]
    public async Task Sixty_four_follow_and_no_more()
    {
        for (var number = 0; number < EventLog.MaxFollowers; number++)
            await GetAsync(follow: true);
        var error = await Assert.ThrowsAsync<ControlException>(() => GetAsync(follow: true));
        Assert.Equal((ControlError.Unavailable, "64 clients follow the events already"), (error.Error, error.Message));
        Assert.Empty((await GetAsync(follow: false)).Recent);
    }

    [Fact]
    public async Task A_follower_that_is_too_far_behind_is_cut_off_after_what_it_was_given()
    {
        var slow = await GetAsync(follow: true);
        Happen(1, EventLog.MaxBehind + 1);
        await Sys.SettleAsync(_endpoint);
        var kinds = await TakeAsync(slow, int.MaxValue);
        Assert.Equal((1000, "e1000"), (kinds.Count, kinds[^1]));
    }

    [Fact]
    public async Task Followers_that_are_too_far_behind_leave_their_places()
    {
        for (var number = 0; number < EventLog.MaxFollowers; number++)
            await GetAsync(follow: true);
        Happen(1, EventLog.MaxBehind + 1);
        Assert.NotNull((await GetAsync(follow: true)).Later);
    }

    [Fact]
    public async Task The_stream_goes_on_with_the_next_actor()
    {
        var events = await GetAsync(follow: true);
        Happen(1, 1);
        await Sys.SettleAsync(_endpoint);
        await _endpoint.GracefulStop(Patience);
        var log = _events;
        await Sys.SettleAsync(Sys.ActorOf(Props.Create(() => new ControlEndpoint(log, Samples.Lab1))));
        Happen(2, 1);
        Assert.Equal(["e1", "e2"], await TakeAsync(events, 2));
    }

    [Fact]
    public async Task Steps_are_for_those_who_ask_for_them_and_are_not_kept()
    {
        var (all, without) = (await GetAsync(follow: true, steps: true), await GetAsync(follow: true));
        Sys.EventStream.Publish(new AttachmentManager.Changed(new AttachmentId(1), AttachmentStates.Leasing));
        Happen(1, 1);
        Assert.Equal([EventKinds.AttachmentChanged, "e1"], await TakeAsync(all, 2));
        Assert.Equal(["e1"], await TakeAsync(without, 1));
        Assert.Equal(["e1"], Kinds(await GetAsync(follow: false)));
    }

    [Fact]
    public async Task A_nodes_drain_its_attachments_and_its_membership_are_steps()
    {
        var events = await GetAsync(follow: true, steps: true);
        var (was, busy) = (Samples.Node("lab2"), Samples.Node("lab2") with { Attachments = 1, Version = 2 });
        Sys.EventStream.Publish(new InventoryActor.Changed(Samples.View("lab1", busy), Samples.View("lab1", was)));
        Sys.EventStream.Publish(new InventoryActor.Changed(
            Samples.View("lab1", busy with { Draining = true }), Samples.View("lab1", busy)));
        Sys.EventStream.Publish(new InventoryActor.Changed(Samples.View("lab1", busy with { Version = 3 }), Samples.View("lab1", busy)));
        Sys.EventStream.Publish(new MembershipActor.Changed(MembershipView.Empty, MembershipView.Empty));
        Happen(1, 1);
        Assert.Equal(
            [EventKinds.NodeChanged, EventKinds.NodeChanged, EventKinds.NodeChanged, "e1"], await TakeAsync(events, 4));
    }

    private async Task<Control.EventStream> GetAsync(bool follow, bool steps = false)
    {
        await Sys.SettleAsync(_endpoint);
        return _events.Open(follow, CancellationToken.None, steps);
    }

    private void Happen(int first, int count)
    {
        for (var number = first; number < first + count; number++)
            Sys.EventStream.Publish(new EventRow(Samples.Time, "lab1", $"e{number}"));
    }

    private static IEnumerable<string> Kinds(Control.EventStream events) => events.Recent.Select(row => row.Kind);

    /// <summary>So many of the later events, or fewer when the stream ends.</summary>
    private static async Task<List<string>> TakeAsync(Control.EventStream events, int count)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var kinds = new List<string>();
        await foreach (var row in events.Later!.WithCancellation(deadline.Token))
        {
            kinds.Add(row.Kind);
            if (kinds.Count == count)
                break;
        }

        return kinds;
    }
}
