namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// How much of its processors this machine has had since a moment: where it is a guest itself, its host gives them to others, too (steal
/// time). What takes longer for that is not the product's.
/// </summary>
internal sealed class Processors
{
    private const double Least = 0.1;

    private readonly (long Work, long Stolen) _then = Read();

    /// <summary>How many times as long as on processors of its own everything has taken since then: from 1 to 10.</summary>
    public double Slowness
    {
        get
        {
            var now = Read();
            var (work, stolen) = (now.Work - _then.Work, now.Stolen - _then.Stolen);
            return work + stolen == 0 ? 1 : 1 / Math.Max(Least, (double)work / (work + stolen));
        }
    }

    // The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)).
    private static (long Work, long Stolen) Read()
    {
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(long.Parse).ToArray();
        return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[7]);
    }
}
