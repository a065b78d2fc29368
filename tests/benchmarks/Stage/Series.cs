using System.Diagnostics;

namespace UsbIpCluster.Benchmarks;

/// <summary>Does the same again and again.</summary>
internal static class Series
{
    /// <summary>So many times; fewer, but at least once, where the machine is too slow for them.</summary>
    /// <param name="times">How many times.</param>
    /// <param name="within">After how long it is enough.</param>
    /// <param name="rest">A pause before each.</param>
    /// <param name="once">Does it, and returns what it measured.</param>
    /// <param name="cancelled">Gives up.</param>
    public static async Task<IReadOnlyList<T>> RunAsync<T>(
        int times, TimeSpan within, TimeSpan rest, Func<CancellationToken, Task<T>> once, CancellationToken cancelled)
    {
        List<T> results = [];
        var start = Stopwatch.GetTimestamp();
        while (results.Count < times && (results.Count == 0 || Stopwatch.GetElapsedTime(start) < within))
        {
            await Task.Delay(rest, cancelled);
            results.Add(await once(cancelled));
        }

        return results;
    }
}
