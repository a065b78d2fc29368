using System.Diagnostics;
using System.Text.Json.Nodes;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Who has a device when several want it, when its session is lost, the cluster cut, or its exporter restarted.</summary>
public sealed class LeaseTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Rounds = 200;
    private const int Resets = 10;
    private const string Device = "serial=LAB1-0001";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Of_two_that_ask_at_once_one_has_the_device_and_has_it_back_after_a_reset_although_the_other_goes_on_asking()
    {
        var hosts = await AddHostsAsync(3);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        var nodes = await StartAsync(hosts, relay);
        var wins = new Dictionary<string, int>(StringComparer.Ordinal);
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < Rounds; round++)
        {
            var winner = await ContendAsync(nodes[0], nodes[1], nodes[2]);
            wins[winner.Host.Name] = wins.GetValueOrDefault(winner.Host.Name) + 1;
            await winner.DetachAsync(Device);
        }

        var shares = string.Join(", ", wins.Select(win => $"{win.Key} {win.Value}"));
        Print($"{Rounds} times two asked at once: one had it each time ({shares}), "
            + $"the other was told who; {Stopwatch.GetElapsedTime(start).TotalMilliseconds / Rounds:0} ms each");

        var times = new List<double>();
        var (holder, other) = (nodes[1], nodes[2]);
        await holder.AttachAsync(Device);
        while (times.Count < Resets)
        {
            var asking = other.Host.UsbipcAsync("attach", Device, "--wait=50s");
            await Until.ReadAsync(other.PortAsync, rows => rows is [{ State: "waiting" }], "the other asks");
            start = Stopwatch.GetTimestamp();
            relay.Reset();
            var row = (await Until.ReadAsync(
                holder.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "the holder has it back", Grace))[0];
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Assert.Equal($"{holder.Host.Name}/{row.Id}", (await ReadAsync(nodes[0])).Holder);
            Assert.False(asking.IsCompleted, "the other has it");

            // It has asked all the time: it is next, and then the other is the one that asks.
            await holder.DetachAsync(Device);
            (await asking).Succeeded();
            (holder, other) = (other, holder);
        }

        Print($"{Resets} times the holder's session was reset while the other asked: "
            + $"the holder had it back after {times.Min():0} to {times.Max():0} ms");
    }

    [Fact]
    public async Task A_session_that_is_reset_is_resumed_while_the_nodes_can_not_reach_each_other()
    {
        var hosts = await AddHostsAsync(2);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        var nodes = await StartAsync(hosts, relay);
        var (exporter, importer) = (nodes[0], nodes[1]);
        var holder = $"lab2/{(await importer.AttachAsync(Device)).Id}";
        var epoch = (await ReadAsync(exporter)).Epoch!.Value;

        await Lab.CutClusterAsync(hosts[0], hosts[1]);
        await Until.ReadAsync(
            importer.NodesAsync, rows => rows.Any(row => row is { Node: "lab1", Reachable: false }), "lab1 is unreachable for lab2");
        await Until.ReadAsync(
            exporter.NodesAsync, rows => rows.Any(row => row is { Node: "lab2", Reachable: false }), "lab2 is unreachable for lab1");
        for (var times = 1; times <= 2; times++)
        {
            var start = Stopwatch.GetTimestamp();
            relay.Reset();
            await Until.ReadAsync(
                importer.PortAsync, rows => rows is [{ State: "attached" } row] && row.Reattaches == times, "attached again");
            var time = Stopwatch.GetElapsedTime(start);
            Print($"with the cluster cut, a session that was reset was resumed after {time.TotalMilliseconds:0} ms");
            epoch = await AssertHeldAsync(exporter, holder, epoch);
        }

        Assert.Contains(await importer.NodesAsync(), row => row is { Node: "lab1", Reachable: false });
        var sessions = await CountSessionsAsync(exporter);
        await Lab.HealClusterAsync(hosts[0], hosts[1]);
        foreach (var node in nodes)
            await node.WaitForClusterAsync(nodes: 2, devices: 1);
        await Until.ReadAsync(
            () => importer.ListAsync(),
            rows => rows is [{ State: "in-use" } row] && row.Epoch == epoch && row.Holder == holder,
            "lab2 knows of the session");
        Assert.True(await importer.PortAsync() is [{ State: "attached", Reattaches: 2 }], "the session was disturbed");
        Assert.Equal(sessions, await CountSessionsAsync(exporter));

        relay.Reset();
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 3 }], "attached again");
        await AssertHeldAsync(exporter, holder, epoch);
        await importer.DetachAsync(Device);
        await Until.ReadAsync(() => ReadAsync(exporter), row => row.State == "available", "the lease is given back");
    }

    [Fact]
    public async Task An_exporter_that_is_restarted_knows_what_is_bound_and_who_has_it_and_its_epoch_never_goes_back()
    {
        var hosts = await AddHostsAsync(2);
        var nodes = await StartAsync(hosts, relay: null);
        var (exporter, importer) = (nodes[0], nodes[1]);
        var holder = $"lab2/{(await importer.AttachAsync(Device)).Id}";
        var epoch = (await ReadAsync(exporter)).Epoch!.Value;
        foreach (var (signal, times) in ((Signal, int)[])[(Signal.Terminate, 1), (Signal.Kill, 2), (Signal.Terminate, 3)])
        {
            exporter.Send(signal);
            await exporter.WaitForExitAsync(TimeSpan.FromSeconds(5));
            await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: not "attached" }], "the session is lost");

            var start = Stopwatch.GetTimestamp();
            exporter = await hosts[0].StartAsync([hosts[1]]);
            var back = await ReadAsync(exporter);
            Assert.Equal((holder, false), (back.Holder, back.State is "unbound" or "available"));
            Assert.True(back.Epoch >= epoch, $"the epoch went back from {epoch} to {back.Epoch}");
            await Until.ReadAsync(
                importer.PortAsync, rows => rows is [{ State: "attached" } row] && row.Reattaches == times, "attached again", Grace);
            var time = Stopwatch.GetElapsedTime(start);
            Print($"an exporter was restarted ({signal}): its device was attached again {time.TotalMilliseconds:0} ms after the start");
            epoch = await AssertHeldAsync(exporter, holder, epoch);
        }
    }

    // Both ask at once, and neither knows of the other. Who has it.
    private static async Task<Daemon> ContendAsync(Daemon exporter, Daemon one, Daemon two)
    {
        foreach (var node in (Daemon[])[one, two])
            await Until.ReadAsync(() => ReadAsync(node), row => row.State == "available", "the device is free");
        var answers = await Task.WhenAll(TryAttachAsync(one), TryAttachAsync(two));
        var (winner, row) = Assert.Single(answers, answer => answer.Row is not null) is { Row: { } won } first
            ? (first.Node, won)
            : throw new InvalidOperationException("a row that is none");
        var refused = Assert.Single(answers, answer => answer.Row is null);
        var holder = $"{winner.Host.Name}/{row.Id}";
        Assert.Equal((ControlError.Unavailable, $"lab1/{row.BusId} is held by {holder}"), (refused.Error!.Error, refused.Error.Message));
        Assert.Equal(holder, (await ReadAsync(exporter)).Holder);
        Assert.Equal(row.Id, Assert.Single(await winner.PortAsync()).Id);
        Assert.Empty(await refused.Node.PortAsync());
        return winner;
    }

    private static async Task<(Daemon Node, PortRow? Row, ControlException? Error)> TryAttachAsync(Daemon node)
    {
        try
        {
            return (node, await node.AttachAsync(new AttachParams(Device)), null);
        }
        catch (ControlException error)
        {
            return (node, null, error);
        }
    }

    // Until the exporter has it in use; its epoch, which has grown.
    private static async Task<ulong> AssertHeldAsync(Daemon exporter, string holder, ulong before)
    {
        var row = await Until.ReadAsync(() => ReadAsync(exporter), row => row.State == "in-use", "the exporter has it in use");
        Assert.Equal(holder, row.Holder);
        Assert.True(row.Epoch > before, $"the epoch is {row.Epoch} after {before}");
        return row.Epoch!.Value;
    }

    private static async Task<int> CountSessionsAsync(Daemon exporter) =>
        (await exporter.EventsAsync()).Count(row => row.Kind == EventKinds.SessionStarted);

    private static async Task<DeviceRow> ReadAsync(Daemon node) => Assert.Single(await node.ListAsync(Device));

    private static async Task<Daemon[]> StartAsync(LabHost[] hosts, Relay? relay)
    {
        if (relay is not null)
            hosts[0].Configuration["advertise"] = new JsonArray(relay.EndPoint.ToString());
        Daemon[] nodes = [hosts[0].Launch(), .. hosts[1..].Select(host => host.Launch([hosts[0]], exports: false))];
        foreach (var node in nodes)
            await node.WaitForClusterAsync(hosts.Length, devices: 1);
        await nodes[0].BindAsync(Device);
        foreach (var node in nodes)
        {
            await Until.ReadAsync(
                () => ReadAsync(node), row => row.State == "available", $"{node.Host.Name} knows that the device is exported");
        }

        return nodes;
    }
}
