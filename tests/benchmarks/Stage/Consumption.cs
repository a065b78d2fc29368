using System.Diagnostics;

namespace UsbIpCluster.Benchmarks;

/// <summary>What a process has taken of the machine since it began, and what it holds now.</summary>
/// <param name="Cpu">Processor time of all of its threads.</param>
/// <param name="Switches">How often each of its threads has left its processor.</param>
/// <param name="ResidentKilobytes">Resident memory, all of what it shares included.</param>
/// <param name="ProportionalKilobytes">The same, with what is shared divided by those who share it.</param>
internal sealed record Consumption(
    TimeSpan Cpu, IReadOnlyDictionary<string, Switches> Switches, long ResidentKilobytes, long ProportionalKilobytes)
{
    /// <summary>The columns of <see cref="Since"/>.</summary>
    public static Column[] Columns { get; } =
    [
        new("resident", "MB", 1), new("proportional", "MB", 1), new("cpu", "% of a core", 2), new("waits", "/s", 1), new("yields", "/s", 1),
        new("threads", "", 0),
    ];

    /// <summary>That of a process.</summary>
    public static Consumption Of(int processId)
    {
        using var process = Process.GetProcessById(processId);
        var memory = Fields($"/proc/{processId}/smaps_rollup");
        return new Consumption(
            process.TotalProcessorTime,
            Directory.GetDirectories($"/proc/{processId}/task").ToDictionary(thread => thread, SwitchesOf),
            memory["Rss"],
            memory["Pss"]);
    }

    /// <summary>What it took between two looks, and what it held at the second. A thread that has ended meanwhile is left out.</summary>
    public double?[] Since(Consumption before, TimeSpan time)
    {
        Switches[] since = [.. Switches.Select(thread => thread.Value - before.Switches.GetValueOrDefault(thread.Key, new Switches(0, 0)))];
        return
        [
            ResidentKilobytes / 1024.0,
            ProportionalKilobytes / 1024.0,
            100 * (Cpu - before.Cpu) / time,
            since.Sum(thread => thread.Waits) / time.TotalSeconds,
            since.Sum(thread => thread.Yields) / time.TotalSeconds,
            Switches.Count,
        ];
    }

    // proc_pid_status(5). A thread that ends at this moment counts no more.
    private static Switches SwitchesOf(string thread)
    {
        try
        {
            var status = Fields($"{thread}/status");
            return new Switches(status["voluntary_ctxt_switches"], status["nonvoluntary_ctxt_switches"]);
        }
        catch (Exception error) when (error is IOException or KeyNotFoundException)
        {
            return new Switches(0, 0);
        }
    }

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

/// <summary>How often a thread has left its processor.</summary>
/// <param name="Waits">To wait for something: about as often as it was woken.</param>
/// <param name="Yields">While it wanted to go on: because it let others run, or had to.</param>
internal sealed record Switches(long Waits, long Yields)
{
    public static Switches operator -(Switches left, Switches right) => new(left.Waits - right.Waits, left.Yields - right.Yields);
}
