using System.Collections.Immutable;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>A device together with the node that has it, as seen from here.</summary>
/// <param name="Node">The exporter.</param>
/// <param name="Address">The exporter's cluster address.</param>
/// <param name="Reachable">Whether the exporter can be reached now; the entry is the last known one when not.</param>
/// <param name="Device">What the exporter says of it.</param>
public sealed record ClusterDevice(NodeName Node, string Address, bool Reachable, DeviceEntry Device)
{
    /// <summary>The device's full name, <c>node/busid</c>.</summary>
    public string FullName => $"{Node}/{Device.BusId}";
}

/// <summary>A node as seen from here.</summary>
/// <param name="Entry">What it last said of itself.</param>
/// <param name="Reachable">Whether it can be reached now.</param>
public sealed record ClusterNode(NodeEntry Entry, bool Reachable);

/// <summary>The cluster's inventory as this node knows it, at one moment; immutable.</summary>
/// <param name="Self">This node.</param>
/// <param name="Nodes">Every node that is known, this one included.</param>
public sealed record InventoryView(NodeName Self, ImmutableSortedDictionary<NodeName, ClusterNode> Nodes)
{
    /// <summary>A node that knows nobody yet.</summary>
    public static InventoryView Of(NodeEntry self) =>
        new(self.Node, ImmutableSortedDictionary<NodeName, ClusterNode>.Empty.Add(self.Node, new ClusterNode(self, Reachable: true)));

    /// <summary>Every device, ordered by node and bus id.</summary>
    public IEnumerable<ClusterDevice> Devices =>
        from node in Nodes.Values
        from device in node.Entry.Devices
        select new ClusterDevice(node.Entry.Node, node.Entry.Address, node.Reachable, device);

    /// <summary>Whether the node of that name is the one at a cluster address; null while nothing is known of it.</summary>
    public bool? IsAt(NodeName name, string address) => Nodes.TryGetValue(name, out var node) ? node.Entry.Address == address : null;

    /// <summary>The devices that a selector names.</summary>
    public IReadOnlyList<ClusterDevice> Find(Selector selector) => [.. Devices.Where(device => selector.Matches(device, Self))];

    /// <summary>One device by its place; null when it is not there.</summary>
    public ClusterDevice? Find(NodeName node, BusId busId) =>
        Nodes.TryGetValue(node, out var known) && known.Entry.Devices.FirstOrDefault(d => d.BusId == busId) is { } device
            ? new ClusterDevice(node, known.Entry.Address, known.Reachable, device)
            : null;
}
