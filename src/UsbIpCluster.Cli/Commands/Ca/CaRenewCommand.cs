using System.Collections.Immutable;
using System.CommandLine;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands.Ca;

/// <summary><c>usbipc ca renew</c>: makes new keys and certificates for the names of those that are there, and replaces them.</summary>
internal sealed class CaRenewCommand : CliCommand
{
    private readonly Argument<string[]> _nodes = CaCommand.NodesArgument();
    private readonly Option<string?> _ca = CaCommand.FolderOption("--ca", $"Where the CA is [default: {CaCommand.DefaultFolder}]");
    private readonly Option<string?> _out = CaCommand.FolderOption("--out", "Where NODE.crt and NODE.key are [default: where the CA is]");

    public CaRenewCommand()
        : base("renew", "Replace a node's key and certificate by new ones for the same names, for a year")
    {
        Add(_nodes);
        Add(_ca);
        Add(_out);
    }

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments) => CaCommand.RunAsync(session, now =>
    {
        var folder = arguments.GetValue(_ca) ?? CaCommand.DefaultFolder;
        var target = arguments.GetValue(_out) ?? folder;
        using var authority = CertificateAuthority.Read(folder, now);
        return CaCommand.Write(
            target,
            arguments.GetRequiredValue(_nodes).Select(NodeName.Parse).Distinct()
                .Select(node => (node.Value, authority.Issue(NamesOf(target, node), now))),
            replace: true);
    });

    private static ImmutableArray<NodeName> NamesOf(string folder, NodeName node)
    {
        var path = CaCommand.PathOf(folder, node.Value, "crt");
        if (!File.Exists(path))
            throw new ControlException(ControlError.NotFound, $"{path} is not there", $"usbipc ca issue {node} makes the first one");
        var names = NodeCertificate.NamesOf(PemFile.ReadCertificates(path)[0]);
        return names.Contains(node)
            ? names
            : throw new CertificateException($"{path} is not for {node}", $"usbipc ca issue {node} --force replaces it");
    }
}
