using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>What an attachment keeps attached.</summary>
internal abstract record AttachmentTarget
{
    /// <summary>A device of the cluster, wherever it is.</summary>
    public sealed record Device(Selector Selector) : AttachmentTarget
    {
        /// <inheritdoc/>
        public override string ToString() => Selector.Text;
    }

    /// <summary>A device of a plain USB/IP server, which knows no leases.</summary>
    public sealed record Plain(NetworkAddress Server, BusId BusId) : AttachmentTarget
    {
        /// <inheritdoc/>
        public override string ToString() => $"{Server} {BusId}";
    }
}

/// <summary>A device as an attachment knows it, whether or not the inventory still does.</summary>
/// <param name="Node">The exporter's node; null for a plain USB/IP server's device.</param>
/// <param name="BusId">Its bus id there.</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Serial">Its serial number, when it has one.</param>
/// <param name="Product">Its product's name, when it has one.</param>
internal sealed record AttachedDevice(NodeName? Node, BusId BusId, ushort VendorId, ushort ProductId, string? Serial, string? Product)
{
    /// <summary>The device's full name, <c>node/busid</c>; the bus id alone on a plain server.</summary>
    public string FullName => Node is { } node ? $"{node}/{BusId}" : BusId.Value;

    /// <summary>A device of the inventory.</summary>
    public static AttachedDevice Of(ClusterDevice device) => new(
        device.Node, device.Device.BusId, device.Device.VendorId, device.Device.ProductId, device.Device.Serial, device.Device.Product);

    /// <summary>A plain server's device, of which its import tells no more.</summary>
    public static AttachedDevice Of(UsbDeviceRecord record) => new(null, record.BusId, record.VendorId, record.ProductId, null, null);

    /// <summary>Whether it is this one, at the same place.</summary>
    public bool Is(ClusterDevice device) => device.Node == Node && device.Device.BusId == BusId;
}

/// <summary>A lease, and where it comes from.</summary>
/// <param name="Exporter">The exporter's node.</param>
/// <param name="Address">Its cluster address.</param>
/// <param name="Lease">The lease.</param>
internal sealed record HeldLease(NodeName Exporter, string Address, LeaseGranted Lease);

/// <summary>A session in a port, as it can be recognized by somebody who did not make it.</summary>
/// <param name="Port">The port.</param>
/// <param name="Origin">The exporter's end.</param>
/// <param name="DeviceId">The exporter's id of the device, which another device in its place does not have.</param>
internal sealed record PortSession(PortNumber Port, PortOrigin Origin, DeviceId DeviceId)
{
    /// <summary>Whether this may be it. What the port does not tell (vhci_hcd in state 5, a lost record) speaks against nothing.</summary>
    public bool IsAt(HostPort port) =>
        port.Port == Port && port.Status != PortStatus.Free
        && (port.Origin is null || port.Origin == Origin) && (port.DeviceId is null || port.DeviceId == DeviceId);
}

/// <summary>What an attachment is about to attach: the target, found.</summary>
internal abstract record AttachmentSource
{
    /// <summary>A device of the cluster, by lease.</summary>
    /// <param name="Device">The device.</param>
    /// <param name="Request">What its node is asked.</param>
    public sealed record Leased(ClusterDevice Device, RequestLease Request) : AttachmentSource;

    /// <summary>The device that a lease was for, whose node can't be asked for another one.</summary>
    /// <param name="Lease">The lease that it had, with the epoch that it takes now.</param>
    public sealed record Resumed(LeaseGranted Lease) : AttachmentSource;

    /// <summary>A device of a plain USB/IP server.</summary>
    public sealed record Plain(NetworkAddress Server, BusId BusId) : AttachmentSource;

    /// <summary>A session that was there before this actor, and that may still live.</summary>
    /// <param name="Session">The session.</param>
    /// <param name="Lease">The lease under which it was begun; null for a plain server's.</param>
    public sealed record Adopted(PortSession Session, LeaseGranted? Lease) : AttachmentSource;
}

/// <summary>What every attachment of this node needs to know.</summary>
/// <param name="Node">This node.</param>
/// <param name="SocketOptions">How its sessions notice a dead peer, at the start.</param>
/// <param name="State">What it must not forget.</param>
internal sealed record AttachmentSettings(NodeName Node, SessionSocketOptions SocketOptions, StateFolder State)
{
    /// <summary>How the sessions that begin from now on notice a dead peer.</summary>
    public SessionSocketOptions SocketOptions { get; set; } = SocketOptions;

    /// <summary>The attachments on the disk: one for the daemon, whose writes are carried out in order whatever becomes of the actors.</summary>
    public KeptAttachmentsFile File { get; } = new(State);

    /// <summary>What is counted.</summary>
    public NodeMetrics Metrics { get; init; } = new();

    /// <summary>Who holds attachments. One for the daemon, too: connections outlive the actors.</summary>
    public Holders Holders { get; init; } = new(new Processes(new Sysfs()));
}
