namespace UsbIpCluster.Benchmarks;

/// <summary>What the machine did during a measurement, others included: figures are worth little when it had something else to do.</summary>
/// <param name="Cores">Its processors.</param>
/// <param name="LoadBefore">How many threads ran or wanted to, on average over the minute before.</param>
/// <param name="BusyPercent">The share of all processors' time that was used meanwhile, by the measurement and by others.</param>
/// <param name="StolenPercent">The share that the machine below this one gave to others.</param>
/// <param name="Seconds">How long the measurement took.</param>
internal sealed record MachineLoad(int Cores, double LoadBefore, double BusyPercent, double StolenPercent, double Seconds)
{
    /// <summary>Begins to watch; what it returns ends it.</summary>
    public static Func<MachineLoad> Watch()
    {
        var load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0]);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var before = Times();
        return () =>
        {
            long[] spent = [.. Times().Zip(before, (after, first) => after - first)];
            double all = Math.Max(1, spent.Sum());
            return new MachineLoad(
                Environment.ProcessorCount,
                load,
                100 * (spent.Sum() - spent[Idle] - spent[WaitingForDisk] - spent[Steal]) / all,
                100 * spent[Steal] / all,
                clock.Elapsed.TotalSeconds);
        };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"the machine: {Cores} cores, load {LoadBefore:F2} before; {Seconds:F0} s, of which busy {BusyPercent:F0} %, stolen {StolenPercent:F1} %";

    // The first line of /proc/stat (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal; guests' time is in the first two.
    private const int Idle = 3;
    private const int WaitingForDisk = 4;
    private const int Steal = 7;

    private static long[] Times() =>
        [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(Steal + 1).Select(long.Parse)];
}
