using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

/// <summary>One run of the command inside the test: what it printed, and its exit code.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    /// <summary>The lines of the output.</summary>
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lines of the errors.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs it against a daemon.</summary>
    public static Task<CommandRun> OfAsync(TestDaemon daemon, params string[] arguments) => OfAsync(daemon, x => x, default, arguments);

    /// <summary>Runs it against a daemon, on a terminal or in another environment.</summary>
    public static Task<CommandRun> OfAsync(TestDaemon daemon, Func<Surroundings, Surroundings> change, params string[] arguments) =>
        OfAsync(daemon, change, default, arguments);

    /// <summary>Runs it against a daemon until it is cancelled.</summary>
    public static async Task<CommandRun> OfAsync(
        TestDaemon? daemon, Func<Surroundings, Surroundings> change, CancellationToken cancelled, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var surroundings = new Surroundings
        {
            Out = output,
            Error = TextWriter.Synchronized(error),
            Clock = new FixedClock(),
            Variable = name => name == "USBIPCLUSTER__CONTROL" ? daemon?.Path : null,
        };
        // A question keeps its thread until it is answered.
        var exitCode = await Task.Run(() => CommandLine.RunAsync(arguments, change(surroundings), cancelled), CancellationToken.None);
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs it without a daemon.</summary>
    public static Task<CommandRun> AloneAsync(params string[] arguments) =>
        OfAsync(null, x => x, default, ["--socket", "/nonexistent/control.sock", .. arguments]);
}
