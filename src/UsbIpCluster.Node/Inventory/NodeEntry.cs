using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>
/// Everything that a node says of itself. It is the only writer of its entry; of two entries of a node, the one with the higher
/// incarnation holds, then the one with the higher version.
/// </summary>
/// <param name="Node">Who says it.</param>
/// <param name="Incarnation">Start of its daemon, in 100 ns since 0001; grows with every restart.</param>
/// <param name="Version">Counts the changes of this incarnation.</param>
/// <param name="Address">Its cluster address, as <c>akka.tcp://usbipcluster@host:port</c>.</param>
/// <param name="Software">The daemon's version.</param>
/// <param name="Since">When the daemon started.</param>
/// <param name="Attachments">How many attachments it keeps.</param>
/// <param name="Draining">Whether it gives out no new leases.</param>
/// <param name="Devices">Its local devices, ordered by bus id.</param>
/// <param name="Wire">The minor version of messages that it understands, see <see cref="NodeSerializer"/>; 0 when it does not say.</param>
/// <param name="Endpoints">Where importers reach its USB/IP port, in order; null when it does not say.</param>
public sealed record NodeEntry(
    NodeName Node,
    long Incarnation,
    long Version,
    string Address,
    string Software,
    DateTimeOffset Since,
    int Attachments,
    bool Draining,
    ImmutableArray<DeviceEntry> Devices,
    int Wire = 0,
    ImmutableArray<NetworkAddress>? Endpoints = null)
{
    /// <summary>The highest incarnation that there is: the last moment that a clock can show.</summary>
    public static readonly long MaxIncarnation = DateTime.MaxValue.Ticks;

    /// <summary>How many devices a node has at most.</summary>
    public const int MaxDevices = 4096;

    /// <summary>Whether this entry replaces <paramref name="other"/> of the same node.</summary>
    public bool IsNewerThan(NodeEntry other) =>
        (Incarnation, Version).CompareTo((other.Incarnation, other.Version)) > 0;

    /// <summary>The entry of the same node when it begins anew. Clocks are set back, too.</summary>
    public NodeEntry BegunAnew(DateTimeOffset now) => this with { Incarnation = Math.Max(Incarnation + 1, now.UtcTicks) };
}
