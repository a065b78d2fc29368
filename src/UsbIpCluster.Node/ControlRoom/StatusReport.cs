using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>What a node is, and its actors do not know.</summary>
/// <param name="Daemon">Which daemon.</param>
/// <param name="Listen">Where it serves USB/IP.</param>
/// <param name="HasSeeds">Whether it is meant to be in a cluster with others.</param>
/// <param name="Exporters">What it exports from.</param>
/// <param name="HostController">Where it attaches to; null when it can't.</param>
/// <param name="Tls">Its identity; null without TLS.</param>
/// <param name="Missing">What the machine lacks, now.</param>
internal sealed record NodeFacts(
    VersionRow Daemon,
    string Listen,
    bool HasSeeds,
    IReadOnlyList<string> Exporters,
    string? HostController,
    ClusterTls? Tls,
    Func<IEnumerable<ProblemRow>> Missing);

/// <summary>A node at a glance: what it is part of, what it offers and has, and what is wrong.</summary>
internal static class StatusReport
{
    // An attachment that is being made is not one that does not come about.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Makes the report.</summary>
    public static StatusRow Of(
        NodeFacts facts, IReadOnlyList<NodeRow> nodes, InventoryView view, AttachmentManager.Snapshot attachments, DateTimeOffset now)
    {
        var self = nodes.FirstOrDefault(node => node.Self);
        var own = view.Nodes[view.Self].Entry;
        var exported = own.Devices.Where(device => device.State != DeviceState.Unbound).ToArray();
        return new StatusRow(
            facts.Daemon,
            new ClusterStatusRow(
                self?.Address ?? "", self?.Status ?? "joining", nodes.Count, nodes.Count(node => node.Reachable), facts.Tls?.Current.Ends),
            new ExportStatusRow(
                facts.Exporters,
                facts.Listen,
                own.Devices.Length,
                exported.Length,
                exported.Count(device => device.State is DeviceState.Leased or DeviceState.InUse or DeviceState.Releasing),
                own.Draining),
            new AttachmentStatusRow(
                facts.HostController,
                attachments.Attachments.Length,
                attachments.Attachments.Count(status => status.State == AttachmentStates.Attached),
                attachments.Rules.Length,
                attachments.Others.Length),
            [
                .. facts.Missing(), .. OfTls(facts.Tls, now), .. OfNodes(facts, self, nodes, now),
                .. own.Devices.Where(device => device.State == DeviceState.Faulted).Select(device => OfDevice(own, device)),
                .. attachments.Attachments.Where(status => IsLate(status, now)).Select(status => OfAttachment(status, now)),
            ]);
    }

    private static IEnumerable<ProblemRow> OfTls(ClusterTls? tls, DateTimeOffset now)
    {
        if (tls is null || tls.Current.Ends - now >= CertificateWatch.WarnBefore)
            yield break;
        var (ends, left) = (NodeCertificate.Format(tls.Current.Ends), tls.Current.Ends - now);
        yield return new ProblemRow(
            left > TimeSpan.Zero
                ? $"the certificate of {tls.Node}, or its CA's, ends in {left.TotalDays:0} days, on {ends}"
                : $"the certificate of {tls.Node}, or its CA's, has ended on {ends}",
            NodeIdentity.RenewalOf(tls.Node));
    }

    private static IEnumerable<ProblemRow> OfNodes(NodeFacts facts, NodeRow? self, IReadOnlyList<NodeRow> nodes, DateTimeOffset now)
    {
        if (self?.Status is not ("up" or "draining"))
            yield return new ProblemRow("this node is in no cluster yet", "it forms one, or joins one, within seconds; the daemon's log says with whom it speaks");
        else if (facts.HasSeeds && nodes.Count == 1)
            yield return new ProblemRow("this node is alone, though it has seeds", "none of them answers: is their daemon up, and their cluster port open?");
        foreach (var node in nodes.Where(node => !node.Reachable))
        {
            yield return new ProblemRow(
                $"{node.Node} at {node.Address} can't be reached{Since(node.Since, now)}",
                $"when it is gone for good: usbipc nodes remove {node.Node}");
        }
    }

    private static ProblemRow OfDevice(NodeEntry own, DeviceEntry device) => new(
        $"{Rows.Describe(new ClusterDevice(own.Node, own.Address, Reachable: true, device))} is faulted",
        "unplug it and plug it in again; the daemon's log says why");

    private static bool IsLate(AttachmentStatus status, DateTimeOffset now) =>
        status.State is not (AttachmentStates.Attached or AttachmentStates.Detaching)
        && (status.State is AttachmentStates.Waiting or AttachmentStates.Failed || now - status.Since > Patience || status.LastError is not null);

    private static ProblemRow OfAttachment(AttachmentStatus status, DateTimeOffset now) => new(
        $"attachment {status.Id} ({status.Target}) is {status.State}{Since(status.Since, now)}{(status.LastError is { } error ? $": {error}" : "")}",
        status.State == AttachmentStates.Waiting ? "it is attached as soon as the device is available" : null);

    private static string Since(DateTimeOffset? since, DateTimeOffset now) => since is { } from ? $" for {Duration.Age(now - from)}" : "";
}
