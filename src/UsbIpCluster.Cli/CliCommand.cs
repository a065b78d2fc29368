using System.CommandLine;

namespace UsbIpCluster.Cli;

/// <summary>One of the commands: its arguments and options, and what it does.</summary>
internal abstract class CliCommand(string name, string description) : Command(name, description)
{
    /// <summary>Does it, for arguments that parsed without an error.</summary>
    /// <exception cref="Control.ControlException">It failed.</exception>
    public abstract Task RunAsync(Session session, ParseResult arguments);
}
