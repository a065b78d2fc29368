namespace UsbIpCluster.Benchmarks;

/// <summary>A column of a <see cref="Sheet"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Unit">The unit of its figures; empty for what is counted.</param>
/// <param name="Decimals">How many of them are shown.</param>
internal sealed record Column(string Name, string Unit, int Decimals)
{
    /// <summary>What is above it.</summary>
    public string Title => Unit.Length == 0 ? Name : $"{Name} {Unit}";

    /// <summary>A figure as it is shown.</summary>
    public string Format(double? figure) => figure?.ToString($"F{Decimals}") ?? "";
}
