using System.CommandLine;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc unbind</c>: exports local devices no longer.</summary>
internal sealed class UnbindCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: true);
    private readonly Option<bool> _all = new("--all") { Description = "Every local device that matches" };

    public UnbindCommand()
        : base("unbind", "Export a local device no longer, and give it back to its own driver")
    {
        Add(_selector);
        Add(_all);
    }

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new UnbindParams(arguments.GetRequiredValue(_selector)!, arguments.GetValue(_all));
        return BindCommand.RunAsync(session, "exported no longer", (client, cancelled) => client.UnbindAsync(request, cancelled));
    }
}
