using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc drain</c>: takes this node's devices out of service, or puts them back.</summary>
internal sealed class DrainCommand : CliCommand
{
    private readonly WaitOption _wait = new("Wait until nothing is in use any more", "1h");
    private readonly Option<bool> _off = new("--off") { Description = "End it: devices may be attached again" };

    public DrainCommand()
        : base("drain", "Let nobody else attach this node's devices, and show what is still used; nothing is cut off")
    {
        Add(_wait);
        Add(_off);
        Validators.Add(result =>
        {
            if (GlobalOptions.IsGiven(result, _off) && GlobalOptions.IsGiven(result, _wait))
                result.AddError("--off ends the drain: there is nothing to wait for");
        });
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new DrainParams(arguments.GetValue(_off), arguments.GetValue(_wait)?.TotalSeconds);
        var waitingFor = request.WaitSeconds is null ? "the daemon" : "what is still in use";
        var patience = WaitOption.PatienceFor(request.WaitSeconds);
        var rows = await session.AskAsync(waitingFor, (client, cancelled) => client.DrainAsync(request, cancelled), patience);
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.DeviceRow);
        }
        else if (request.Off)
        {
            session.Surroundings.Out.WriteLine("not draining: this node gives out leases again");
        }
        else if (rows.Count == 0)
        {
            session.Surroundings.Out.WriteLine("drained: nothing is in use");
        }
        else
        {
            session.Remark("draining: no new leases; what is in use stays so until it is detached, to wait for that: usbipc drain --wait");
            ToTable(rows).Write(session.Surroundings);
        }
    }

    private static Table ToTable(IReadOnlyList<DeviceRow> rows)
    {
        var table = new Table(new("DEVICE", Shrinks: true), new("HOLDER"), new("USER", Rank: 1), new("STATE"));
        foreach (var row in rows)
            table.Add(Words.Of(row), row.Holder, row.User, new Cell(row.State, Styles.OfDevice(row.State)));
        return table;
    }
}
