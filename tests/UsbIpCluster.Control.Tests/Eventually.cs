using System.Diagnostics;

namespace UsbIpCluster.Testing;

/// <summary>Waits for what another thread or process brings about, up to a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>Does something again and again until it does not throw a <see cref="UsbIpCluster.Control.ControlException"/>.</summary>
    public static async Task DoesNotThrowAsync(Func<Task> action)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (Control.ControlException) when (Stopwatch.GetElapsedTime(start) < Deadline)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Waits until something holds.</summary>
    public static async Task IsTrueAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Deadline, "it did not come true in time");
            await Task.Yield();
        }
    }
}
