namespace UsbIpCluster.Benchmarks;

/// <summary>Many measurements of one thing.</summary>
internal sealed class Distribution(IEnumerable<TimeSpan> times)
{
    private readonly double[] _milliseconds = [.. times.Select(time => time.TotalMilliseconds).Order()];

    /// <summary>The columns of <see cref="Figures"/>.</summary>
    public static Column[] Columns(string what) => [new(what, "", 0), new("p50", "ms", 2), new("p99", "ms", 2), new("longest", "ms", 2)];

    /// <summary>How many there are, the median, the 99th percentile where there are enough for one, and the longest.</summary>
    public double?[] Figures => [_milliseconds.Length, Percentile(50), _milliseconds.Length < 100 ? null : Percentile(99), _milliseconds[^1]];

    // By nearest rank: a time that was measured, nothing in between.
    private double Percentile(int percent) => _milliseconds[(int)Math.Ceiling(percent / 100.0 * _milliseconds.Length) - 1];
}
