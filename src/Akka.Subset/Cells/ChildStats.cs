using System.Diagnostics;

namespace Akka.Actor.Internal;

/// <summary>A child and how often it has been restarted.</summary>
internal sealed class ChildStats(LocalActorRef child)
{
    private long _windowStart = -1;

    public LocalActorRef Ref { get; } = child;

    public int Restarts { get; set; }

    /// <summary>Counts one restart; the count begins anew with the first restart after the window that the one before began.</summary>
    public int RestartsWithin(TimeSpan window)
    {
        if (_windowStart >= 0 && Stopwatch.GetElapsedTime(_windowStart) <= window)
            return ++Restarts;
        _windowStart = Stopwatch.GetTimestamp();
        return Restarts = 1;
    }
}
