using System.Collections.Immutable;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Values that are right in every respect, for tests to change in the one that they are about.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Time = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public static NodeName Lab1 { get; } = NodeName.Parse("lab1");

    public static NodeName Lab2 { get; } = NodeName.Parse("lab2");

    public static BusId BusId { get; } = BusId.Parse("1-1");

    public static Holder Holder { get; } = new(Lab2, new AttachmentId(1));

    /// <summary>Exported to everybody.</summary>
    public static ExportDecision Exported { get; } = new(Export: true, Name: null, Access.Open);

    /// <summary>Not exported, but for everybody if it is.</summary>
    public static ExportDecision NotExported { get; } = new(Export: false, Name: null, Access.Open);

    public static ResumeSecret Secret { get; } = ResumeSecret.New();

    public static Holder OtherHolder { get; } = new(NodeName.Parse("lab3"), new AttachmentId(7));

    public static DeviceEntry Entry(string busId, DeviceState state = DeviceState.Available, string? holder = null) => new(
        BusId.Parse(busId),
        0x0525,
        0xa4a5,
        "S-" + busId,
        "Maker",
        "Product " + busId,
        default,
        [new UsbClass(8, 6, 80)],
        UsbSpeed.High,
        "kernel",
        state,
        holder,
        null,
        default,
        null);

    public static NodeEntry Node(string name, params DeviceEntry[] devices) => new(
        NodeName.Parse(name), 1, 1, AddressOf(name), "1.0", Time, 0, Draining: false, [.. devices]);

    /// <summary>A cluster address for each name.</summary>
    public static string AddressOf(string name) => $"akka.tcp://usbipcluster@{name}:7240";

    public static ClusterDevice Device(string node, DeviceEntry entry, bool reachable = true) =>
        new(NodeName.Parse(node), AddressOf(node), reachable, entry);

    /// <summary>What a node knows of these, all of which it can reach.</summary>
    public static InventoryView View(string self, params NodeEntry[] nodes) => new(
        NodeName.Parse(self), nodes.ToImmutableSortedDictionary(node => node.Node, node => new ClusterNode(node, Reachable: true)));

    public static UsbDeviceRecord Record(string busId) => new(
        $"/sys/devices/test/{busId}",
        BusId.Parse(busId),
        new DeviceId(1, 2),
        UsbSpeed.High,
        0x0525,
        0xa4a5,
        0x0100,
        default,
        ConfigurationValue: 1,
        ConfigurationCount: 1,
        InterfaceCount: 1);

    /// <summary>A lease of lab1's device 1-1.</summary>
    public static LeaseGranted Lease(ulong epoch) => new(
        LeaseId.New(), new Epoch(epoch), BusId, [new NetworkAddress("10.0.0.1", 3240)], TimeSpan.FromSeconds(10), Secret);

    /// <summary>A session with lab1's device 1-1 in this port.</summary>
    public static PortSession Session(int port) =>
        new(new PortNumber(port), new PortOrigin("10.0.0.1", "3240", BusId), Record("1-1").DeviceId);

    public static LocalDevice Local(string busId, ExportStatus status) =>
        new(Record(busId), [new UsbClass(8, 6, 80)], "S-" + busId, "Maker", "Product " + busId, status);

    public static Selector Selector(string text) =>
        UsbIpCluster.Node.Selector.TryParse(text, out var selector, out var problem) ? selector : throw new FormatException(problem);
}
