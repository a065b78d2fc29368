using System.Diagnostics;

namespace UsbIpCluster.Testing;

/// <summary>Waits for what another thread or process brings about, up to a deadline.</summary>
internal static class Eventually
{
    /// <summary>When a test gives up: what it waits for comes in milliseconds, and on a machine that is busy with much else in seconds.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Between two looks. Looking without a pause would take the processor from what is waited for.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

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
                await Task.Delay(Pause);
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
            await Task.Delay(Pause);
        }
    }
}
