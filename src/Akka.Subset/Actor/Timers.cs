namespace Akka.Actor;

/// <summary>An actor that has timers of its own.</summary>
public interface IWithTimers
{
    /// <summary>Set before the actor's constructor runs.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>
/// An actor's timers, by key. Starting one calls off the one of the same key, and what is called off is never received, even when its
/// message is in the mailbox already. All are called off when the actor restarts or stops.
/// </summary>
public interface ITimerScheduler
{
    /// <summary>Sends <paramref name="msg"/> to the actor every <paramref name="interval"/>, first after one.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>Sends <paramref name="msg"/> to the actor after <paramref name="initialDelay"/> and then every <paramref name="interval"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>Sends <paramref name="msg"/> to the actor once.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>Whether a timer of this key runs.</summary>
    bool IsTimerActive(object key);

    /// <summary>Calls a timer off, if it runs.</summary>
    void Cancel(object key);

    /// <summary>Calls all off.</summary>
    void CancelAll();
}

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Timer> _timers = [];

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => StartPeriodicTimer(key, msg, interval, interval);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval)
    {
        var timer = Replace(key, msg, repeats: true);
        cell.System.Scheduler.ScheduleTellRepeatedly(initialDelay, interval, cell.Self, timer, ActorRefs.NoSender, timer.Task);
    }

    public void StartSingleTimer(object key, object msg, TimeSpan timeout)
    {
        var timer = Replace(key, msg, repeats: false);
        cell.System.Scheduler.ScheduleTellOnce(timeout, cell.Self, timer, ActorRefs.NoSender, timer.Task);
    }

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer))
            timer.Task.Cancel();
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values)
            timer.Task.Cancel();
        _timers.Clear();
    }

    /// <summary>The message of a timer that has fired; null when it has been called off or replaced since.</summary>
    public object? Fired(Timer timer)
    {
        if (!_timers.TryGetValue(timer.Key, out var current) || !ReferenceEquals(current, timer))
            return null;
        if (!timer.Repeats)
            _timers.Remove(timer.Key);
        return timer.Message;
    }

    private Timer Replace(object key, object message, bool repeats)
    {
        Cancel(key);
        return _timers[key] = new Timer(key, message, repeats, new Cancelable());
    }

    /// <summary>What the scheduler sends; the cell turns it into the timer's message.</summary>
    internal sealed record Timer(object Key, object Message, bool Repeats, ICancelable Task);
}
