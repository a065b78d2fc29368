using System.Collections.Immutable;
using System.Text.Json;
using UsbIpCluster.Control;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// Runs once, with a device that does not exist, what the first peer and the first command would otherwise wait for: code is generated
/// when it first runs, and on a slow processor that takes a second for the messages between nodes alone.
/// </summary>
internal static class Rehearsal
{
    /// <summary>Writes and reads an entry, compares two inventories, and writes the rows of both.</summary>
    public static void Run(NodeEntry self)
    {
        var device = new DeviceEntry(
            BusId.Parse("1-1"), 0, 0, "", "", "", default, [default], UsbSpeed.High, "", DeviceState.Unbound, null, null, default, null);
        var entry = self with { Address = $"akka.tcp://{ClusterAddress.SystemName}@localhost:7240", Devices = [device] };
        NodeSerializer.Rehearse(entry);

        var before = InventoryView.Of(self);
        var after = InventoryView.Of(entry);
        ImmutableArray<EventRow> events = [.. InventoryEvents.Between(before, after, self.Since)];
        ImmutableArray<DeviceRow> rows = [.. after.Devices.Select(Rows.Of)];
        JsonSerializer.SerializeToUtf8Bytes(events, ControlJson.Default.IReadOnlyListEventRow);
        JsonSerializer.SerializeToUtf8Bytes(rows, ControlJson.Default.IReadOnlyListDeviceRow);
    }
}
