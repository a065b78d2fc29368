namespace UsbIpCluster.Node;

/// <summary>
/// Since when this node has known that it does not know all: of which other nodes the entry is missing, was asked for and has not come, or can't
/// be had because they can't be reached. What was lost without a trace is found out by the next digest. From any thread.
/// </summary>
/// <param name="clock">The time.</param>
internal sealed class InventoryLag(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _since = new(StringComparer.Ordinal);

    /// <summary>How long the oldest of them is known to be out of date; zero when none is.</summary>
    public TimeSpan Longest
    {
        get
        {
            lock (_lock)
                return _since.Count == 0 ? TimeSpan.Zero : clock.GetElapsedTime(_since.Values.Min());
        }
    }

    /// <summary>The node at an address was asked for its entry.</summary>
    public void Asked(string address)
    {
        lock (_lock)
            _since.TryAdd(address, clock.GetTimestamp());
    }

    /// <summary>It has said what it has.</summary>
    public void Heard(string address)
    {
        lock (_lock)
            _since.Remove(address);
    }

    /// <summary>The members are these: what is no member has no entry, and who can't be reached, or could not be before, has to say it again.</summary>
    public void Meet(MembershipView before, MembershipView now)
    {
        lock (_lock)
        {
            foreach (var gone in _since.Keys.Where(address => !now.Contains(address)).ToArray())
                _since.Remove(gone);
            foreach (var address in now.Members.Keys.Where(address => address != now.Self && !(before.IsReachable(address) && now.IsReachable(address))))
                _since.TryAdd(address, clock.GetTimestamp());
        }
    }
}
