using System.Diagnostics;

namespace UsbIpCluster.Benchmarks;

/// <summary>What a process has taken of the machine since it began, and what it holds now.</summary>
/// <param name="Cpu">Processor time of all of its threads.</param>
/// <param name="Yields">How often a thread gave its processor up to wait for something: about as often as it was woken.</param>
/// <param name="Preemptions">How often the processor was taken from a thread that wanted to go on.</param>
/// <param name="ResidentKilobytes">Resident memory, all of what it shares included.</param>
/// <param name="ProportionalKilobytes">The same, with what is shared divided by those who share it.</param>
/// <param name="Threads">Threads.</param>
internal sealed record Consumption(TimeSpan Cpu, long Yields, long Preemptions, long ResidentKilobytes, long ProportionalKilobytes, int Threads)
{
    /// <summary>The columns of <see cref="Since"/>.</summary>
    public static Column[] Columns { get; } =
    [
        new("resident", "MB", 1), new("proportional", "MB", 1), new("cpu", "% of a core", 2), new("waits", "/s", 1),
        new("preemptions", "/s", 1), new("threads", "", 0),
    ];

    /// <summary>That of a process.</summary>
    public static Consumption Of(int processId)
    {
        using var process = Process.GetProcessById(processId);
        string[] tasks = Directory.GetDirectories($"/proc/{processId}/task");
        var rollup = Fields($"/proc/{processId}/smaps_rollup");
        return new Consumption(
            process.TotalProcessorTime,
            tasks.Sum(task => Fields($"{task}/status")["voluntary_ctxt_switches"]),
            tasks.Sum(task => Fields($"{task}/status")["nonvoluntary_ctxt_switches"]),
            rollup["Rss"],
            rollup["Pss"],
            tasks.Length);
    }

    /// <summary>What it took between two looks, and what it held at the second.</summary>
    public double?[] Since(Consumption before, TimeSpan time) =>
    [
        ResidentKilobytes / 1024.0,
        ProportionalKilobytes / 1024.0,
        100 * (Cpu - before.Cpu) / time,
        (Yields - before.Yields) / time.TotalSeconds,
        (Preemptions - before.Preemptions) / time.TotalSeconds,
        Threads,
    ];

    private static Dictionary<string, long> Fields(string path)
    {
        var fields = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(path))
        {
            if (line.Split([':', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [var name, var value, ..] && long.TryParse(value, out var number))
                fields[name] = number;
        }

        return fields;
    }
}
