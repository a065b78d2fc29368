using System.CommandLine;
using System.Reflection;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc version</c>: this command's version and the daemon's. Without a daemon it still tells its own.</summary>
internal sealed class VersionCommand() : CliCommand("version", "Show this command's version and the daemon's")
{
    /// <summary>This command's version.</summary>
    public static string Own =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var version = Own;
        var daemon = await AskDaemonAsync(session);
        var output = session.Surroundings.Out;
        if (session.Json)
        {
            JsonOutput.WriteVersion(output, version, daemon);
            return;
        }

        output.WriteLine($"usbipc   {version}");
        if (daemon is not null)
        {
            output.WriteLine(SafeText.Of(
                $"usbipcd  {daemon.Version}  node {daemon.Node}, process {daemon.ProcessId}, USB/IP {daemon.Usbip}, {daemon.Runtime}"));
        }
    }

    private static async Task<VersionRow?> AskDaemonAsync(Session session)
    {
        try
        {
            return await session.AskAsync("the daemon", (client, cancelled) => client.VersionAsync(new VersionParams(), cancelled));
        }
        catch (ControlException e) when (e.Error == ControlError.NoDaemon)
        {
            session.Remark($"usbipcd  not running: {e.Message}");
            return null;
        }
    }
}
