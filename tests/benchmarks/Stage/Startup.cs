using System.Diagnostics;

namespace UsbIpCluster.Benchmarks;

/// <summary>What it took until a process said that it was there.</summary>
/// <param name="Time">Time.</param>
/// <param name="Cpu">Processor time, which a busy machine changes less.</param>
internal sealed record Startup(TimeSpan Time, TimeSpan Cpu)
{
    /// <summary>That of a process that has just said it.</summary>
    /// <param name="start">When it was started.</param>
    /// <param name="process">The process.</param>
    public static Startup Since(long start, Process process)
    {
        var time = Stopwatch.GetElapsedTime(start);
        process.Refresh();
        return new Startup(time, process.TotalProcessorTime);
    }
}
