namespace UsbIpCluster.Node;

/// <summary>The daemon as a command: reads its options, runs until it is told to stop, and says why it can't.</summary>
internal static class DaemonCommand
{
    /// <summary>Exit code of a daemon that could not start.</summary>
    private const int StartFailed = 1;

    /// <summary>Runs the daemon until it is cancelled, and reads its configuration again on SIGHUP; returns the exit code.</summary>
    public static async Task<int> RunAsync(
        string? file, IEnumerable<KeyValuePair<string, string?>> commandLine, CancellationToken cancelled)
    {
        using var hangUps = new HangUps();
        var source = new OptionsSource(file, commandLine);
        NodeOptions options;
        try
        {
            options = source.Read();
        }
        catch (ConfigurationException error)
        {
            await Console.Error.WriteLineAsync($"usbipcd: {error.Message}");
            return CommandLine.UsageError;
        }

        using var log = new NodeLogs(LogTarget.Of(options.LogFormat), options.LogLevel);
        try
        {
            var manager = ServiceManager.OfEnvironment();
            await using var daemon = await Daemon.StartAsync(options, log);
            manager.Ready();
            daemon.ReportTo(manager);
            var reload = new Reload(source, options, daemon, manager, log);
            await hangUps.ForEachAsync(reload.RunAsync, cancelled);
            manager.Stopping();
            return 0;
        }
        catch (ConfigurationException error)
        {
            await Console.Error.WriteLineAsync($"usbipcd: {error.Message}");
            return CommandLine.UsageError;
        }
        catch (StartException error)
        {
            await Console.Error.WriteLineAsync($"usbipcd: {error.Message}");
            await Console.Error.WriteLineAsync(error.Hint);
            return StartFailed;
        }
    }
}
