namespace Akka.Actor.Internal;

/// <summary>The scheduler of a running system: a timer of the time provider for each scheduled message, all gone at its end.</summary>
internal sealed class TimerQueueScheduler(TimeProvider time) : IScheduler, IDisposable
{
    private readonly ConcurrentDictionary<Entry, bool> _entries = new();
    private readonly long _start = time.GetTimestamp();
    private volatile bool _disposed;

    public DateTimeOffset Now => time.GetUtcNow();

    public TimeSpan MonotonicClock => time.GetElapsedTime(_start);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable cancelable) =>
        Schedule(delay, Timeout.InfiniteTimeSpan, receiver, message, sender, cancelable.Token);

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable cancelable) =>
        Schedule(initialDelay, Positive(interval), receiver, message, sender, cancelable.Token);

    public void Dispose()
    {
        _disposed = true;
        foreach (var (entry, _) in _entries)
            Remove(entry);
    }

    private static TimeSpan Positive(TimeSpan interval) =>
        interval > TimeSpan.Zero ? interval : throw new ArgumentOutOfRangeException(nameof(interval), interval, "must be longer than zero");

    private void Schedule(
        TimeSpan delay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, CancellationToken cancelled)
    {
        var entry = new Entry();
        _entries[entry] = true;
        entry.Timer = time.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        entry.Registration = cancelled.UnsafeRegister(_ => Remove(entry), null);
        entry.Timer.Change(delay < TimeSpan.Zero ? TimeSpan.Zero : delay, interval);
        if (_disposed || cancelled.IsCancellationRequested)
            Remove(entry);

        void Fire()
        {
            if (!cancelled.IsCancellationRequested && !_disposed)
                receiver.Tell(message, sender);
            if (interval == Timeout.InfiniteTimeSpan)
                Remove(entry);
        }
    }

    private void Remove(Entry entry)
    {
        if (!_entries.TryRemove(entry, out _))
            return;
        entry.Timer?.Dispose();
        entry.Registration.Unregister();
    }

    private sealed class Entry
    {
        public ITimer? Timer { get; set; }

        public CancellationTokenRegistration Registration { get; set; }
    }
}
