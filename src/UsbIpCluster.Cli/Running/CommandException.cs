namespace UsbIpCluster.Cli.Running;

/// <summary>A command can't be run.</summary>
/// <param name="exitCode">As shells have it: 127 for one that is not found, 126 for one that can't be executed.</param>
/// <param name="message">What the system said.</param>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    /// <summary>A program or one of its folders is not there.</summary>
    public const int NotFound = 127;

    /// <summary>It is there and can't be executed.</summary>
    public const int NotExecutable = 126;

    /// <summary>The exit code.</summary>
    public int ExitCode => exitCode;
}
