using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc port</c>: what is attached to this host.</summary>
internal sealed class PortCommand() : CliCommand("port", "List what is attached to this host")
{
    public const string NothingAttached = "nothing is attached; see what could be: usbipc list";

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var rows = await session.AskAsync("the daemon", (client, cancelled) => client.PortAsync(new PortParams(), cancelled));
        if (session.Json)
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.PortRow);
        else if (rows.Count > 0)
            ToTable(rows, session.Verbose, session.Surroundings.Clock.GetUtcNow()).Write(session.Surroundings);
        else
            session.Remark(NothingAttached);
    }

    /// <summary>Attachments as a table.</summary>
    public static Table ToTable(IReadOnlyList<PortRow> rows, bool verbose, DateTimeOffset now)
    {
        var table = new Table([
            new("PORT", Right: true), new("ID"), new("STATE"), new("DEVICE"), new("PRODUCT", Shrinks: true, Rank: 3), new("EXPORTER", Rank: 1),
            new("SINCE", Rank: 4), new("REATTACHES", Right: true, Rank: 5),
            .. verbose
                ? new Column[]
                {
                    new("SELECTOR", Shrinks: true, Rank: 7), new("SERIAL", Shrinks: true, Rank: 8), new("ENDPOINT", Rank: 9), new("LOCAL", Rank: 6),
                    new("NODES", Shrinks: true, Optional: true, Rank: 10),
                }
                : [],
            new("HELD BY", Optional: true, Rank: 6), new("LAST ERROR", Shrinks: true, Optional: true, Rank: 2)]);
        foreach (var row in rows)
        {
            table.Add([
                row.All ? "all" : row.Port?.ToString(),
                row.Id,
                new Cell(row.State, Styles.OfAttachment(row.State)),
                // Until it has had a device, what it waits for.
                row.All || row.Vid is null ? row.Selector : Words.IdOf(row),
                row.Product,
                Words.ExporterOf(row),
                row.Since is { } since ? Duration.Age(now - since) : null,
                row.Reattaches,
                .. verbose
                    ? new Cell[] { row.Selector, row.Serial, row.Endpoint, row.LocalBusId, string.Join(' ', row.Devices ?? []) }
                    : [],
                Words.HolderOf(row),
                verbose || row.State != AttachmentStates.Attached ? row.LastError : null]);
        }

        return table;
    }
}
