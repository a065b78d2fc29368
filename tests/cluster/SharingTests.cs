using System.Diagnostics;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Taking a device from somebody, taking a node's devices out of service, and two devices of one name.</summary>
[Collection(ThreeNodes.Collection)]
public sealed class SharingTests(ThreeNodes nodes, ITestOutputHelper output) : SharedClusterTest(nodes, output)
{
    private const string Device = "serial=LAB1-0001";

    [Fact]
    public async Task A_device_that_is_stolen_is_not_fought_for_and_is_back_when_the_thief_detaches_it()
    {
        var robbed = await Lab2.AttachAsync(Device);
        (await Lab3.Host.UsbipcAsync("attach", Device)).Failed(4, $"is held by lab2/{robbed.Id}");

        var start = Stopwatch.GetTimestamp();
        var thief = Assert.Single((await Lab3.Host.UsbipcAsync("attach", Device, "--steal", "--wait=20s", "--json"))
            .Rows(ControlJson.Default.IReadOnlyListPortRow));
        Print($"a device was stolen in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, the command included");
        var why = $"taken by lab3/{thief.Id} ({Environment.UserName})";
        await Until.ReadAsync(
            Lab2.PortAsync, rows => rows is [{ State: "waiting", Port: null } row] && row.LastError == why, $"lab2 waits: {why}");
        var epoch = (await HeldAsync(thief.Id!)).Epoch;
        await Lab1.WaitForEventAsync(EventKinds.Stolen, row => row.Holder == $"lab2/{robbed.Id}");

        await Until.HoldsForAsync(
            TimeSpan.FromSeconds(1),
            async () => await Lab2.PortAsync() is [{ State: "waiting" } row] && row.LastError == why,
            "lab2 waits");
        Assert.Equal(epoch, (await HeldAsync(thief.Id!)).Epoch);
        Assert.Equal("attached", Assert.Single(await Lab3.PortAsync()).State);

        start = Stopwatch.GetTimestamp();
        await Lab3.DetachAsync(thief.Id!);
        await Until.ReadAsync(Lab2.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "lab2 has it back");
        Print($"the thief detached it: its former holder had it back after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_node_that_is_drained_gives_out_no_leases_and_the_wait_ends_when_the_last_one_detaches()
    {
        try
        {
            (await Lab1.Host.UsbipcAsync("drain", "--wait=20s")).Succeeded();
            (await Lab3.Host.UsbipcAsync("attach", Device)).Failed(4, "lab1 is being drained");
            Assert.Empty(await Lab3.PortAsync());
            await EndDrainAsync();

            var used = await Lab2.AttachAsync(Device);
            var draining = Lab1.Host.UsbipcAsync("drain", "--wait=20s");
            foreach (var node in Cluster.Nodes)
            {
                await Until.ReadAsync(
                    node.NodesAsync,
                    rows => rows.Any(row => row is { Node: "lab1", Status: "draining" }),
                    $"{node.Host.Name} shows that lab1 is drained");
            }

            var shown = Assert.Single((await Lab1.Host.UsbipcAsync("drain", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow));
            Assert.Equal($"lab2/{used.Id}", shown.Holder);
            Assert.False(draining.IsCompleted, "the drain did not wait");
            Assert.Equal("attached", Assert.Single(await Lab2.PortAsync()).State);
            var start = Stopwatch.GetTimestamp();
            await Lab2.DetachAsync(used.Id!);
            Assert.Contains("nothing is in use", (await draining).Succeeded().Out, StringComparison.Ordinal);
            Print($"a drain ended {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after the last detach began");
        }
        finally
        {
            await EndDrainAsync();
        }

        await Lab3.AttachAsync(Device);
    }

    [Fact]
    public async Task Two_devices_that_were_named_alike_in_a_partition_are_a_conflict_that_both_nodes_tell()
    {
        await Cluster.Lab.CutAsync(Lab3.Host);
        try
        {
            await Lab1.BindAsync(new BindParams(Device, Name: "twin"));
            await Lab3.BindAsync(new BindParams("serial=LAB3-0001", Name: "Twin"));
        }
        finally
        {
            await Cluster.Lab.HealAsync(Lab3.Host);
        }

        var start = Stopwatch.GetTimestamp();
        foreach (var node in (Daemon[])[Lab1, Lab3])
        {
            var told = await node.WaitForEventAsync(EventKinds.NameConflict);
            Assert.Contains("lab1/", told.Reason, StringComparison.Ordinal);
            Assert.Contains("lab3/", told.Reason, StringComparison.Ordinal);
        }

        Print($"a name given twice was told by both nodes {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after the partition");
        await Until.ReadAsync(() => Lab2.ListAsync("name=twin"), rows => rows.Count == 2, "lab2 knows both");
        (await Lab2.Host.UsbipcAsync("attach", "name=twin")).Failed(2, "lab1/", "lab3/");
        (await Lab2.Host.UsbipcAsync("attach", "name=twin", "--wait=20s")).Failed(2, "matches 2 devices");

        await Lab3.BindAsync(new BindParams("serial=LAB3-0001", Name: "only"));
        await Until.ReadAsync(() => Lab2.ListAsync("name=twin"), rows => rows is [{ Node: "lab1", Reachable: true }], "the name is lab1's");
        await Lab2.AttachAsync("name=twin");
        foreach (var node in Cluster.Nodes)
            await node.WaitForClusterAsync(nodes: 3, devices: 3);
    }

    private async Task<DeviceRow> HeldAsync(string thief) => (await Until.ReadAsync(
        () => Lab1.ListAsync(Device), rows => rows is [{ State: "in-use" } row] && row.Holder == $"lab3/{thief}", "the thief has it"))[0];

    private async Task EndDrainAsync()
    {
        await Lab1.AskAsync((client, cancelled) => client.DrainAsync(new DrainParams(Off: true), cancelled));
        await Until.ReadAsync(Lab3.NodesAsync, rows => rows.All(row => row.Status == "up"), "lab1 is in service");
    }
}
