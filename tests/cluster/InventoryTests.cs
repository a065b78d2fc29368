using System.Text.Json;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Three nodes with one seed: one cluster, one inventory.</summary>
[Collection(ThreeNodes.Collection)]
public sealed class InventoryTests(ThreeNodes nodes, ITestOutputHelper output) : SharedClusterTest(nodes, output)
{
    [Fact]
    public async Task Three_nodes_with_one_seed_are_one_cluster()
    {
        foreach (var node in Cluster.Nodes)
        {
            var rows = (await node.Host.UsbipcAsync("nodes", "--json")).Rows(ControlJson.Default.IReadOnlyListNodeRow);
            Assert.Equal(
                [("lab1", "10.231.0.1:7240"), ("lab2", "10.231.0.2:7240"), ("lab3", "10.231.0.3:7240")],
                rows.Select(row => (row.Node, row.Address)));
            Assert.All(rows, row => Assert.True(row is { Status: "up", Reachable: true, Devices: 1 }, $"{node.Host.Name} says of {row}"));
            Assert.Equal(node.Host.Name, Assert.Single(rows, row => row.Self).Node);
        }
    }

    [Fact]
    public async Task Every_node_lists_every_device()
    {
        foreach (var node in Cluster.Nodes)
        {
            var rows = (await node.Host.UsbipcAsync("list", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow);
            Assert.Equal(
                [("lab1", "LAB1-0001", "available"), ("lab2", "LAB2-0001", "unbound"), ("lab3", "LAB3-0001", "available")],
                rows.Select(row => (row.Node, row.Serial, row.State)));
        }
    }

    [Fact]
    public async Task A_local_list_has_the_nodes_own_device_only()
    {
        var rows = (await Lab2.Host.UsbipcAsync("list", "--local", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow);
        Assert.Equal("lab2", Assert.Single(rows).Node);
    }

    [Fact]
    public async Task A_change_of_a_device_arrives_as_an_event_on_the_other_nodes_within_a_second()
    {
        var before = await Lab3.EventsAsync();
        var bound = await Lab2.BindAsync("serial=LAB2-0001");
        try
        {
            Assert.Equal("available", bound.State);
            var here = await Lab2.WaitForEventAsync(EventKinds.DeviceChanged, row => IsNew(row) && row.State == "available");
            var there = await Lab3.WaitForEventAsync(EventKinds.DeviceChanged, row => IsNew(row) && row.State == "available");
            Print($"lab3 heard of lab2's device {(there.Time - here.Time).TotalMilliseconds:0.0} ms after lab2");
            Assert.True(there.Time - here.Time < TimeSpan.FromSeconds(1), $"{there.Time - here.Time}");
        }
        finally
        {
            await Lab2.AskAsync((client, cancelled) => client.UnbindAsync(new UnbindParams("serial=LAB2-0001"), cancelled));
        }

        bool IsNew(EventRow row) => row.Node == "lab2" && (before.Count == 0 || row.Time > before[^1].Time);
    }

    [Fact]
    public async Task Events_of_another_nodes_device_are_printed_one_object_a_line()
    {
        var lines = (await Lab2.Host.UsbipcAsync("events", "--json")).Succeeded().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var rows = lines.Select(line => JsonSerializer.Deserialize(line, ControlJson.Default.EventRow)!).ToArray();
        Assert.Contains(rows, row => row is { Node: "lab1", Kind: EventKinds.DeviceAdded });
        Assert.Contains(rows, row => row is { Node: "lab1", Kind: EventKinds.DeviceChanged, State: "available" });
    }

    [Fact]
    public async Task Events_that_are_followed_arrive_as_they_happen_until_Ctrl_C()
    {
        using var follower = Command.Launch(Command.Start(Executables.Usbipc, ["--socket", Lab3.Host.Socket, "events", "--follow", "--json"]));
        using var deadline = new CancellationTokenSource(Until.Patience);
        await NextAsync(row => row is { Node: "lab1", Kind: EventKinds.DeviceAdded });

        var attached = await Lab2.AttachAsync("serial=LAB1-0001");
        await NextAsync(row => row is { Node: "lab1", State: "in-use" } && row.Holder == $"lab2/{attached.Id}");
        SystemCalls.Send(follower.Id, Signal.Interrupt);
        await follower.WaitForExitAsync(deadline.Token);
        Assert.Equal(130, follower.ExitCode);

        async Task NextAsync(Func<EventRow, bool> which)
        {
            while (await follower.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
            {
                if (which(JsonSerializer.Deserialize(line, ControlJson.Default.EventRow)!))
                    return;
            }

            Assert.Fail("the events ended");
        }
    }
}
