namespace UsbIpCluster.Node;

/// <summary>
/// Reads the configuration of a running daemon again, and has it take what can change while it runs. A configuration that is wrong changes
/// nothing.
/// </summary>
/// <param name="source">Where the options are.</param>
/// <param name="options">What the daemon was started with.</param>
/// <param name="daemon">The daemon.</param>
/// <param name="manager">Is told when it begins and ends.</param>
/// <param name="log">Is told what came of it, and logs by the new level.</param>
internal sealed class Reload(OptionsSource source, NodeOptions options, Daemon daemon, ServiceManager manager, NodeLogs log)
{
    private NodeOptions _running = options;

    /// <summary>Does it; one at a time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        manager.Reloading();
        try
        {
            var change = OptionsChange.Between(_running, source.Read());
            log.Least = change.Taken.LogLevel;
            await daemon.TakeAsync(change.Taken, cancellationToken);
            _running = change.Taken;
            log.ConfigurationRead(
                change.Changed.IsEmpty ? "nothing has changed that is used at once" : $"{string.Join(", ", change.Changed)} changed");
            if (!change.NeedRestart.IsEmpty)
                log.ConfigurationNeedsRestart(string.Join(", ", change.NeedRestart));
        }
        catch (ConfigurationException error)
        {
            log.ConfigurationWrong(error.Message);
        }

        manager.Ready();
    }
}
