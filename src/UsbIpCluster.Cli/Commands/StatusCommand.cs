using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc status</c>: this node at a glance, and what is wrong.</summary>
internal sealed class StatusCommand() : CliCommand("status", "Show how this node is: its cluster, exports, attachments, and what is wrong")
{
    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var status = await session.AskAsync("the daemon", (client, cancelled) => client.StatusAsync(new StatusParams(), cancelled));
        var surroundings = session.Surroundings;
        if (session.Json)
        {
            JsonOutput.WriteRow(surroundings.Out, status, ControlJson.Default.StatusRow);
            return;
        }

        var now = surroundings.Clock.GetUtcNow();
        var daemon = status.Daemon;
        WriteLine("node", $"{daemon.Node}, usbipcd {daemon.Version}, process {daemon.ProcessId}, up for {Duration.Age(now - daemon.Since)}");
        WriteLine("cluster", ClusterOf(status.Cluster, now));
        WriteLine("exports", ExportsOf(status.Exports));
        WriteLine("attachments", AttachmentsOf(status.Attachments));
        WriteLine("problems", status.Problems.Count == 0 ? "none" : $"{status.Problems.Count}", status.Problems.Count == 0 ? Style.Good : Style.Bad);
        foreach (var problem in status.Problems)
        {
            surroundings.Out.WriteLine($"  {Paint(Style.Bad, problem.What)}");
            if (problem.Hint is { } hint)
                surroundings.Out.WriteLine($"    {SafeText.Of(hint)}");
        }

        void WriteLine(string label, string text, Style style = Style.Plain) =>
            surroundings.Out.WriteLine($"{Paint(Style.Heading, label.PadRight(11))}  {Paint(style, text)}");

        string Paint(Style style, string text) => surroundings.Coloured ? style.Paint(SafeText.Of(text)) : SafeText.Of(text);
    }

    private static string ClusterOf(ClusterStatusRow cluster, DateTimeOffset now)
    {
        var nodes = cluster.Nodes == cluster.Reachable ? Count(cluster.Nodes, "node") : $"{cluster.Reachable} of {Count(cluster.Nodes, "node")} reachable";
        var tls = cluster.CertificateEnds is { } ends ? $"mutual TLS, certificate for {Duration.Age(ends - now)}" : "no TLS";
        return $"{cluster.Status} at {cluster.Address}, {nodes}, {tls}";
    }

    private static string ExportsOf(ExportStatusRow exports) => exports.Exporters.Count == 0
        ? "off"
        : $"{string.Join(" and ", exports.Exporters)} at {exports.Listen}: {Count(exports.Devices, "device")}, {exports.Exported} exported, "
            + $"{exports.InUse} in use{(exports.Draining ? ", draining" : "")}";

    private static string AttachmentsOf(AttachmentStatusRow attachments)
    {
        if (attachments.HostController is not { } controller)
            return "off";
        var rules = attachments.Rules > 0 ? $", {Count(attachments.Rules, "rule")}" : "";
        var others = attachments.Others > 0 ? $", {Count(attachments.Others, "port")} of other programs" : "";
        return $"{controller}: {attachments.Attached} of {attachments.Attachments} attached{rules}{others}";
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
