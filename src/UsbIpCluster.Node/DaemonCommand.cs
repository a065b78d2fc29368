using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>The daemon as a command: reads its options, runs until it is told to stop, and says why it can't.</summary>
internal static class DaemonCommand
{
    /// <summary>Exit code of a daemon that could not start.</summary>
    private const int StartFailed = 1;

    /// <summary>Runs the daemon until it is cancelled; returns the exit code.</summary>
    public static async Task<int> RunAsync(
        string? file, IEnumerable<KeyValuePair<string, string?>> commandLine, CancellationToken cancelled)
    {
        NodeOptions options;
        try
        {
            options = OptionsReader.Read(file, commandLine);
        }
        catch (ConfigurationException error)
        {
            await Console.Error.WriteLineAsync($"usbipcd: {error.Message}");
            return CommandLine.UsageError;
        }

        using var logs = LoggerFactory.Create(builder => Configure(builder, options));
        try
        {
            await using var daemon = await Daemon.StartAsync(options, logs);
            ServiceManager.Ready();
            await WhenCancelled(cancelled);
            ServiceManager.Stopping();
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

    private static void Configure(ILoggingBuilder builder, NodeOptions options)
    {
        builder.SetMinimumLevel(options.LogLevel);
        builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (options.LogFormat == LogFormat.Json)
            builder.AddJsonConsole(json => json.UseUtcTimestamp = true);
        else
            builder.AddSimpleConsole(line =>
            {
                line.SingleLine = true;
                line.UseUtcTimestamp = true;
                line.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            });
    }

    private static Task WhenCancelled(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(cancelled.SetResult);
        return cancelled.Task;
    }
}
