using System.Diagnostics;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>How nodes find each other, and how they leave.</summary>
public sealed class MembershipTests(ITestOutputHelper output) : ClusterTest(output)
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Two_nodes_know_each_others_devices_within_a_second_of_both_being_ready()
    {
        const int Starts = 3;
        var hosts = await AddHostsAsync(2);
        var seed = await hosts[0].StartAsync();
        var times = new List<TimeSpan>();
        for (var i = 0; i < Starts; i++)
        {
            var launched = DateTimeOffset.UtcNow;
            var node = await hosts[1].StartAsync([hosts[0]]);
            var there = await node.WaitForEventAsync(EventKinds.DeviceAdded, row => row.Node == "lab1");
            var here = await seed.WaitForEventAsync(EventKinds.DeviceAdded, row => row.Node == "lab2" && row.Time > launched);
            var time = (there.Time > here.Time ? there.Time : here.Time) - node.ReadyAt;
            Print($"two nodes knew each other's devices {time.TotalMilliseconds:0} ms after both were ready");
            times.Add(time);
            node.Send(Signal.Terminate);
            await node.WaitForExitAsync(EndPatience);
            await Until.ReadAsync(() => seed.ListAsync(), rows => rows.Count == 1, "lab2's device is off lab1's list");
        }

        Assert.True(times.Order().ElementAt(Starts / 2) <= TimeSpan.FromSeconds(1), $"the median of {string.Join(", ", times)}");
    }

    [Fact]
    public async Task A_node_that_is_terminated_leaves_the_list_at_once_and_one_that_is_killed_stays_as_unreachable()
    {
        var hosts = await AddHostsAsync(3);
        var first = await hosts[0].StartAsync();
        var second = hosts[1].Launch([hosts[0]]);
        var third = hosts[2].Launch([hosts[0]]);
        foreach (var node in (Daemon[])[first, second, third])
            await node.WaitForClusterAsync(nodes: 3, devices: 3);

        var start = Stopwatch.GetTimestamp();
        second.Send(Signal.Terminate);
        await Until.ReadAsync(first.NodesAsync, rows => rows.All(row => row.Node != "lab2"), "lab2 is off lab1's list");
        await Until.ReadAsync(third.NodesAsync, rows => rows.All(row => row.Node != "lab2"), "lab2 is off lab3's list");
        var left = Stopwatch.GetElapsedTime(start);
        Assert.Equal(0, await second.WaitForExitAsync(EndPatience));
        var ended = Stopwatch.GetElapsedTime(start);
        Print($"a terminated node was off the others' lists after {left.TotalMilliseconds:0} ms, and had ended after {ended.TotalMilliseconds:0} ms");
        Assert.True(left < TimeSpan.FromSeconds(3), $"it took {left}");
        Assert.True(ended < EndPatience, $"it took {ended}");
        Assert.DoesNotContain(await first.ListAsync(), row => row.Node == "lab2");
        await first.WaitForEventAsync(EventKinds.NodeRemoved, row => row.Node == "lab2");

        await third.KillAsync();
        await first.WaitForEventAsync(EventKinds.NodeUnreachable, row => row.Node == "lab3");
        Assert.False(Assert.Single(await first.NodesAsync(), row => row.Node == "lab3").Reachable);
        Assert.False(Assert.Single(await first.ListAsync("serial=LAB3-0001")).Reachable);
    }

    [Fact]
    public async Task A_node_that_is_terminated_while_another_is_unreachable_ends_in_time_as_well()
    {
        var hosts = await AddHostsAsync(3);
        var first = await hosts[0].StartAsync();
        var second = hosts[1].Launch([hosts[0]]);
        var third = hosts[2].Launch([hosts[0]]);
        foreach (var node in (Daemon[])[first, second, third])
            await node.WaitForClusterAsync(nodes: 3, devices: 3);
        await third.KillAsync();
        await first.WaitForEventAsync(EventKinds.NodeUnreachable, row => row.Node == "lab3");

        second.Send(Signal.Terminate);
        await Until.ReadAsync(first.NodesAsync, rows => rows.All(row => row.Node != "lab2"), "lab2 is off lab1's list", EndPatience);
        Assert.Equal(0, await second.WaitForExitAsync(EndPatience));
    }

    [Fact]
    public async Task Two_nodes_that_have_each_other_as_seeds_form_one_cluster()
    {
        var hosts = await AddHostsAsync(2);
        var start = Stopwatch.GetTimestamp();
        var first = hosts[0].Launch([hosts[1]]);
        var second = hosts[1].Launch([hosts[0]]);
        await first.WaitUntilReadyAsync();
        await second.WaitUntilReadyAsync();
        var ready = Stopwatch.GetElapsedTime(start);
        await first.WaitForClusterAsync(nodes: 2, devices: 2);
        await second.WaitForClusterAsync(nodes: 2, devices: 2);
        var formed = Stopwatch.GetElapsedTime(start);
        Print($"two nodes with each other as seeds were ready after {ready.TotalMilliseconds:0} ms and one cluster {formed.TotalMilliseconds:0} ms after their start");
    }

    [Fact]
    public async Task A_node_whose_seed_starts_5_s_after_it_joins_it()
    {
        var hosts = await AddHostsAsync(2);
        var early = await hosts[1].StartAsync([hosts[0]]);
        await Until.HoldsForAsync(
            TimeSpan.FromSeconds(5),
            async () => (await early.ListAsync()) is [{ Serial: "LAB2-0001", Reachable: true }],
            "a node without a cluster lists its own device");

        var late = await hosts[0].StartAsync();
        var start = Stopwatch.GetTimestamp();
        await early.WaitForClusterAsync(nodes: 2, devices: 2);
        await late.WaitForClusterAsync(nodes: 2, devices: 2);
        Print($"a node was in its late seed's cluster {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after that was ready");
    }

    [Fact]
    public async Task A_node_with_the_name_of_another_does_not_take_its_place()
    {
        var hosts = await AddHostsAsync(2);
        hosts[1].Node = "lab1";
        var first = await hosts[0].StartAsync();
        await hosts[1].StartAsync([hosts[0]], exports: false);
        await Until.TrueAsync(
            () => first.Log.Any(line => line.Contains("also calls itself lab1", StringComparison.Ordinal)), "lab1 says that another node has its name");
        Assert.Equal("LAB1-0001", Assert.Single(await first.ListAsync()).Serial);
    }
}
