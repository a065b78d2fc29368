using System.Diagnostics;
using UsbIpCluster.Control;

namespace UsbIpCluster.Benchmarks;

/// <summary>How long a change took to the last of the other nodes.</summary>
/// <param name="SinceRequest">Since the change was asked for.</param>
/// <param name="SinceOwn">Since its own node's client was told.</param>
/// <param name="ByDaemons">Since its own node told it, both by the times that the daemons gave their events.</param>
internal sealed record Sighting(TimeSpan SinceRequest, TimeSpan SinceOwn, TimeSpan ByDaemons);

/// <summary>A client at each node that follows its events, and one that has its device bound and unbound.</summary>
internal sealed class Audience : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<Seat> _seats = [];
    private readonly CancellationTokenSource _end = new();
    private volatile Change? _change;

    private Audience()
    {
    }

    /// <summary>Connects to all of them.</summary>
    public static async Task<Audience> GatherAsync(IReadOnlyList<Node> nodes, CancellationToken cancelled)
    {
        var audience = new Audience();
        foreach (var node in nodes)
            audience._seats.Add(new Seat(node, await node.ConnectAsync(cancelled), await node.ConnectAsync(cancelled)));
        foreach (var (index, seat) in audience._seats.Index())
            seat.Following = audience.FollowAsync(index, seat);
        return audience;
    }

    /// <summary>Changes the device of the next node, and waits until all have shown it: bound in one round, unbound in the next.</summary>
    /// <param name="turn">How many came before.</param>
    /// <param name="cancelled">Gives up.</param>
    public async Task<Sighting> ChangeAsync(int turn, CancellationToken cancelled)
    {
        var (own, bind) = (turn % _seats.Count, turn / _seats.Count % 2 == 0);
        var seat = _seats[own];
        var change = _change = new Change(seat.Node.Name, bind ? DeviceStates.Available : DeviceStates.Unbound, _seats.Count);
        var requested = Stopwatch.GetTimestamp();
        var rows = bind
            ? await seat.Actor.BindAsync(new BindParams(seat.Selector), cancelled)
            : await seat.Actor.UnbindAsync(new UnbindParams(seat.Selector), cancelled);
        Assert.Equal(change.State, Assert.Single(rows).State);
        return (await change.Shown.WaitAsync(Patience, cancelled)).Judge(own, requested);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var seat in _seats)
        {
            await seat.Following;
            await seat.Follower.DisposeAsync();
            await seat.Actor.DisposeAsync();
        }

        _end.Dispose();
    }

    private async Task FollowAsync(int index, Seat seat)
    {
        try
        {
            await foreach (var row in seat.Follower.EventsAsync(new EventsParams(Follow: true), _end.Token))
                _change?.See(index, row, Stopwatch.GetTimestamp());
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private sealed class Seat(Node node, ControlClient follower, ControlClient actor)
    {
        public Node Node => node;

        public ControlClient Follower => follower;

        public ControlClient Actor => actor;

        public string Selector { get; } = $"serial={node.Name.ToUpperInvariant()}-0001";

        public Task Following { get; set; } = Task.CompletedTask;
    }

    /// <summary>One change, and who has shown it when.</summary>
    private sealed class Change(string node, string state, int seats)
    {
        private readonly (long Arrived, DateTimeOffset Told)[] _seen = new (long, DateTimeOffset)[seats];
        private readonly TaskCompletionSource<Change> _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _missing = seats;

        public string State => state;

        public Task<Change> Shown => _shown.Task;

        public void See(int index, EventRow row, long arrived)
        {
            if (row.Node != node || row.Kind != EventKinds.DeviceChanged || row.State != state)
                return;
            _seen[index] = (arrived, row.Time);
            if (Interlocked.Decrement(ref _missing) == 0)
                _shown.SetResult(this);
        }

        public Sighting Judge(int own, long requested)
        {
            var others = _seen.Where((_, index) => index != own).ToArray();
            var last = others.Max(seen => seen.Arrived);
            return new Sighting(
                Stopwatch.GetElapsedTime(requested, last),
                Stopwatch.GetElapsedTime(_seen[own].Arrived, last),
                others.Max(seen => seen.Told) - _seen[own].Told);
        }
    }
}
