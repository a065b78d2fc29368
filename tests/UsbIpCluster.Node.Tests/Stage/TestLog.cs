using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node.Tests;

/// <summary>A log that a test reads.</summary>
internal sealed class TestLog : ILogger
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public IEnumerable<string?> Events => _entries.Select(entry => entry.Event.Name);

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue(LogEntry.Of(DateTimeOffset.UtcNow, logLevel, eventId, state, exception, formatter));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}
