using Akka.Actor;

namespace Akka.TestKit;

/// <summary>
/// A scheduler whose time stands still until the test moves it. As in Akka.NET: what is due is sent in the order of its time once the
/// clock has been moved, so a timer that is set in reaction starts from the new time; and a repeating one fires once for each move,
/// however far. So move a step, await the message, move again.
/// </summary>
public class TestScheduler : IScheduler
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private DateTimeOffset _now = DateTimeOffset.UtcNow;

    internal TestScheduler()
    {
    }

    /// <inheritdoc/>
    public DateTimeOffset Now => _now;

    /// <inheritdoc/>
    public TimeSpan MonotonicClock => TimeSpan.FromMilliseconds(Environment.TickCount64);

    /// <summary>Moves the clock and sends what is due.</summary>
    public void Advance(TimeSpan offset)
    {
        Entry[] due;
        lock (_lock)
        {
            _now += offset;
            due = [.. _entries.Where(entry => entry.Due <= _now).OrderBy(entry => entry.Due)];
            foreach (var entry in due)
            {
                _entries.Remove(entry);
                if (entry.Interval is { } interval)
                    _entries.Add(entry with { Due = _now + interval });
            }

            _entries.RemoveAll(entry => entry.IsCancelled);
        }

        foreach (var entry in due.Where(entry => !entry.IsCancelled))
            entry.Receiver.Tell(entry.Message, entry.Sender);
    }

    /// <inheritdoc/>
    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable cancelable) =>
        Add(delay, null, receiver, message, sender, cancelable);

    /// <inheritdoc/>
    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable cancelable) =>
        Add(initialDelay, interval, receiver, message, sender, cancelable);

    private void Add(TimeSpan delay, TimeSpan? interval, ICanTell receiver, object message, IActorRef? sender, ICancelable cancelable)
    {
        lock (_lock)
            _entries.Add(new Entry(_now + delay, interval, receiver, message, sender, cancelable));
    }

    private sealed record Entry(
        DateTimeOffset Due, TimeSpan? Interval, ICanTell Receiver, object Message, IActorRef? Sender, ICancelable Cancelable)
    {
        public bool IsCancelled => Cancelable.IsCancellationRequested;
    }
}
