using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc nodes remove</c>: takes a node that is gone off every node's list.</summary>
internal sealed class RemoveNodeCommand : CliCommand
{
    private readonly Argument<string> _node = new("NODE") { Description = "Its name or its address, as usbipc nodes shows them" };

    public RemoveNodeCommand()
        : base("remove", "Remove a node that can't be reached, and its devices; it comes back by itself if it lives") => Add(_node);

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken)
    {
        await using var client = await connect();
        return [.. Candidates.Of((await client.NodesAsync(new NodesParams(), cancellationToken)).Where(node => !node.Reachable))];
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new RemoveNodeParams(arguments.GetRequiredValue(_node));
        var rows = await session.AskAsync("the daemon", (client, cancelled) => client.RemoveNodeAsync(request, cancelled));
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.NodeRow);
            return;
        }

        foreach (var row in rows)
            session.Surroundings.Out.WriteLine($"removed {SafeText.Of(row.Node)} ({SafeText.Of(row.Address)})");
    }
}
