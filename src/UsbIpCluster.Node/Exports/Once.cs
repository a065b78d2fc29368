namespace UsbIpCluster.Node;

/// <summary>What is said once, and not once an attempt. Bounded: when it is full, everything is new again.</summary>
internal sealed class Once
{
    private const int Most = 1024;

    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>Whether this has not been said yet; it has been by now.</summary>
    public bool IsNew(string what)
    {
        if (_said.Count >= Most)
            _said.Clear();
        return _said.Add(what);
    }
}
