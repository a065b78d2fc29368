using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>
/// Tells the service manager that the daemon lives, at half of the interval that it asks for, and only while the node's main actors answer:
/// a daemon that hangs is started anew. That ends no session, since the kernel has them.
/// </summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private Watchdog(ServiceManager manager, TimeSpan pace, NodeWatcher node, ILogger log) =>
        _running = RunAsync(manager, pace, node, log, _stopping.Token);

    /// <summary>Starts it; null when nobody looks at it.</summary>
    public static Watchdog? Start(ServiceManager manager, NodeWatcher node, ILogger log) =>
        manager.Watchdog is { } interval ? new Watchdog(manager, interval / 2, node, log) : null;

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
        using var timer = new PeriodicTimer(pace);
        do
        {
            var before = answered;
            answered = await node.LookAsync(pace) is not null;
            if (answered)
                manager.Alive();
            else if (before)
                log.WatchdogSilent(pace.TotalSeconds);
        }
        while (await WaitAsync(timer, stopping));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
