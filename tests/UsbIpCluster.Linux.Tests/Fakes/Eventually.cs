using System.Diagnostics;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>Waits for what has no event.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task TrueAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "the condition did not become true in time");
            await pause.WaitForNextTickAsync();
        }
    }
}
