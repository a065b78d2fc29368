using System.Diagnostics;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Nodes of different clusters, or that were cut apart, come together by themselves, and cut no session for it.</summary>
public sealed class MergeTests(ITestOutputHelper output) : MeetingTest(output)
{
    [Fact]
    public async Task Two_nodes_that_formed_clusters_of_their_own_become_one_and_all_follow()
    {
        var hosts = await AddHostsAsync(4);
        await Task.WhenAll(Lab.CutAsync(hosts[2]), Lab.CutAsync(hosts[3]));
        var first = hosts[0].Launch();
        var second = hosts[1].Launch([hosts[0]]);
        Daemon[] alone = [hosts[2].Launch([hosts[0]]), hosts[3].Launch([hosts[2]])];
        foreach (var daemon in alone)
            await BeAloneAsync(daemon);
        await first.WaitForClusterAsync(nodes: 2, devices: 2);

        await Task.WhenAll(Lab.HealAsync(hosts[2]), Lab.HealAsync(hosts[3]));
        Assert.InRange(await BecomeOneAsync("three clusters that met at once", [first, second, .. alone]), TimeSpan.Zero, Together);
        Assert.All(hosts, host => Assert.Single(host.Daemons));
    }

    [Fact]
    public async Task A_node_that_was_removed_comes_back_by_itself_and_keeps_its_session()
    {
        var hosts = await AddHostsAsync(2);
        var exporter = hosts[0].Launch();
        var importer = hosts[1].Launch([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync("serial=LAB1-0001");
        var attached = await importer.AttachAsync("serial=LAB1-0001");
        await using var followed = await ControlClient.ConnectAsync(hosts[1].Socket, CancellationToken.None);
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var events = followed.EventsAsync(new EventsParams(Follow: true), enough.Token).GetAsyncEnumerator(enough.Token);

        (await hosts[0].UsbipcAsync("nodes", "remove", "lab2")).Failed(4, "reachable", "stop usbipcd");
        (await hosts[0].UsbipcAsync("nodes", "remove", "lab9")).Failed(3, "lab9");
        await Lab.CutClusterAsync(hosts[0], hosts[1]);
        await exporter.WaitForEventAsync(EventKinds.NodeUnreachable, row => row.Node == "lab2");
        (await hosts[0].UsbipcAsync("nodes", "remove", "lab2")).Succeeded();
        Assert.Equal("lab1", Assert.Single(await exporter.NodesAsync()).Node);
        await importer.WaitForEventAsync(EventKinds.NodeUnreachable, row => row.Node == "lab1");
        await Lab.HealClusterAsync(hosts[0], hosts[1]);

        var start = Stopwatch.GetTimestamp();
        while (await events.MoveNextAsync() && events.Current.Kind != EventKinds.Adopted)
        {
            // The stream goes on over the restart of the actors that write it.
        }

        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        Print($"a node that was removed was back {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after the heal");
        var after = Assert.Single(await importer.PortAsync());
        Assert.Equal(
            (attached.Id, attached.Port, attached.Endpoint, 0, "attached"),
            (after.Id, after.Port, after.Endpoint, after.Reattaches, after.State));
        Assert.DoesNotContain(await exporter.EventsAsync(), row => row.Kind == EventKinds.SessionEnded);
        Assert.DoesNotContain(await importer.EventsAsync(), row => row.Kind == EventKinds.Lost);
        Assert.Single(await importer.EventsAsync(), row => row.Kind == EventKinds.BegunAnew);
    }

    [Fact]
    public async Task A_node_that_moves_to_an_older_cluster_keeps_what_it_imports_and_exports()
    {
        var hosts = await AddHostsAsync(3);
        await Lab.CutClusterAsync(hosts[0], hosts[1]);
        await Lab.CutClusterAsync(hosts[0], hosts[2]);
        var older = await hosts[0].StartAsync();
        await Until.ReadAsync(older.NodesAsync, rows => rows is [{ Status: "up" }], "the older cluster");
        var exporter = hosts[1].Launch([hosts[0]]);
        var importer = hosts[2].Launch([hosts[1]], exports: false);
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync("serial=LAB2-0001");
        var attached = await importer.AttachAsync("serial=LAB2-0001");

        await Lab.HealClusterAsync(hosts[0], hosts[1]);
        await Lab.HealClusterAsync(hosts[0], hosts[2]);
        foreach (var daemon in (Daemon[])[older, exporter, importer])
            await daemon.WaitForClusterAsync(nodes: 3, devices: 2);
        var after = Assert.Single(await importer.PortAsync());
        Assert.Equal((attached.Id, attached.Port, 0, "attached"), (after.Id, after.Port, after.Reattaches, after.State));
        Assert.DoesNotContain(await exporter.EventsAsync(), row => row.Kind == EventKinds.SessionEnded);
        Assert.Equal($"lab3/{attached.Id}", Assert.Single(await exporter.ListAsync("serial=LAB2-0001")).Holder);
        Assert.DoesNotContain(older.Log, line => line.Contains("begin anew", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_sides_that_have_removed_each_other_are_one_cluster_again()
    {
        var hosts = await AddHostsAsync(2);
        foreach (var host in hosts)
            host.Configuration["cluster"]!["removeAfter"] = "5s";
        Daemon[] daemons = [hosts[0].Launch(), hosts[1].Launch([hosts[0]])];
        await BecomeOneAsync("two nodes", daemons);
        await Lab.CutClusterAsync(hosts[0], hosts[1]);
        foreach (var daemon in daemons)
            await Until.ReadAsync(daemon.NodesAsync, rows => rows.Count == 1, "the other one is removed", TimeSpan.FromSeconds(20));
        await Lab.HealClusterAsync(hosts[0], hosts[1]);
        Assert.InRange(await BecomeOneAsync("two sides that had removed each other", daemons), TimeSpan.Zero, Together);
        Assert.All(hosts, host => Assert.Single(host.Daemons));
    }
}
