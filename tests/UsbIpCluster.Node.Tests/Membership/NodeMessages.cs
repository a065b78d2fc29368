using System.Collections.Immutable;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>One of each message between nodes, with everything in it that it can have, and some with less.</summary>
internal static class NodeMessages
{
    public static ImmutableArray<INodeMessage> All { get; } =
    [
        new InventoryActor.Announce(Samples.Node(
            "lab1",
            Samples.Entry("1-1", DeviceState.InUse, "lab2/a1") with { Name = "golden" },
            Samples.Entry("1-2") with { Interfaces = [], Speed = UsbSpeed.SuperPlus }) with { Endpoints = [] }),
        new InventoryActor.Announce(Samples.Node("lab1", Bare) with { Endpoints = [] }),
        new InventoryActor.Announce(
            Samples.Node("lab1") with { Incarnation = NodeEntry.MaxIncarnation, Wire = 7, Endpoints = [] }, Guid.NewGuid()),
        new InventoryActor.Delta(
            Samples.Lab1, 5, 1, 3, Draining: true, Samples.Entry("1-1", DeviceState.InUse, "lab2/a1") with { Name = "golden" }, Gone: null),
        new InventoryActor.Delta(Samples.Lab1, 5, 2, 0, Draining: false, Put: null, Samples.BusId),
        new InventoryActor.Digest([new InventoryActor.DigestLine(Samples.Lab1, long.MaxValue, 3), new InventoryActor.DigestLine(Samples.Lab2, 1, 0)]),
        new InventoryActor.Digest([]),
        new InventoryActor.Pull(),
        new InventoryActor.Pull(Guid.NewGuid()),
        new MembershipActor.Knock(
            Guid.NewGuid(),
            Samples.AddressOf("lab1"),
            new ClusterIdentity(Samples.Time.AddTicks(1), Guid.NewGuid(), Samples.AddressOf("lab2")),
            KnowsYou: true),
        new MembershipActor.Knock(Guid.Empty, Samples.AddressOf("lab1"), null, KnowsYou: false),
        new MembershipActor.KnockAnswer(
            Guid.NewGuid(),
            Samples.AddressOf("lab1"),
            new ClusterIdentity(Samples.Time, Guid.Empty, Samples.AddressOf("lab1")),
            KnowsYou: false),
        new MembershipActor.KnockAnswer(Guid.Empty, Samples.AddressOf("lab1"), null, KnowsYou: true),
        new RequestLease(Samples.BusId, Samples.Holder),
        new RequestLease(Samples.BusId, Samples.Holder, "läb", new AttachmentId(3), Steal: true),
        new LeaseGranted(
            LeaseId.New(),
            new Epoch(ulong.MaxValue),
            Samples.BusId,
            [new NetworkAddress("lab1", 3240), new NetworkAddress("10.0.0.1", 1), new NetworkAddress("fd00::1", 65535)],
            TimeSpan.FromSeconds(10),
            Samples.Secret),
        new LeaseRefused(LeaseRefusal.Busy, "lab1/1-1 is held by \"läb\"\n"),
        new LeaseRefused(LeaseRefusal.Busy, "lab1/1-1 is held by lab3/a7", Samples.OtherHolder),
        new LeaseStolen(Samples.Lab1, Samples.BusId, Samples.Holder, new Epoch(3), Samples.OtherHolder, "alice"),
        new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(0)),
        new InventoryActor.Announce(Samples.Node("lab1") with { Endpoints = [new NetworkAddress("fd00::1", 3240), new NetworkAddress("lab1", 1)] }),
        new Examine(Guid.NewGuid(), TimeSpan.FromSeconds(7)),
        new ExaminationBegun(Guid.NewGuid(), Samples.Time.AddTicks(1), Busy: true),
        new ExaminationDone(
            Guid.NewGuid(),
            [
                new Probe(Samples.AddressOf("lab2"), Door.UsbIp, new NetworkAddress("10.0.0.1", 3240), null),
                new Probe(Samples.AddressOf("lab3"), Door.Cluster, new NetworkAddress("lab3", 7240), "\"nö\"\n"),
            ]),
        new ExaminationDone(Guid.Empty, []),
    ];

    /// <summary>A device without any string, as cheap ones are.</summary>
    private static DeviceEntry Bare => Samples.Entry("1-3") with { Serial = null, Manufacturer = null, Product = null };
}
