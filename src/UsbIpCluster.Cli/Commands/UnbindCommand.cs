using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc unbind</c>: exports local devices no longer.</summary>
internal sealed class UnbindCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: false);
    private readonly Option<string?> _busId = GlobalOptions.BusIdOption();
    private readonly Option<bool> _all = new("--all") { Description = "Every local device that matches, and no longer those that come: ends bind --all" };

    public UnbindCommand()
        : base("unbind", "Export a local device no longer, and give it back to its own driver")
    {
        Add(_selector);
        Add(_busId);
        Add(_all);
        Validators.Add(result => GlobalOptions.RequireOne(result, _selector, _busId));
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        DevicesAsync(connect, local: true, device => device.State != DeviceStates.Unbound, cancellationToken);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new UnbindParams((arguments.GetValue(_selector) ?? arguments.GetValue(_busId))!, arguments.GetValue(_all));
        if (await BindCommand.RunAsync(session, "exported no longer", (client, cancelled) => client.UnbindAsync(request, cancelled)) == 0)
            session.Remark("no device that is here was exported by it; those that come are exported no longer");
    }
}
