using System.CommandLine;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Cli.Commands.Ca;

/// <summary><c>usbipc ca issue</c>: makes keys and certificates for nodes.</summary>
internal sealed class CaIssueCommand : CliCommand
{
    private readonly Argument<string[]> _nodes = CaCommand.NodesArgument();
    private readonly Option<string?> _ca = CaCommand.FolderOption("--ca", $"Where the CA is [default: {CaCommand.DefaultFolder}]");

    private readonly Option<string?> _out = CaCommand.FolderOption(
        "--out", "Where to write NODE.crt and NODE.key [default: where the CA is]");

    private readonly Option<bool> _force = new("--force") { Description = "Replace those that are there" };

    public CaIssueCommand()
        : base("issue", "Make a key and a certificate for a node, for a year")
    {
        Add(_nodes);
        Add(_ca);
        Add(_out);
        Add(_force);
    }

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments) => CaCommand.RunAsync(session, now =>
    {
        var folder = arguments.GetValue(_ca) ?? CaCommand.DefaultFolder;
        using var authority = CertificateAuthority.Read(folder, now);
        return CaCommand.Write(
            arguments.GetValue(_out) ?? folder,
            arguments.GetRequiredValue(_nodes).Select(NodeName.Parse).Distinct().Select(node => (node.Value, authority.Issue([node], now))),
            arguments.GetValue(_force));
    });
}
