using System.Diagnostics;
using System.Text.Json;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// Waits for what other processes bring about, by asking again and again up to a deadline: a later one where processors are stolen meanwhile.
/// </summary>
internal static class Until
{
    /// <summary>How long it waits unless told otherwise.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Reads until what was read is enough, and returns it; after the deadline, the test fails with what was read last.</summary>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> enough, string expected, TimeSpan? within = null)
    {
        var patience = within ?? Patience;
        var start = Stopwatch.GetTimestamp();
        var processors = new Processors();
        using var pause = new PeriodicTimer(Interval);
        while (true)
        {
            var last = await read();
            if (enough(last))
                return last;
            var waited = Stopwatch.GetElapsedTime(start);
            if (waited > patience && waited > patience * processors.Slowness)
                Assert.Fail($"not within {waited.TotalSeconds:0.0} s: {expected}; last seen: {JsonSerializer.Serialize(last)}");
            await pause.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits until something holds.</summary>
    public static Task TrueAsync(Func<bool> condition, string expected, TimeSpan? within = null) =>
        ReadAsync(() => Task.FromResult(condition()), holds => holds, expected, within);

    /// <summary>Sees that something holds for all of this time.</summary>
    public static async Task HoldsForAsync(TimeSpan time, Func<Task<bool>> condition, string expected)
    {
        var start = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(Interval);
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            Assert.True(await condition(), $"it held for {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s only: {expected}");
            await pause.WaitForNextTickAsync();
        }
    }
}
