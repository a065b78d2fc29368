using System.Text.Json;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>What Prometheus is told of a node: the counters, and how the node is now.</summary>
/// <param name="metrics">The counters.</param>
/// <param name="version">Which daemon this is.</param>
/// <param name="certificateEnds">When its certificate, or its CA's, ends; null without TLS.</param>
internal sealed class MetricsPage(NodeMetrics metrics, VersionRow version, Func<DateTimeOffset>? certificateEnds)
{
    private const string Counter = "counter";
    private const string Gauge = "gauge";

    private static readonly string[] AttachmentWords =
    [
        AttachmentStates.Waiting,
        AttachmentStates.Leasing,
        AttachmentStates.Connecting,
        AttachmentStates.Importing,
        AttachmentStates.Enumerating,
        AttachmentStates.Attached,
        AttachmentStates.Lost,
        AttachmentStates.BackingOff,
        AttachmentStates.Detaching,
        AttachmentStates.Failed,
    ];

    /// <summary>The page; without the gauges when the node does not answer.</summary>
    public string Write(NodeLook? look)
    {
        var page = new Exposition();
        page.Family("usbipcluster_build_info", Gauge, "The daemon's version; always 1.")
            .Sample("usbipcluster_build_info", 1, ("version", version.Version), ("runtime", version.Runtime));
        page.One("usbipcluster_up", Gauge, "Whether the node's actors answer: 1, or 0. Without them, there are no other gauges of the node.", look is null ? 0 : 1);
        if (look is not null)
            WriteNode(page, look);
        WriteCounters(page);
        if (certificateEnds is not null)
        {
            page.One(
                "usbipcluster_certificate_expiry_timestamp_seconds",
                Gauge,
                "When the node's certificate, or that of its CA, ends.",
                certificateEnds().ToUnixTimeMilliseconds() / 1000.0);
        }

        WriteProcess(page);
        return page.ToString();
    }

    private void WriteNode(Exposition page, NodeLook look)
    {
        DeviceEntry[] devices = [.. look.Devices];
        page.Family("usbipcluster_devices", Gauge, "This node's devices, by state.");
        foreach (var state in Enum.GetValues<DeviceState>())
            page.Sample("usbipcluster_devices", devices.Count(device => device.State == state), ("state", Rows.StateOf(state)));

        page.Family("usbipcluster_attachments", Gauge, "This node's attachments, by state.");
        foreach (var state in AttachmentWords)
            page.Sample("usbipcluster_attachments", look.Attachments.Attachments.Count(kept => kept.State == state), ("state", state));

        page.Family("usbipcluster_sessions", Gauge, "Sessions of this node: as the exporter of its devices, and as the importer of others.")
            .Sample("usbipcluster_sessions", devices.Count(device => device.State == DeviceState.InUse), ("role", "exporter"))
            .Sample("usbipcluster_sessions", look.Attachments.Attachments.Count(kept => kept.State == AttachmentStates.Attached), ("role", "importer"));

        page.One(
            "usbipcluster_leases",
            Gauge,
            "Leases of this node's devices that wait for their holder, or are kept for it.",
            devices.Count(device => device.State == DeviceState.Leased));

        var members = look.Members.Members.Values.ToArray();
        page.Family("usbipcluster_members", Gauge, "Members of the cluster, this node included, by whether this node hears them.")
            .Sample("usbipcluster_members", members.Count(member => member.Reachable), ("reachable", "true"))
            .Sample("usbipcluster_members", members.Count(member => !member.Reachable), ("reachable", "false"));
        page.One("usbipcluster_inventory_devices", Gauge, "Devices of all nodes that are known here.", look.View.Nodes.Values.Sum(node => node.Entry.Devices.Length));
        page.One(
            "usbipcluster_inventory_lag_seconds",
            Gauge,
            "For how long an entry of another node has been known to be out of date, the longest one; 0 when all are as their nodes say.",
            metrics.Lag.Longest.TotalSeconds);
    }

    private void WriteCounters(Exposition page)
    {
        page.Family("usbipcluster_events_total", Counter, "What has happened, by the kinds of 'usbipc events'.");
        foreach (var (kind, count) in metrics.Events.Counts)
            page.Sample("usbipcluster_events_total", count, ("kind", kind));

        page.Family("usbipcluster_reattaches_total", Counter, "Devices that were attached again after a loss, by what was lost.");
        foreach (var (reason, histogram) in metrics.Reattaches)
            page.Sample("usbipcluster_reattaches_total", histogram.Read().AtMost[^1], ("reason", Word(reason)));
        page.Family("usbipcluster_reattach_duration_seconds", "histogram", "From a loss until the device is usable again, by what was lost.");
        foreach (var (reason, histogram) in metrics.Reattaches)
            page.Histogram("usbipcluster_reattach_duration_seconds", histogram, "reason", Word(reason));

        page.One("usbipcluster_leases_granted_total", Counter, "Leases of this node's devices that were granted.", metrics.Leases);
        page.Family("usbipcluster_refusals_total", Counter, "Requests to this node that were refused, by what was asked for, and why.");
        Write("lease", metrics.Refusals.Leases);
        Write("import", metrics.Refusals.Imports);
        Write("connection", metrics.Refusals.Connections);

        void Write(string request, Tally refusals)
        {
            foreach (var (reason, count) in refusals.Counts)
                page.Sample("usbipcluster_refusals_total", count, ("request", request), ("reason", reason));
        }
    }

    private void WriteProcess(Exposition page)
    {
        page.One("process_start_time_seconds", Gauge, "When the process started.", version.Since.ToUnixTimeMilliseconds() / 1000.0);
        page.One("process_cpu_seconds_total", Counter, "Processor time that the process has used.", Environment.CpuUsage.TotalTime.TotalSeconds);
        page.One("process_resident_memory_bytes", Gauge, "Memory that is resident.", Environment.WorkingSet);
        page.One("process_open_fds", Gauge, "Descriptors that are open.", Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
    }

    private static string Word(LossReason reason) => JsonNamingPolicy.KebabCaseLower.ConvertName(reason.ToString());
}
