using System.CommandLine;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc port</c>: what is attached to this host.</summary>
internal sealed class PortCommand() : CliCommand("port", "List what is attached to this host")
{
    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments) => Listings.AttachmentsAsync(session);
}
