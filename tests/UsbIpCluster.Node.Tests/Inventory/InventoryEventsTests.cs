using System.Collections.Immutable;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

public sealed class InventoryEventsTests
{
    private static readonly InventoryView Alone = Samples.View("lab1", Samples.Node("lab1"));

    [Fact]
    public void The_first_view_is_no_event() => Assert.Empty(InventoryEvents.Between(null, With("lab2", Samples.Entry("1-1")), Samples.Time));

    [Fact]
    public void The_same_view_is_no_event() => Assert.Empty(InventoryEvents.Between(Alone, Alone, Samples.Time));

    [Fact]
    public void A_new_node_is_up_and_its_devices_are_added()
    {
        var rows = Between(Alone, With("lab2", Samples.Entry("1-1")));
        Assert.Equal([(EventKinds.NodeUp, "lab2", null), (EventKinds.DeviceAdded, "lab2", "1-1")], rows);
    }

    [Fact]
    public void A_node_that_is_removed_is_one_event() =>
        Assert.Equal([(EventKinds.NodeRemoved, "lab2", null)], Between(With("lab2", Samples.Entry("1-1")), Alone));

    [Fact]
    public void A_node_that_comes_and_goes_is_told_with_its_reachability()
    {
        var near = With("lab2");
        var far = near with { Nodes = near.Nodes.SetItem(Samples.Lab2, near.Nodes[Samples.Lab2] with { Reachable = false }) };
        Assert.Equal([(EventKinds.NodeUnreachable, "lab2", null)], Between(near, far));
        Assert.Equal([(EventKinds.NodeReachable, "lab2", null)], Between(far, near));
    }

    [Fact]
    public void Devices_of_another_node_come_change_and_go()
    {
        var before = With("lab2", Samples.Entry("1-1"), Samples.Entry("1-2"), Samples.Entry("1-3"));
        var after = With("lab2", Samples.Entry("1-1"), Samples.Entry("1-2", DeviceState.Unbound), Samples.Entry("1-4"));
        Assert.Equal(
            [(EventKinds.DeviceChanged, "lab2", "1-2"), (EventKinds.DeviceAdded, "lab2", "1-4"), (EventKinds.DeviceRemoved, "lab2", "1-3")],
            Between(before, after));
    }

    [Fact]
    public void A_device_of_this_node_changes_but_its_coming_and_going_is_told_by_others()
    {
        var before = With("lab1", Samples.Entry("1-1"), Samples.Entry("1-2"));
        var after = With("lab1", Samples.Entry("1-1", DeviceState.Unbound), Samples.Entry("1-3"));
        Assert.Equal([(EventKinds.DeviceChanged, "lab1", "1-1")], Between(before, after));
    }

    [Fact]
    public void An_event_tells_the_device_its_state_and_its_holder()
    {
        var after = With("lab2", Samples.Entry("1-1", DeviceState.InUse, "lab3/a1"));
        var row = InventoryEvents.Between(With("lab2", Samples.Entry("1-1")), after, Samples.Time).Single();
        Assert.Equal(
            new EventRow(Samples.Time, "lab2", EventKinds.DeviceChanged, "1-1", "lab2/1-1 0525:a4a5 serial=S-1-1 Product 1-1")
            {
                State = "in-use",
                Holder = "lab3/a1",
            },
            row);
    }

    [Fact]
    public void A_device_that_is_gone_has_no_state() =>
        Assert.Null(InventoryEvents.Between(With("lab2", Samples.Entry("1-1")), With("lab2"), Samples.Time).Single().State);

    private static InventoryView With(string node, params DeviceEntry[] devices) => node == "lab1"
        ? Samples.View("lab1", Samples.Node("lab1", devices))
        : Samples.View("lab1", Samples.Node("lab1"), Samples.Node(node, devices));

    private static IEnumerable<(string, string, string?)> Between(InventoryView before, InventoryView after) =>
        InventoryEvents.Between(before, after, Samples.Time).Select(row => (row.Kind, row.Node, row.BusId));
}
