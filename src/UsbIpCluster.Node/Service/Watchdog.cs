using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>
/// Tells the service manager that the daemon lives, three times in the interval that it asks for, and only while the node's main actors
/// answer: a daemon that hangs is started anew. That ends no session, since the kernel has them. One that answers again is heard at once.
/// </summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private Watchdog(ServiceManager manager, TimeSpan pace, NodeWatcher node, ILogger log) =>
        _running = RunAsync(manager, pace, node, log, _stopping.Token);

    /// <summary>Starts it; null when nobody looks at it.</summary>
    public static Watchdog? Start(ServiceManager manager, NodeWatcher node, ILogger log) =>
        manager.Watchdog is { } interval ? new Watchdog(manager, interval / 3, node, log) : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private static async Task RunAsync(ServiceManager manager, TimeSpan pace, NodeWatcher node, ILogger log, CancellationToken stopping)
    {
        var answered = true;
        while (!stopping.IsCancellationRequested)
        {
            var (before, begun) = (answered, Stopwatch.GetTimestamp());
            answered = await node.AnswersAsync(pace);
            var waited = Stopwatch.GetElapsedTime(begun);
            if (answered)
                manager.Alive();
            else if (before)
                log.WatchdogSilent(waited.TotalSeconds);
            var next = answered ? pace - waited : pace / 10;
            await Task.Delay(next > TimeSpan.Zero ? next : TimeSpan.Zero, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
