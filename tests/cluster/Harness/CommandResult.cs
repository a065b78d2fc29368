using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What a command that has ended left.</summary>
/// <param name="CommandLine">How it was started.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Out">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
internal sealed record CommandResult(string CommandLine, int ExitCode, string Out, string Error)
{
    /// <summary>The lines on standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The same, when it ended with 0.</summary>
    public CommandResult Succeeded() => Ended(0);

    /// <summary>The same, when it ended with this exit code.</summary>
    public CommandResult Ended(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"expected exit code {exitCode} of: {this}");
        return this;
    }

    /// <summary>
    /// Checks that it failed with this exit code, printed nothing but an error, and that the error is for people: it starts with the program's
    /// name (a daemon may have logged before), says these things, and is no stack trace.
    /// </summary>
    public CommandResult Failed(int exitCode, params ReadOnlySpan<string> says)
    {
        Ended(exitCode);
        Assert.True(Out.Length == 0, $"output beside an error: {this}");
        Assert.True(
            ErrorLines.Any(line => line.StartsWith("usbipc: ", StringComparison.Ordinal) || line.StartsWith("usbipcd: ", StringComparison.Ordinal)),
            $"no helpful line: {this}");
        Assert.False(Error.Contains("   at ", StringComparison.Ordinal) || Error.Contains("Exception", StringComparison.Ordinal), $"a stack trace: {this}");
        foreach (var text in says)
            Assert.True(Error.Contains(text, StringComparison.Ordinal), $"expected '{text}' in the error of: {this}");
        return this;
    }

    /// <summary>The rows that it printed for programs.</summary>
    public IReadOnlyList<T> Rows<T>(JsonTypeInfo<IReadOnlyList<T>> type) => JsonSerializer.Deserialize(Succeeded().Out, type)!;

    /// <inheritdoc/>
    public override string ToString() => $"{CommandLine}\nexit code {ExitCode}\n--- out\n{Out}--- error\n{Error}---";
}
