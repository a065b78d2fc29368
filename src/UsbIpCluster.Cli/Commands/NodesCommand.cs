using System.CommandLine;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc nodes</c>: the nodes of the cluster.</summary>
internal sealed class NodesCommand : CliCommand
{
    public NodesCommand()
        : base("nodes", "List the nodes of the cluster; * is this one")
    {
        Add(new RemoveNodeCommand());

        // It is never called, and tells the parser that a command is complete without the one below it.
        SetAction(_ => 0);
    }

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments) => Listings.NodesAsync(session);
}
