namespace UsbIpCluster.Node;

/// <summary>
/// Since when this node has known that it does not know all: for how long each node has been <see cref="OutOfDate"/>. What was lost without a
/// trace is found out by the next digest. From any thread.
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

    /// <summary>The nodes at these addresses are out of date now, and no others.</summary>
    public void Show(IReadOnlyCollection<string> addresses)
    {
        lock (_lock)
        {
            foreach (var known in _since.Keys.Where(address => !addresses.Contains(address)).ToArray())
                _since.Remove(known);
            foreach (var address in addresses)
                _since.TryAdd(address, clock.GetTimestamp());
        }
    }
}
