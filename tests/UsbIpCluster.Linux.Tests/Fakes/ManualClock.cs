namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>Time that stands still until it is moved.</summary>
public sealed class ManualClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private TimeSpan _elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_gate)
            return _elapsed.Ticks;
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000) + TimeSpan.FromTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        lock (_gate)
            _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>How soon the next timer falls due; null when none will.</summary>
    public TimeSpan? UntilNext
    {
        get
        {
            lock (_gate)
                return _timers.Select(timer => timer.Due).Where(due => due < TimeSpan.MaxValue).Order().Select(due => (TimeSpan?)(due - _elapsed)).FirstOrDefault();
        }
    }

    /// <summary>Moves time on, and calls what falls due.</summary>
    public void Advance(TimeSpan time)
    {
        List<ManualTimer> due;
        lock (_gate)
        {
            _elapsed += time;
            due = _timers.Where(timer => timer.Due <= _elapsed).ToList();
            foreach (var timer in due)
                timer.Due = TimeSpan.MaxValue;
        }

        foreach (var timer in due)
            timer.Call();
    }

    private sealed class ManualTimer(ManualClock clock, Action call) : ITimer
    {
        public TimeSpan Due { get; set; } = TimeSpan.MaxValue;

        public void Call() => call();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
                Due = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : clock._elapsed + dueTime;
            if (dueTime == TimeSpan.Zero)
                clock.Advance(TimeSpan.Zero);
            return true;
        }

        public void Dispose()
        {
            lock (clock._gate)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
