namespace UsbIpCluster.Cluster.Tests;

/// <summary>What all processors of this machine have done together since it started, in clock ticks.</summary>
/// <param name="Work">Running anything: user, nice, system, irq and softirq; guests' time is in the first two.</param>
/// <param name="Waiting">Having nothing to run: idle and iowait.</param>
/// <param name="Stolen">Being elsewhere: where this machine is a guest itself, its host gave them to others (steal).</param>
internal readonly record struct ProcessorTimes(long Work, long Waiting, long Stolen)
{
    public long All => Work + Waiting + Stolen;

    public static ProcessorTimes operator -(ProcessorTimes later, ProcessorTimes earlier) =>
        new(later.Work - earlier.Work, later.Waiting - earlier.Waiting, later.Stolen - earlier.Stolen);

    /// <summary>The first line of /proc/stat (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal.</summary>
    public static ProcessorTimes Read()
    {
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(long.Parse).ToArray();
        return new ProcessorTimes(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[3] + ticks[4], ticks[7]);
    }
}
