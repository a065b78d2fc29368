using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

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
    public override Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new ListParams(arguments.GetValue(_selector), arguments.GetValue(_local), arguments.GetValue(_remote));
        return arguments.GetValue(_parsable) && !session.Json ? WriteParsableAsync(session, request) : Listings.DevicesAsync(session, request);
    }

    // As print_device in tools/usb/usbip/src/usbip_list.c does.
    private static async Task WriteParsableAsync(Session session, ListParams request)
    {
        foreach (var row in await session.AskAsync("the daemon", (client, cancelled) => client.ListAsync(request, cancelled)))
            session.Surroundings.Out.WriteLine($"busid={SafeText.Of(row.BusId)}#usbid={SafeText.Of(row.Vid)}:{SafeText.Of(row.Pid)}#");
    }
}
