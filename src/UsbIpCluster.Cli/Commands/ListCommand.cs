using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc list</c>: the devices.</summary>
internal sealed class ListCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: false);
    private readonly Option<bool> _local = new("--local", "-l") { Description = "This node's devices only" };
    private readonly Option<string?> _remote = new("--remote", "-r") { Description = "A plain USB/IP server's devices", HelpName = "HOST[:PORT]" };

    private readonly Option<bool> _parsable = new("--parsable", "-p") { Description = "This node's devices in usbip's own lines for scripts" };

    public ListCommand()
        : base("list", "List the cluster's devices")
    {
        Add(_selector);
        Add(_local);
        Add(_remote);
        Add(_parsable);
        Validators.Add(result =>
        {
            if (GlobalOptions.IsGiven(result, _remote) && (GlobalOptions.IsGiven(result, _local) || GlobalOptions.IsGiven(result, _selector)))
                result.AddError("--remote goes neither with a selector nor with --local");
            else if (GlobalOptions.IsGiven(result, _parsable) && !GlobalOptions.IsGiven(result, _local))
                result.AddError("--parsable goes with --local: its lines name no node; for scripts there is --json");
        });
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        DevicesAsync(connect, local: false, _ => true, cancellationToken);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new ListParams(arguments.GetValue(_selector), arguments.GetValue(_local), arguments.GetValue(_remote));
        var rows = await session.AskAsync(request.Remote ?? "the daemon", (client, cancelled) => client.ListAsync(request, cancelled));
        if (session.Json)
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.DeviceRow);
        else if (arguments.GetValue(_parsable))
            WriteParsable(session.Surroundings.Out, rows);
        else if (rows.Count > 0)
            ToTable(rows, session.Verbose).Write(session.Surroundings);
        else
            session.Remark(NothingFound(request));
    }

    // As print_device in tools/usb/usbip/src/usbip_list.c does.
    private static void WriteParsable(TextWriter writer, IReadOnlyList<DeviceRow> rows)
    {
        foreach (var row in rows)
            writer.WriteLine($"busid={SafeText.Of(row.BusId)}#usbid={SafeText.Of(row.Vid)}:{SafeText.Of(row.Pid)}#");
    }

    /// <summary>Devices as a table.</summary>
    public static Table ToTable(IReadOnlyList<DeviceRow> rows, bool verbose)
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
