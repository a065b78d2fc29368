namespace UsbIpCluster.Node;

/// <summary>What is logged once, and not once an attempt. Bounded: a flood of ever new things is not to fill the log either.</summary>
internal sealed class SaidOnce
{
    private const int Most = 1024;

    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>Whether it is to be said now.</summary>
    public bool IsFirst(string what) => _said.Count < Most && _said.Add(what);
}
