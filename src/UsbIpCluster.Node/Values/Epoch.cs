namespace UsbIpCluster.Node;

/// <summary>Counts the leases of one device. A higher epoch makes every lease of a lower one worthless.</summary>
/// <param name="Value">0 before the first lease.</param>
public readonly record struct Epoch(ulong Value)
{
    /// <summary>The epoch of the next lease.</summary>
    public Epoch Next => new(Value + 1);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
