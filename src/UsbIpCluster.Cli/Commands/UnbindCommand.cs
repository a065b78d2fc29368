using System.CommandLine;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc unbind</c>: exports a local device no longer.</summary>
internal sealed class UnbindCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: true);

    public UnbindCommand()
        : base("unbind", "Export a local device no longer") => Add(_selector);

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new UnbindParams(arguments.GetRequiredValue(_selector)!);
        return BindCommand.RunAsync(session, "exported no longer", (client, cancelled) => client.UnbindAsync(request, cancelled));
    }
}
