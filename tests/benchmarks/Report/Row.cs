namespace UsbIpCluster.Benchmarks;

/// <summary>A row of a <see cref="Sheet"/>.</summary>
/// <param name="Kind">measured, limit or goal.</param>
/// <param name="Name">The case.</param>
/// <param name="Figures">A figure for each column; null where there is none.</param>
/// <param name="Limit">What it is compared with.</param>
internal sealed record Row(string Kind, string Name, IReadOnlyList<double?> Figures, Row? Limit)
{
    /// <summary>What stands before it.</summary>
    public string Title => Kind == "limit" ? $"limit: {Name}" : Name;
}
