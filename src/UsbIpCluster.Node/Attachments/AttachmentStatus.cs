using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>An attachment as it is at one moment.</summary>
/// <param name="Id">Which attachment.</param>
/// <param name="Target">What it keeps attached.</param>
/// <param name="State">One of <see cref="AttachmentStates"/>.</param>
/// <param name="Since">Since when it is in that state.</param>
internal sealed record AttachmentStatus(AttachmentId Id, AttachmentTarget Target, string State, DateTimeOffset Since)
{
    /// <summary>The port that it has now.</summary>
    public PortNumber? Port { get; init; }

    /// <summary>The cluster's device that it has, tries, or had last.</summary>
    public ClusterDevice? Device { get; init; }

    /// <summary>What the exporter said of the device when it was imported last.</summary>
    public UsbDeviceRecord? Record { get; init; }

    /// <summary>The exporter's end of the session.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The device's bus id on this host.</summary>
    public BusId? LocalBusId { get; init; }

    /// <summary>How often it was attached again after a loss.</summary>
    public int Reattaches { get; init; }

    /// <summary>Why the last attempt or session ended.</summary>
    public string? LastError { get; init; }
}
