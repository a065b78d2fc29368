using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

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
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var rows = await session.AskAsync("the daemon", (client, cancelled) => client.NodesAsync(new NodesParams(), cancelled));
        if (session.Json)
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.NodeRow);
        else if (rows.Count > 0)
            ToTable(rows, session.Surroundings.Clock.GetUtcNow()).Write(session.Surroundings);
        else
            session.Remark("no nodes, not even this one: the daemon is still starting");
    }

    /// <summary>Nodes as a table.</summary>
    public static Table ToTable(IReadOnlyList<NodeRow> rows, DateTimeOffset now)
    {
        var table = new Table(
            new("NODE"), new("ADDRESS", Rank: 1), new("STATUS"), new("REACHABLE"), new("DEVICES", Right: true, Rank: 2),
            new("ATTACHMENTS", Right: true, Rank: 3), new("VERSION", Rank: 5), new("SINCE", Rank: 4));
        foreach (var row in rows)
        {
            table.Add(
                row.Self ? row.Node + " *" : row.Node,
                row.Address,
                row.Status,
                row.Reachable ? new Cell("yes", Style.Good) : new Cell("no", Style.Bad),
                row.Devices,
                row.Attachments,
                row.Version,
                row.Since is { } since ? Duration.Age(now - since) : null);
        }

        return table;
    }
}
