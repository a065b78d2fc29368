using Akka.Actor;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>This node's devices out.</summary>
public sealed class InventoryActorTests : InventoryActorSpec
{
    [Fact]
    public async Task A_node_starts_with_itself_and_no_devices()
    {
        var view = await ViewAsync();
        Assert.Equal(Samples.Lab1, view.Self);
        var self = Assert.Single(view.Nodes).Value;
        Assert.True(self.Reachable);
        Assert.Empty(self.Entry.Devices);
    }

    [Fact]
    public async Task Devices_of_this_node_are_ordered_by_bus_id()
    {
        Tell(new InventoryActor.LocalDevice(Samples.Entry("2-1")));
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-2")));
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Assert.Equal(["1-1", "1-2", "2-1"], (await ViewAsync()).Devices.Select(device => device.Device.BusId.Value));
    }

    [Fact]
    public async Task A_device_thatChanges_takes_its_own_place()
    {
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1", DeviceState.Leased, "lab2/a1")));
        Assert.Equal(Samples.Entry("1-1", DeviceState.Leased, "lab2/a1"), Assert.Single((await ViewAsync()).Devices).Device);
    }

    [Fact]
    public async Task A_device_that_has_gone_is_forgotten()
    {
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Tell(new InventoryActor.LocalDeviceGone(BusId.Parse("1-1")));
        Assert.Empty((await ViewAsync()).Devices);
    }

    [Fact]
    public async Task Every_change_of_this_node_counts_its_version_up_and_is_published()
    {
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Tell(new InventoryActor.LocalAttachments(3));
        Assert.Equal(1, SelfIn(await Changes.ExpectMsgAsync<InventoryActor.Changed>()).Version);
        var last = await Changes.ExpectMsgAsync<InventoryActor.Changed>();
        Assert.Equal((2, 3), (SelfIn(last).Version, SelfIn(last).Attachments));
        Assert.Equal(1, last.Previous!.Nodes[Samples.Lab1].Entry.Version);
    }

    [Fact]
    public async Task Every_change_is_sent_to_the_nodes_that_can_be_reached()
    {
        await MeetAsync();
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        var announced = (await Other.ExpectMsgAsync<InventoryActor.Announce>()).Entry;
        Assert.Equal((Samples.Lab1, 1L), (announced.Node, announced.Version));
        Assert.Equal([Samples.Entry("1-1")], announced.Devices.ToArray());
    }

    [Fact]
    public async Task Nothing_is_sent_to_a_node_that_can_not_be_reached()
    {
        Tell(Members((OtherAddress, false)));
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        await SettleAsync(Inventory);
        Advance(InventoryActor.DigestInterval);
        await SettleAsync(Inventory);
        ExpectNothing(Other);
    }

    [Fact]
    public async Task A_node_that_is_new_or_back_gets_the_whole_entry()
    {
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Tell(Members((OtherAddress, true)));
        Assert.Single((await Other.ExpectMsgAsync<InventoryActor.Announce>()).Entry.Devices);
        Tell(Members((OtherAddress, false)));
        Tell(Members((OtherAddress, true)));
        Assert.Single((await Other.ExpectMsgAsync<InventoryActor.Announce>()).Entry.Devices);
        ExpectNothing(Other);
    }
}
