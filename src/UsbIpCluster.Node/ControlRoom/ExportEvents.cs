using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>What became of a local device between two of its entries, as events.</summary>
internal static class ExportEvents
{
    /// <summary>The events, in the order in which they happen: exported before it is leased, released before it is not exported.</summary>
    /// <param name="node">This node.</param>
    /// <param name="before">What was shown of the device.</param>
    /// <param name="after">What is shown now; null when it is gone.</param>
    /// <param name="time">When.</param>
    public static IEnumerable<EventRow> Between(NodeName node, DeviceEntry before, DeviceEntry? after, DateTimeOffset time)
    {
        var (was, isNow) = (IsExported(before), after is not null && IsExported(after));
        if (before.Holder is not null && before.Holder != after?.Holder)
            yield return Row(EventKinds.Released, before, before);
        if (was && !isNow)
            yield return Row(EventKinds.Unexported, before, holder: null);
        if (!was && isNow)
            yield return Row(EventKinds.Exported, after!, holder: null);
        if (after?.Holder is not null && before.Holder != after.Holder)
            yield return Row(EventKinds.Leased, after, after);

        EventRow Row(string kind, DeviceEntry device, DeviceEntry? holder) => new(
            time,
            node.Value,
            kind,
            device.BusId.Value,
            Rows.Describe(new ClusterDevice(node, "", Reachable: true, device)),
            Holder: holder?.Holder,
            Vid: Rows.Hex(device.VendorId),
            Pid: Rows.Hex(device.ProductId),
            Serial: device.Serial,
            Product: device.Product,
            Peer: Holder.Parse(holder?.Holder)?.Node.Value ?? holder?.Holder,
            User: holder?.User);
    }

    private static bool IsExported(DeviceEntry device) => device.State != DeviceState.Unbound;
}
