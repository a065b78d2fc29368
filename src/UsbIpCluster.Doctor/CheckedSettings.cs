using System.Net;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Doctor;

/// <summary>What the checks of a machine need to know of its daemon's configuration.</summary>
public sealed record CheckedSettings
{
    /// <summary>The port of USB/IP (IANA).</summary>
    public const int UsbIpPort = 3240;

    /// <summary>The node's name.</summary>
    public required string Node { get; init; }

    /// <summary>The state folder.</summary>
    public string State { get; init; } = "/var/lib/usbipcluster";

    /// <summary>The control socket.</summary>
    public string Control { get; init; } = ControlSocket.DefaultPath;

    /// <summary>The port where it serves USB/IP.</summary>
    public int ListenPort { get; init; } = UsbIpPort;

    /// <summary>Where it serves the cluster; null where the default holds, which depends on the two that follow.</summary>
    public IPEndPoint? ClusterListen { get; init; }

    /// <summary>What protects the links between nodes; null without TLS.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>Whether it may serve the cluster without TLS.</summary>
    public bool Insecure { get; init; }

    /// <summary>Whether devices are exported with usbip-host.</summary>
    public bool ExportsByKernel { get; init; } = true;

    /// <summary>Whether devices are attached with vhci-hcd.</summary>
    public bool AttachesByKernel { get; init; } = true;

    /// <summary>Whether plain USB/IP clients of every address may import.</summary>
    public bool AdmitsEverybody { get; init; }

    /// <summary>Whether only this machine reaches the cluster port.</summary>
    public bool IsAlone => ClusterListen is { } given ? IPAddress.IsLoopback(given.Address) : Tls is null && !Insecure;
}

/// <summary>What only the daemon itself knows.</summary>
/// <param name="AttachesByKernel">Whether it found vhci-hcd when it started.</param>
/// <param name="Ends">When its certificate ends, or the CA's; null without TLS.</param>
public sealed record DaemonFacts(bool AttachesByKernel, DateTimeOffset? Ends);
