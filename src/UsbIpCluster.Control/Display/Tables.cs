namespace UsbIpCluster.Control.Display;

/// <summary>Rows as the tables that people read.</summary>
public static class Tables
{
    /// <summary>Devices.</summary>
    public static Table Of(IReadOnlyList<DeviceRow> rows, bool verbose)
    {
        var table = new Table([
            new("NODE"), new("BUSID"), new("ID"), new("NAME", Optional: true, Rank: 2), new("PRODUCT", Shrinks: true, Rank: 3),
            new("SERIAL", Shrinks: true, Rank: 4), new("STATE"), new("HOLDER", Optional: true, Rank: 1),
            .. verbose
                ? new Column[] { new("MANUFACTURER", Shrinks: true, Rank: 8), new("CLASS", Rank: 5), new("SPEED", Rank: 6), new("BACKEND", Rank: 7) }
                : []]);
        foreach (var row in rows)
        {
            var state = row.Reachable ? new Cell(row.State, Styles.OfDevice(row.State)) : new Cell($"{row.State} (unreachable)", Style.Quiet);
            Cell[] cells = [row.Node, row.BusId, $"{row.Vid}:{row.Pid}", row.Name, row.Product, row.Serial, state, Words.HolderOf(row)];
            table.Add(verbose ? [.. cells, row.Manufacturer, row.Class, row.Speed, row.Backend] : cells);
        }

        return table;
    }

    /// <summary>Attachments.</summary>
    public static Table Of(IReadOnlyList<PortRow> rows, bool verbose, DateTimeOffset now)
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

    /// <summary>Nodes.</summary>
    public static Table Of(IReadOnlyList<NodeRow> rows, DateTimeOffset now)
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
