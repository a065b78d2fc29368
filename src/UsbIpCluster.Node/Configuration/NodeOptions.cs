using Microsoft.Extensions.Logging;
using System.Collections.Immutable;
using System.Net;

using UsbIpCluster.Certificates;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>The exporters that a node can have.</summary>
internal enum ExporterKind
{
    /// <summary>The kernel's usbip-host.</summary>
    Kernel,

    /// <summary>Devices that this program plays.</summary>
    Simulated,
}

/// <summary>The host controllers that a node can have.</summary>
internal enum HostControllerKind
{
    /// <summary>The kernel's vhci_hcd.</summary>
    Kernel,

    /// <summary>One that enumerates a device in this program.</summary>
    Simulated,

    /// <summary>None: the node only exports.</summary>
    None,
}

/// <summary>How the daemon logs.</summary>
internal enum LogFormat
{
    /// <summary>A line of text.</summary>
    Text,

    /// <summary>A line of JSON.</summary>
    Json,
}

/// <summary>Everything that a daemon is told: the configuration file, then the environment, then the command line.</summary>
internal sealed record NodeOptions
{
    /// <summary>The port of USB/IP (IANA).</summary>
    public const int UsbIpPort = 3240;

    /// <summary>The port of the cluster.</summary>
    public const int ClusterPort = 7240;

    /// <summary>This node's name.</summary>
    public required NodeName Node { get; init; }

    /// <summary>The state folder.</summary>
    public required string State { get; init; }

    /// <summary>The control socket.</summary>
    public required string Control { get; init; }

    /// <summary>Where USB/IP is served.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Where importers reach <see cref="Listen"/>, when that is not the address of the cluster link.</summary>
    public required ImmutableArray<NetworkAddress> Advertise { get; init; }

    /// <summary>Where the cluster is served.</summary>
    public required IPEndPoint ClusterListen { get; init; }

    /// <summary>What it shows its peers, and whom it believes; null without TLS.</summary>
    public required TlsFiles? Tls { get; init; }

    /// <summary>Where this node knocks.</summary>
    public required ImmutableArray<NetworkAddress> Seeds { get; init; }

    /// <summary>How long a node may be unreachable until it is removed from the cluster.</summary>
    public required TimeSpan RemoveAfter { get; init; }

    /// <summary>Which devices it exports.</summary>
    public required ImmutableArray<ExporterKind> Exporters { get; init; }

    /// <summary>How many devices it plays, where it plays any.</summary>
    public required int SimulatedDevices { get; init; }

    /// <summary>What it exports by itself: the first rule that matches a device counts.</summary>
    public required ImmutableArray<ExportRule> Exports { get; init; }

    /// <summary>Where it attaches devices.</summary>
    public required HostControllerKind HostController { get; init; }

    /// <summary>Who may import without a lease, besides the cluster's nodes. Of IPv4 where it was written as IPv4-mapped IPv6.</summary>
    public required ImmutableArray<IPNetwork> PlainClients { get; init; }

    /// <summary>What strangers can cost the USB/IP port.</summary>
    public required ListenerLimits Limits { get; init; }

    /// <summary>When a session's connection counts as lost.</summary>
    public required SessionSocketOptions KeepAlive { get; init; }

    /// <summary>What runs when something happens to a device.</summary>
    public required HookOptions Hooks { get; init; }

    /// <summary>Where metrics and health are served by HTTP; null for nowhere.</summary>
    public required IPEndPoint? HttpListen { get; init; }

    /// <summary>The least that is logged.</summary>
    public required LogLevel LogLevel { get; init; }

    /// <summary>How it is logged.</summary>
    public required LogFormat LogFormat { get; init; }
}
