using System.CommandLine;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Cli.Commands.Ca;

/// <summary><c>usbipc ca init</c>: makes the CA.</summary>
internal sealed class CaInitCommand : CliCommand
{
    private readonly Option<string?> _out = CaCommand.FolderOption("--out", $"Where to write it [default: {CaCommand.DefaultFolder}]");

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Replace the one that is there: every node then needs a new certificate",
    };

    public CaInitCommand()
        : base("init", "Make the CA of a new cluster")
    {
        Add(_out);
        Add(_force);
    }

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments) => CaCommand.RunAsync(session, now => CaCommand.Write(
        arguments.GetValue(_out) ?? CaCommand.DefaultFolder, [("ca", CertificateAuthority.Create(now))], arguments.GetValue(_force)));
}
