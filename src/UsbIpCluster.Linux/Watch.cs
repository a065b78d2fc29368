using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>Why something is read again for a while.</summary>
internal enum WatchCause
{
    /// <summary>This process has done something to it.</summary>
    Operation,

    /// <summary>A uevent that told of something new.</summary>
    Addition,

    /// <summary>A uevent that told that something goes.</summary>
    Removal,

    /// <summary>A TCP connection was closed that may have been its session.</summary>
    ConnectionClosed,
}

/// <summary>
/// Keeps what is known of some things of the kernel (devices, ports) equal to the kernel's files, and tells what changes. What a
/// signal is about is read at once, and again at short intervals for a while, because the files follow the signal with some delay; everything
/// is read slowly all the time, for what has no signal.
/// </summary>
/// <typeparam name="TKey">What a signal is about.</typeparam>
/// <typeparam name="TChange">What is told.</typeparam>
internal abstract class Watch<TKey, TChange> : IDisposable
    where TKey : struct
{
    // How often sessions are read where closed connections are not told.
    private static readonly TimeSpan SessionInterval = TimeSpan.FromMilliseconds(100);

    // Everything has yet to be read: at the start, and after lost uevents.
    private static readonly DateTimeOffset Never = DateTimeOffset.MinValue;

    // Comings and goings that were found by polling, with no uevent of any kind in between. One can be a uevent that is on its way.
    private const int UnannouncedUntilSilent = 2;

    private readonly IUeventSource _uevents;
    private readonly Subscribers<TChange> _subscribers;
    private readonly ScanThread _thread;

    // Held while files are read and changes told, so that subscribers see one order. Signals don't wait for it.
    private readonly Lock _gate = new();
    private readonly HotKeys<TKey> _hot = new();

    // Apart, because one connection that was closed is a reason to look at all sessions.
    private readonly HotKeys<TKey> _sessions = new();

    // Written under this one, by signals too.
    private readonly Lock _signals = new();
    private DateTimeOffset _lastFull = Never;
    private DateTimeOffset? _closedAt;
    private IDisposable? _subscription;
    private int _unannounced;

    /// <param name="name">For the thread and the log.</param>
    /// <param name="uevents">Where uevents come from.</param>
    /// <param name="clock">Times the readings.</param>
    /// <param name="log">Told what an operator should know.</param>
    protected Watch(string name, IUeventSource uevents, TimeProvider clock, Action<string> log)
    {
        _uevents = uevents;
        Clock = clock;
        Log = log;
        _subscribers = new Subscribers<TChange>(log);
        _thread = new ScanThread(name, clock, Scan, log);
    }

    protected TimeProvider Clock { get; }

    protected Action<string> Log { get; }

    /// <summary>Starts watching; the last step of the constructor of a derived class.</summary>
    protected void Start()
    {
        _subscription = _uevents.Subscribe(OnSignal);
        _thread.Wake();
    }

    /// <summary>Tells the observer everything that is there, then every change.</summary>
    public IDisposable Subscribe(Action<TChange> observer)
    {
        lock (_gate)
        {
            ReadEverything();
            foreach (var change in Current(Clock.GetUtcNow()))
                _subscribers.Tell(observer, change);
            var entry = _subscribers.Add(observer);
            return new Subscription(() =>
            {
                lock (_gate)
                    entry.Dispose();
            });
        }
    }

    /// <summary>Reads this at once and for a while, as after a uevent.</summary>
    public void Touch(TKey key)
    {
        _hot.Warm(key, Clock.GetUtcNow(), RhythmAfter(WatchCause.Operation));
        _thread.Wake();
    }

    /// <summary>Reads this now, telling what has changed before it returns, and again for a while, as after a uevent.</summary>
    public void ReadNow(TKey key)
    {
        lock (_gate)
            Read(key, Clock.GetUtcNow());
        Touch(key);
    }

    /// <summary>Reads everything now, telling what has changed, and then does something before anything else is read.</summary>
    public T AfterReading<T>(Func<T> work)
    {
        lock (_gate)
        {
            ReadEverything();
            return work();
        }
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _thread.Dispose();
    }

    /// <summary>What a uevent is about; null when it does not matter here.</summary>
    protected abstract TKey? KeyOf(Uevent uevent);

    /// <summary>Reads one, and tells what has changed with this time. True when something came or went.</summary>
    protected abstract bool Read(TKey key, DateTimeOffset time);

    /// <summary>Reads all, as <see cref="Read"/>.</summary>
    protected abstract bool ReadAll(DateTimeOffset time);

    /// <summary>What is there, as if it had just come.</summary>
    protected abstract IEnumerable<TChange> Current(DateTimeOffset time);

    /// <summary>What has a session that the closing of a connection could have ended.</summary>
    protected abstract IEnumerable<TKey> Sessions();

    /// <summary>A look that costs less than <see cref="Read"/>, at one of the <see cref="Sessions"/>: whether it has to be read.</summary>
    protected abstract bool MayHaveEnded(TKey session);

    /// <summary>How often something is read after a signal.</summary>
    protected abstract Rhythm RhythmAfter(WatchCause cause);

    /// <summary>How soon everything is read again.</summary>
    protected abstract TimeSpan FullInterval(bool withUevents);

    protected void Tell(TChange change) => _subscribers.Tell(change);

    private bool Silent => Volatile.Read(ref _unannounced) >= UnannouncedUntilSilent;

    private void OnSignal(UeventSignal signal)
    {
        switch (signal)
        {
            case UeventSignal.Happened { Event: var uevent }:
                if (Interlocked.Exchange(ref _unannounced, 0) >= UnannouncedUntilSilent)
                    Log("uevents arrive again");
                if (KeyOf(uevent) is not { } key)
                    return;
                _hot.Warm(key, signal.Time, RhythmAfter(uevent.Action is "remove" or "unbind" ? WatchCause.Removal : WatchCause.Addition));
                break;
            case UeventSignal.ConnectionClosed:
                lock (_signals)
                    _closedAt ??= signal.Time;
                break;
            default:
                lock (_signals)
                    _lastFull = Never;
                break;
        }

        _thread.Wake();
    }

    private TimeSpan Scan()
    {
        lock (_gate)
        {
            WarmSessions();
            var now = Clock.GetUtcNow();
            var hot = _hot.Take(now);
            foreach (var (key, signal) in hot)
                Read(key, signal ?? now);
            var sessions = _sessions.Take(now);
            foreach (var (key, signal) in sessions)
            {
                if (MayHaveEnded(key))
                    Read(key, signal ?? now);
            }

            if (IsFullDue(now, out var isAskedFor) && ReadEverything() && !isAskedFor && hot.Count + sessions.Count == 0)
                CountUnannounced();
            return NextScan();
        }
    }

    /// <summary>All sessions are hot after a connection was closed; and always where that is not told.</summary>
    private void WarmSessions()
    {
        DateTimeOffset? closed;
        lock (_signals)
        {
            closed = _closedAt;
            _closedAt = null;
        }

        if (closed is null && _uevents.TellsClosedConnections)
            return;
        var rhythm = closed is null ? Rhythm.Even((int)SessionInterval.TotalMilliseconds, 0) : RhythmAfter(WatchCause.ConnectionClosed);
        foreach (var key in Sessions())
            _sessions.Warm(key, closed ?? Clock.GetUtcNow(), rhythm);
    }

    private void CountUnannounced()
    {
        if (Interlocked.Increment(ref _unannounced) == UnannouncedUntilSilent && _uevents.Degraded is null)
            Log("devices come and go without a uevent: none seem to arrive here (another user namespace?); polling faster");
    }

    private bool ReadEverything()
    {
        // Noted first: a reading that fails is tried again no sooner than one that works.
        var now = Clock.GetUtcNow();
        lock (_signals)
            _lastFull = now;
        return ReadAll(now);
    }

    private bool IsFullDue(DateTimeOffset now, out bool isAskedFor)
    {
        lock (_signals)
        {
            isAskedFor = _lastFull == Never;
            return UntilFull(now) <= TimeSpan.Zero;
        }
    }

    private TimeSpan NextScan()
    {
        var now = Clock.GetUtcNow();
        TimeSpan next;
        lock (_signals)
            next = UntilFull(now);
        foreach (var hot in (HotKeys<TKey>[])[_hot, _sessions])
        {
            if (hot.Next(now) is { } soon && soon < next)
                next = soon;
        }

        if (!_uevents.TellsClosedConnections && SessionInterval < next && Sessions().Any())
            next = SessionInterval;
        return next > TimeSpan.Zero ? next : TimeSpan.Zero;
    }

    private TimeSpan UntilFull(DateTimeOffset now) =>
        _lastFull == Never ? TimeSpan.Zero : _lastFull + FullInterval(_uevents.Degraded is null && !Silent) - now;
}
