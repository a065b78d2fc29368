namespace UsbIpCluster.Node;

/// <summary>Counts by label. The labels are known from the start: what is counted, and not who causes it, says how many there are.</summary>
/// <param name="labels">All of them.</param>
internal sealed class Tally(params string[] labels)
{
    private readonly long[] _counts = new long[labels.Length];

    /// <summary>The labels and their counts.</summary>
    public IEnumerable<(string Label, long Count)> Counts => labels.Select((label, at) => (label, Volatile.Read(ref _counts[at])));

    /// <summary>Counts one more; what has no label is not counted.</summary>
    public void Add(string label)
    {
        var at = Array.IndexOf(labels, label);
        if (at >= 0)
            Interlocked.Increment(ref _counts[at]);
    }
}
