using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc list</c>: the devices.</summary>
internal sealed class ListCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: false);
    private readonly Option<bool> _local = new("--local", "-l") { Description = "This node's devices only" };
    private readonly Option<string?> _remote = new("--remote", "-r") { Description = "A plain USB/IP server's devices", HelpName = "HOST[:PORT]" };

    public ListCommand()
        : base("list", "List the cluster's devices")
    {
        Add(_selector);
        Add(_local);
        Add(_remote);
        Validators.Add(result =>
        {
            if (GlobalOptions.IsGiven(result, _remote) && (GlobalOptions.IsGiven(result, _local) || GlobalOptions.IsGiven(result, _selector)))
                result.AddError("--remote goes neither with a selector nor with --local");
        });
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new ListParams(arguments.GetValue(_selector), arguments.GetValue(_local), arguments.GetValue(_remote));
        var rows = await session.AskAsync(request.Remote ?? "the daemon", (client, cancelled) => client.ListAsync(request, cancelled));
        if (session.Json)
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.DeviceRow);
        else if (rows.Count > 0)
            ToTable(rows, session.Verbose).Write(session.Surroundings);
        else
            session.Remark(NothingFound(request));
    }

    private static Table ToTable(IReadOnlyList<DeviceRow> rows, bool verbose)
    {
        var table = new Table([
            new("NODE"), new("BUSID"), new("ID"), new("NAME", Optional: true), new("PRODUCT", Shrinks: true), new("SERIAL", Shrinks: true),
            new("STATE"), new("HOLDER", Optional: true),
            .. verbose ? new Column[] { new("MANUFACTURER", Shrinks: true), new("CLASS"), new("SPEED"), new("BACKEND") } : []]);
        foreach (var row in rows)
        {
            var state = row.Reachable ? new Cell(row.State, Styles.OfDevice(row.State)) : new Cell($"{row.State} (unreachable)", Style.Quiet);
            table.Add([
                row.Node, row.BusId, $"{row.Vid}:{row.Pid}", row.Name, row.Product, row.Serial, state, Words.HolderOf(row),
                .. verbose ? new Cell[] { row.Manufacturer, row.Class, row.Speed, row.Backend } : []]);
        }

        return table;
    }

    private static string NothingFound(ListParams request) => request switch
    {
        { Remote: { } remote } => $"{remote} exports no devices",
        { Selector: { } selector } => $"no device matches {selector}; see all: usbipc list",
        { Local: true } => "no devices on this node; plug one in",
        _ => "no devices; plug one in, or see which hosts are up: usbipc nodes",
    };
}
