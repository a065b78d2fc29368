using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>An attachment as it is at one moment.</summary>
/// <param name="Plan">What it is to do.</param>
/// <param name="State">One of <see cref="AttachmentStates"/>.</param>
/// <param name="Since">Since when it is in that state.</param>
internal sealed record AttachmentStatus(AttachmentPlan Plan, string State, DateTimeOffset Since)
{
    /// <summary>Which attachment.</summary>
    public AttachmentId Id => Plan.Id;

    /// <summary>What it keeps attached.</summary>
    public AttachmentTarget Target => Plan.Target;

    /// <summary>The session that it has now, in a port.</summary>
    public PortSession? Session { get; init; }

    /// <summary>The port that it has now.</summary>
    public PortNumber? Port => Session?.Port;

    /// <summary>The device that it has, tries, or had last.</summary>
    public AttachedDevice? Device { get; init; }

    /// <summary>The lease that it had last.</summary>
    public HeldLease? Lease { get; init; }

    /// <summary>The exporter's end of the last session.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The device's bus id on this host.</summary>
    public BusId? LocalBusId { get; init; }

    /// <summary>How often it was attached again after a loss.</summary>
    public int Reattaches { get; init; }

    /// <summary>Why the last attempt or session ended.</summary>
    public string? LastError { get; init; }

    /// <summary>Whether nothing but a free port is missing.</summary>
    public bool NeedsPort { get; init; }
}
