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
}

/// <summary>What every attachment of this node needs to know.</summary>
/// <param name="Node">This node.</param>
/// <param name="SocketOptions">How its sessions notice a dead peer.</param>
/// <param name="State">What it must not forget.</param>
internal sealed record AttachmentSettings(NodeName Node, Devices.SessionSocketOptions SocketOptions, StateFolder State);
