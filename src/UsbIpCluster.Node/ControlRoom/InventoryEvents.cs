using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>What happened between two views of the inventory, as events.</summary>
internal static class InventoryEvents
{
    /// <summary>
    /// The events, nodes first. A local device's coming and going is left out: its exporter's manager tells it with the moment at which
    /// the kernel did.
    /// </summary>
    public static IEnumerable<EventRow> Between(InventoryView? before, InventoryView after, DateTimeOffset time)
    {
        if (before is null)
            yield break;
        foreach (var (name, node) in after.Nodes)
        {
            var known = before.Nodes.GetValueOrDefault(name);
            if (known is null)
                yield return new EventRow(time, name.Value, EventKinds.NodeUp);
            else if (known.Reachable != node.Reachable)
                yield return new EventRow(time, name.Value, node.Reachable ? EventKinds.NodeReachable : EventKinds.NodeUnreachable);
            if (known?.Entry.Devices.Equals(node.Entry.Devices) != true)
            {
                foreach (var row in Devices(known, node, local: name == after.Self, time))
                    yield return row;
            }
        }

        foreach (var name in before.Nodes.Keys.Where(name => !after.Nodes.ContainsKey(name)))
            yield return new EventRow(time, name.Value, EventKinds.NodeRemoved);
    }

    /// <summary>The nodes whose own row differs: how many attachments they have, whether they drain, since when they run.</summary>
    public static IEnumerable<NodeName> ChangedNodes(InventoryView? before, InventoryView after) =>
        from node in after.Nodes
        where before?.Nodes.GetValueOrDefault(node.Key) is { Entry: var known }
            && (known.Attachments, known.Draining, known.Since) != (node.Value.Entry.Attachments, node.Value.Entry.Draining, node.Value.Entry.Since)
        select node.Key;

    private static IEnumerable<EventRow> Devices(ClusterNode? before, ClusterNode after, bool local, DateTimeOffset time)
    {
        var known = before?.Entry.Devices.ToDictionary(device => device.BusId) ?? [];
        foreach (var device in after.Entry.Devices)
        {
            if (!known.Remove(device.BusId, out var was))
            {
                if (!local)
                    yield return Row(EventKinds.DeviceAdded, device);
            }
            else if (was != device)
            {
                yield return Row(EventKinds.DeviceChanged, device);
            }
        }

        if (local)
            yield break;
        foreach (var gone in known.Values)
            yield return Row(EventKinds.DeviceRemoved, gone);

        EventRow Row(string kind, DeviceEntry device) => new(
            time,
            after.Entry.Node.Value,
            kind,
            device.BusId.Value,
            Rows.Describe(new ClusterDevice(after.Entry.Node, after.Entry.Address, after.Reachable, device)),
            State: kind == EventKinds.DeviceRemoved ? null : Rows.StateOf(device.State),
            Holder: device.Holder);
    }
}
