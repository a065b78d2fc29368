using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>
/// The daemon's log. Whoever logs never waits: entries are written by one thread, and those that come faster than they can be written are
/// counted, not kept.
/// </summary>
internal sealed class NodeLogs : ILogger, IDisposable
{
    /// <summary>Entries that wait to be written.</summary>
    public const int MaxWaiting = 1024;

    /// <summary>How long the end waits for the last of them.</summary>
    public static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Queue<LogEntry> _waiting = new();
    private readonly LogTarget _target;
    private volatile LogLevel _least;
    private readonly Thread _thread;
    private long _lost;
    private bool _closing;

    /// <param name="target">Where entries go; is closed with this log.</param>
    /// <param name="least">The least that is logged.</param>
    public NodeLogs(LogTarget target, LogLevel least)
    {
        _target = target;
        _least = least;
        _thread = new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>The least that is logged from now on.</summary>
    public LogLevel Least
    {
        set => _least = value;
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= _least && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Add(LogEntry.Of(DateTimeOffset.UtcNow, logLevel, eventId, state, exception, formatter));
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <summary>Writes what waits, and ends; what can't be written in time is given up.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _closing = true;
            Monitor.Pulse(_waiting);
        }

        if (_thread.Join(LastWords))
            _target.Dispose();
    }

    private void Add(LogEntry entry)
    {
        lock (_waiting)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                _lost++;
                return;
            }

            _waiting.Enqueue(entry);
            Monitor.Pulse(_waiting);
        }
    }

    private void Run()
    {
        while (Take() is var (entry, lost) && (entry is not null || lost > 0))
        {
            if (entry is not null)
                _target.Write(entry);
            if (lost > 0)
                this.LinesLost(lost);
        }
    }

    // Those that were lost were younger than all that waited, and older than what comes now. Nothing at all is the end.
    private (LogEntry? Entry, long Lost) Take()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0 && !_closing)
                Monitor.Wait(_waiting);
            _waiting.TryDequeue(out var entry);
            if (_waiting.Count > 0 || _lost == 0)
                return (entry, 0);
            var lost = _lost;
            _lost = 0;
            return (entry, lost);
        }
    }
}
