namespace UsbIpCluster.Node;

/// <summary>
/// The events whose hooks have not run yet, and those whose hooks run. It outlives the actors: what waits when they begin anew is not lost,
/// and what runs is not forgotten. Safe from any thread.
/// </summary>
internal sealed class HookQueue
{
    /// <summary>How many events wait at most.</summary>
    public const int MaxWaiting = 64;

    /// <summary>Of how many events the hooks run at once.</summary>
    public const int MaxRunning = 4;

    private readonly Lock _lock = new();
    private readonly List<HookEvent> _waiting = [];
    private readonly Dictionary<HookEvent, Task<HookReport>> _running = new(ReferenceEqualityComparer.Instance);

    /// <summary>Those whose hooks run.</summary>
    public IReadOnlyList<KeyValuePair<HookEvent, Task<HookReport>>> Running
    {
        get
        {
            lock (_lock)
                return [.. _running];
        }
    }

    /// <summary>Adds an event; false when too many wait.</summary>
    public bool Add(HookEvent what)
    {
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
                return false;
            _waiting.Add(what);
            return true;
        }
    }

    /// <summary>
    /// Starts the hooks of the first event whose turn it is, and returns them; null when it is nobody's. The events of one device have their
    /// turns one after the other, in the order in which they happened.
    /// </summary>
    public (HookEvent Event, Task<HookReport> Hooks)? StartNext(Func<HookEvent, Task<HookReport>> run)
    {
        lock (_lock)
        {
            if (_running.Count >= MaxRunning)
                return null;
            var turn = _waiting.FindIndex(HasTurn);
            if (turn < 0)
                return null;
            var next = _waiting[turn];
            _waiting.RemoveAt(turn);
            return (next, _running[next] = run(next));
        }
    }

    /// <summary>The hooks of an event are done.</summary>
    public void End(HookEvent what)
    {
        lock (_lock)
            _running.Remove(what);
    }

    private bool HasTurn(HookEvent what) =>
        !_running.Keys.Any(what.IsOfSameDevice)
        && _waiting.TakeWhile(before => !ReferenceEquals(before, what)).All(before => !what.IsOfSameDevice(before));
}
