using UsbIpCluster.Cluster.Tests;

namespace UsbIpCluster.Benchmarks;

/// <summary>
/// What the machine did during a measurement, others included: figures are worth little when it had something else to do.
/// </summary>
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
        var before = ProcessorTimes.Read();
        return () =>
        {
            var spent = ProcessorTimes.Read() - before;
            double all = Math.Max(1, spent.All);
            return new MachineLoad(
                Environment.ProcessorCount,
                load,
                100 * spent.Work / all,
                100 * spent.Stolen / all,
                clock.Elapsed.TotalSeconds);
        };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"the machine: {Cores} cores, load {LoadBefore:F2} before; " +
        $"{Seconds:F0} s, of which busy {BusyPercent:F0} %, stolen {StolenPercent:F1} %";
}
