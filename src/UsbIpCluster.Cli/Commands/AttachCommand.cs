using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc attach</c>: a device of the cluster, or of a plain USB/IP server, to this host.</summary>
internal sealed class AttachCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: false);
    private readonly Option<string?> _remote = new("--remote", "-r") { Description = "A plain USB/IP server", HelpName = "HOST[:PORT]" };
    private readonly Option<string?> _busId = new("--busid", "-b", "--device", "-d")
    {
        Description = "The device's bus id there; --device is usbip's word for that of a gadget",
        HelpName = "BUSID",
    };

    private readonly Option<bool> _once = new("--once") { Description = "Do not attach it again after a loss" };
    private readonly WaitOption _wait = new("Wait until it is there and usable", "60s");
    private readonly Option<bool> _steal = new("--steal") { Description = "Take it from whoever holds it; they are told, and do not fight for it" };

    private readonly Option<bool> _all = new("--all")
    {
        Description = "Keep every device attached that matches, those that come later included",
    };

    public AttachCommand()
        : base("attach", "Attach a device to this host, and keep it attached")
    {
        Add(_selector);
        Add(_remote);
        Add(_busId);
        Add(_once);
        Add(_wait);
        Add(_steal);
        Add(_all);
        Validators.Add(result =>
        {
            var byHost = GlobalOptions.IsGiven(result, _remote);
            var bySelector = GlobalOptions.IsGiven(result, _selector);
            if (byHost != GlobalOptions.IsGiven(result, _busId))
                result.AddError("--remote and --busid go together");
            else if (byHost && bySelector)
                result.AddError("give a selector, or --remote and --busid, not both");
            else if (!byHost && !bySelector)
                result.AddError("say which device: a selector, or --remote and --busid");
            else if (byHost && GlobalOptions.IsGiven(result, _steal))
                result.AddError("--steal goes with a selector: a plain USB/IP server knows no leases");
            else if (byHost && GlobalOptions.IsGiven(result, _all))
                result.AddError("--all goes with a selector");
            else if (GlobalOptions.IsGiven(result, _all) && (GlobalOptions.IsGiven(result, _once) || GlobalOptions.IsGiven(result, _steal)))
                result.AddError("--all goes neither with --once nor with --steal");
        });
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        DevicesAsync(connect, local: false, device => device.State != DeviceStates.Unbound, cancellationToken);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new AttachParams(
            arguments.GetValue(_selector), arguments.GetValue(_remote), arguments.GetValue(_busId), arguments.GetValue(_once),
            arguments.GetValue(_wait)?.TotalSeconds, arguments.GetValue(_steal), arguments.GetValue(_all));
        var waitingFor = request.Selector ?? $"{request.RemoteHost} {request.RemoteBusId}";
        var patience = WaitOption.PatienceFor(request.WaitSeconds);
        var rows = await session.AskAsync(waitingFor, (client, cancelled) => client.AttachAsync(request, cancelled), patience);
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.PortRow);
            return;
        }

        foreach (var row in rows)
            session.Surroundings.Out.WriteLine(Words.Of(row));
    }
}
