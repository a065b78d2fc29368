namespace UsbIpCluster.Node;

/// <summary>How long something took, in buckets. From any thread.</summary>
internal sealed class Histogram
{
    /// <summary>The upper bounds of the buckets, in seconds; what takes longer is in none but the total.</summary>
    public static readonly double[] Bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600];

    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[Bounds.Length + 1];
    private double _sum;

    /// <summary>Counts one more.</summary>
    public void Observe(TimeSpan time)
    {
        // A clock that was set back is no reason for a sum that falls.
        var seconds = Math.Max(time.TotalSeconds, 0);
        var at = Array.FindIndex(Bounds, bound => seconds <= bound);
        lock (_lock)
        {
            _counts[at < 0 ? Bounds.Length : at]++;
            _sum += seconds;
        }
    }

    /// <summary>How many took at most as long as each bound, the last one standing for all, and how long all took together.</summary>
    public (long[] AtMost, double Sum) Read()
    {
        var atMost = new long[_counts.Length];
        lock (_lock)
        {
            var total = 0L;
            for (var i = 0; i < atMost.Length; i++)
                atMost[i] = total += _counts[i];
            return (atMost, _sum);
        }
    }
}
