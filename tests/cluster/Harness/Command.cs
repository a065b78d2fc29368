using System.ComponentModel;
using System.Diagnostics;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Runs programs to their end, under a deadline.</summary>
internal static class Command
{
    /// <summary>How long a command may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs it; what it leaves.</summary>
    public static Task<CommandResult> RunAsync(string file, params IEnumerable<string> arguments) => RunAsync(Start(file, arguments), Patience);

    /// <summary>Runs it and expects exit code 0.</summary>
    public static async Task<CommandResult> SucceedAsync(string file, params IEnumerable<string> arguments) =>
        (await RunAsync(file, arguments)).Succeeded();

    /// <summary>How to start a program: its streams redirected, none of this machine's configuration in its environment.</summary>
    public static ProcessStartInfo Start(string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var variable in start.Environment.Keys.Where(key => key.StartsWith("USBIPCLUSTER__", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(variable);
        return start;
    }

    /// <summary>Starts a process; a program that is missing is named.</summary>
    public static Process Launch(ProcessStartInfo start)
    {
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception error)
        {
            throw new InvalidOperationException($"{start.FileName} can't be run: {error.Message}", error);
        }
    }

    /// <summary>Runs it to its end, or to the deadline: then it is killed, and the test fails.</summary>
    public static async Task<CommandResult> RunAsync(ProcessStartInfo start, TimeSpan patience)
    {
        var commandLine = string.Join(' ', start.ArgumentList.Prepend(Path.GetFileName(start.FileName)));
        using var process = Launch(start);
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new CommandResult(commandLine, process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException late)
        {
            process.Kill();
            throw new TimeoutException($"it did not end within {patience.TotalSeconds} s: {commandLine}", late);
        }
    }
}
