using System.Diagnostics;
using System.Text.Json.Nodes;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Sessions that end without a detach: the device comes back without a command.</summary>
public sealed class LossTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public async Task A_session_that_is_reset_is_attached_again_without_a_command()
    {
        var hosts = await AddHostsAsync(2);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        hosts[0].Configuration["advertise"] = new JsonArray(relay.EndPoint.ToString());
        var (exporter, importer) = await StartPairAsync(hosts);
        var attached = await importer.AttachAsync("serial=LAB1-0001");
        Assert.Equal(relay.EndPoint.ToString(), attached.Endpoint);

        var start = Stopwatch.GetTimestamp();
        relay.Reset();
        var rows = await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again, once");
        var time = Stopwatch.GetElapsedTime(start);

        Assert.Equal(attached.Id, rows[0].Id);
        var again = await importer.WaitForEventAsync(EventKinds.Reattached);
        Print($"a session that was reset was attached again after {time.TotalMilliseconds:0} ms; the daemon says {again.DurationMs:0.0} ms after the loss");
        Assert.Equal("in-use", Assert.Single(await exporter.ListAsync()).State);
        Assert.True(time < TimeSpan.FromSeconds(4), $"it took {time}");
    }

    [Fact]
    public async Task An_attachment_for_once_is_not_attached_again()
    {
        var hosts = await AddHostsAsync(2);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        hosts[0].Configuration["advertise"] = new JsonArray(relay.EndPoint.ToString());
        var (exporter, importer) = await StartPairAsync(hosts);
        (await importer.Host.UsbipcAsync("attach", "serial=LAB1-0001", "--once", "--wait=20s")).Succeeded();

        relay.Reset();
        await Until.ReadAsync(importer.PortAsync, rows => rows.Count == 0, "the attachment is gone");
        await Until.ReadAsync(() => exporter.ListAsync(), rows => rows is [{ State: "available" }], "the device is free");
    }

    [Fact]
    public async Task A_cable_that_is_pulled_is_noticed_and_the_device_is_back_when_it_is_plugged_in_again()
    {
        var hosts = await AddHostsAsync(2);
        foreach (var host in hosts)
            host.Configuration["keepalive"] = new JsonObject { ["userTimeout"] = "2s", ["idle"] = "1s", ["interval"] = "1s", ["probes"] = 1 };
        var (exporter, importer) = await StartPairAsync(hosts);
        await importer.AttachAsync("serial=LAB1-0001");

        var start = Stopwatch.GetTimestamp();
        await Lab.CutAsync(hosts[0]);
        await Until.ReadAsync(importer.NodesAsync, rows => rows.Any(row => row is { Node: "lab1", Reachable: false }), "lab1 is unreachable for lab2");
        var unreachable = Stopwatch.GetElapsedTime(start);
        await Until.ReadAsync(exporter.NodesAsync, rows => rows.Any(row => row is { Node: "lab2", Reachable: false }), "lab2 is unreachable for lab1");
        await importer.WaitForEventAsync(EventKinds.Lost);
        Print($"a cut link: unreachable after {unreachable.TotalMilliseconds:0} ms, the session lost after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms at most");

        start = Stopwatch.GetTimestamp();
        await Lab.HealAsync(hosts[0]);
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again", TimeSpan.FromSeconds(20));
        Print($"the link healed: attached again after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
    }

    [Fact]
    public async Task An_exporter_that_is_killed_is_unreachable_soon_and_its_device_is_back_after_its_restart()
    {
        var hosts = await AddHostsAsync(3);
        var (exporter, importer) = await StartPairAsync(hosts);
        var third = await hosts[2].StartAsync([hosts[0]], exports: false);
        await third.WaitForClusterAsync(nodes: 3, devices: 1);
        await importer.AttachAsync("serial=LAB1-0001");

        var start = Stopwatch.GetTimestamp();
        await exporter.KillAsync();
        foreach (var node in (Daemon[])[importer, third])
        {
            await Until.ReadAsync(
                node.NodesAsync, rows => rows.Any(row => row is { Node: "lab1", Reachable: false }), $"lab1 is unreachable for {node.Host.Name}", TimeSpan.FromSeconds(15));
            var time = Stopwatch.GetElapsedTime(start);
            Print($"{node.Host.Name} marked a killed node unreachable after {time.TotalMilliseconds:0} ms (goal 5000, fails beyond 15000)");
            Assert.False(Assert.Single(await node.ListAsync("serial=LAB1-0001")).Reachable, "the device of a node that is gone is not current");
        }

        await importer.WaitForEventAsync(EventKinds.Lost);
        Assert.NotEqual("attached", Assert.Single(await importer.PortAsync()).State);

        start = Stopwatch.GetTimestamp();
        var restarted = await hosts[0].StartAsync([hosts[1]]);
        foreach (var node in (Daemon[])[restarted, importer, third])
            await node.WaitForClusterAsync(nodes: 3, devices: 1);
        Print($"a killed node was back in the cluster {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after its restart");
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
        Print($"its device was attached again {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after its restart, without a command");
    }

    [Fact]
    public async Task An_exporter_that_ends_in_order_is_told_as_a_loss_and_waited_for()
    {
        var hosts = await AddHostsAsync(2);
        var (exporter, importer) = await StartPairAsync(hosts, seed: hosts[1]);
        await importer.AttachAsync("serial=LAB1-0001");

        // A simulated device is played by the process, so its session ends with it.
        exporter.Send(Signal.Terminate);
        Assert.Equal(0, await exporter.WaitForExitAsync(TimeSpan.FromSeconds(5)));
        var lost = await importer.WaitForEventAsync(EventKinds.Lost);
        Assert.NotNull(lost.Reason);
        await Until.ReadAsync(
            importer.PortAsync, rows => rows is [{ State: "waiting" or "backing-off", Port: null }], "the attachment waits for the device");

        await hosts[0].StartAsync([hosts[1]]);
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
    }

    [Fact]
    public async Task A_node_that_is_killed_and_restarted_before_anybody_missed_it_is_back_with_its_device()
    {
        var hosts = await AddHostsAsync(2);
        var (exporter, importer) = await StartPairAsync(hosts, seed: hosts[1]);
        await importer.AttachAsync("serial=LAB1-0001");

        await exporter.KillAsync();
        await hosts[0].StartAsync([hosts[1]]);
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
    }

    [Fact]
    public async Task A_device_whose_importer_was_killed_is_kept_for_it()
    {
        var hosts = await AddHostsAsync(3);
        var (exporter, importer) = await StartPairAsync(hosts);
        var third = await hosts[2].StartAsync([hosts[0]], exports: false);
        await third.WaitForClusterAsync(nodes: 3, devices: 1);
        var attached = await importer.AttachAsync("serial=LAB1-0001");

        await importer.KillAsync();
        await exporter.WaitForEventAsync(EventKinds.SessionEnded);
        await Until.ReadAsync(
            () => third.ListAsync(), rows => rows is [{ State: "leased" } only] && only.Holder == $"lab2/{attached.Id}", "lab2 keeps the device");
        (await third.Host.UsbipcAsync("attach", "serial=LAB1-0001")).Failed(4, $"lab2/{attached.Id}");

        var restarted = await hosts[1].StartAsync([hosts[0]], exports: false);
        var rows = await Until.ReadAsync(restarted.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
        Assert.Equal(attached.Id, rows[0].Id);
    }

    [Fact]
    public async Task An_importer_that_ends_in_order_ends_its_session()
    {
        var hosts = await AddHostsAsync(2);
        var (exporter, importer) = await StartPairAsync(hosts);
        await importer.AttachAsync("serial=LAB1-0001");

        // A simulated host controller is the process.
        importer.Send(Signal.Terminate);
        Assert.Equal(0, await importer.WaitForExitAsync(TimeSpan.FromSeconds(5)));
        await exporter.WaitForEventAsync(EventKinds.SessionEnded);
        await Until.ReadAsync(() => exporter.ListAsync(), rows => rows is [{ State: "leased" or "available" }], "the session is over");
    }

    [Fact]
    public async Task A_device_that_is_unbound_in_use_is_lost_and_comes_back_when_it_is_bound_again()
    {
        var hosts = await AddHostsAsync(2);
        var (exporter, importer) = await StartPairAsync(hosts);
        await importer.AttachAsync("serial=LAB1-0001");

        (await exporter.Host.UsbipcAsync("unbind", "serial=LAB1-0001")).Succeeded();
        await importer.WaitForEventAsync(EventKinds.Lost);
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "waiting" or "backing-off", Port: null }], "the attachment waits");
        Assert.Equal("unbound", Assert.Single(await exporter.ListAsync()).State);

        (await exporter.Host.UsbipcAsync("bind", "serial=LAB1-0001")).Succeeded();
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
    }

    [Fact]
    public async Task A_session_with_a_plain_server_that_is_reset_is_attached_again()
    {
        var hosts = await AddHostsAsync(2);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        hosts[0].Configuration["plainClients"] = new JsonArray("10.231.0.0/24");
        var server = await hosts[0].StartAsync();
        var client = await hosts[1].StartAsync(exports: false);
        var busId = (await server.BindAsync("serial=LAB1-0001")).BusId;
        (await client.Host.UsbipcAsync("attach", "-r", relay.EndPoint.ToString(), "-b", busId, "--wait=20s")).Succeeded();

        var start = Stopwatch.GetTimestamp();
        relay.Reset();
        await Until.ReadAsync(client.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
        Print($"a plain session that was reset was attached again after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }

    private static async Task<(Daemon Exporter, Daemon Importer)> StartPairAsync(LabHost[] hosts, LabHost? seed = null)
    {
        var exporter = hosts[0].Launch(seed == hosts[1] ? [hosts[1]] : []);
        var importer = hosts[1].Launch(seed == hosts[1] ? [] : [hosts[0]], exports: false);
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the importer knows that the device is exported");
        return (exporter, importer);
    }
}
