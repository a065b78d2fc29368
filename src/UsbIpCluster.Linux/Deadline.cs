using System.Diagnostics;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>One moment that bounds several blocking steps together. Real time: what it bounds are system calls.</summary>
public readonly struct Deadline
{
    private readonly long _end;

    private Deadline(long end) => _end = end;

    /// <summary>A deadline that far from now; not negative, at most a day.</summary>
    public static Deadline After(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, TimeSpan.FromDays(1));
        return new Deadline(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));
    }

    /// <summary>What is left, never negative.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _end);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>What is left in whole milliseconds, rounded up: at least 1, since 0 means "for ever" to a socket.</summary>
    /// <exception cref="DeviceException">TimedOut: nothing is left of the time for <paramref name="what"/>.</exception>
    internal int MillisecondsFor(string what)
    {
        var left = Remaining;
        return left > TimeSpan.Zero
            ? (int)Math.Ceiling(left.TotalMilliseconds)
            : throw new DeviceException(DeviceError.TimedOut, $"{what}: not done in time");
    }
}
