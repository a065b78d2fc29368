using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What Prometheus reads of a running node, read with Prometheus's own parser for Python.</summary>
public sealed class MetricsTests(ITestOutputHelper output) : ClusterTest(output)
{
    // Debian's, which has Debian's packages.
    private const string Python = "/usr/bin/python3";

    private const string Read =
        """
        import json, sys, urllib.request
        try:
            from prometheus_client.parser import text_string_to_metric_families
        except ImportError:
            sys.exit("the cluster tests need Prometheus's parser: apt-get install python3-prometheus-client")
        answer = urllib.request.urlopen("http://127.0.0.1:9240/metrics", timeout=30)
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", answer.headers["Content-Type"]
        families = list(text_string_to_metric_families(answer.read().decode()))
        assert all(f.documentation and f.type in ("counter", "gauge", "histogram") for f in families)
        print(json.dumps({s.name + "".join(f" {k}={s.labels[k]}" for k in sorted(s.labels)): s.value for f in families for s in f.samples}))
        """;

    [Fact]
    public async Task Metrics_count_an_attach_a_reattach_and_a_refused_import()
    {
        var hosts = await AddHostsAsync(2);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        hosts[0].Configuration["advertise"] = new JsonArray(relay.EndPoint.ToString());
        foreach (var host in hosts)
            host.Configuration["http"] = new JsonObject { ["listen"] = "9240" };
        var exporter = hosts[0].Launch();
        var importer = hosts[1].Launch([hosts[0]], exports: false);
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        Assert.Equal("ready\n", (await ReadAsync(hosts[1], "readyz")).Out);
        Assert.Equal("ok\n", (await ReadAsync(hosts[1], "healthz")).Out);
        await exporter.BindAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the importer knows that the device is exported");

        await importer.AttachAsync("serial=LAB1-0001");
        relay.Reset();
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again, once");
        (await hosts[1].UsbipcAsync("attach", "-r", $"{hosts[0].Address}", "-b", "sim-0")).Failed(4);

        var there = await ScrapeAsync(hosts[0]);
        Assert.Equal(1, there["usbipcluster_up"]);
        Assert.Equal(1, there["usbipcluster_sessions role=exporter"]);
        Assert.Equal(1, there["usbipcluster_devices state=in-use"]);
        Assert.Equal(2, there["usbipcluster_leases_granted_total"]);
        Assert.Equal(2, there["usbipcluster_events_total kind=session-started"]);
        Assert.Equal(1, there["usbipcluster_refusals_total reason=busy request=import"]);
        Assert.Equal(2, there["usbipcluster_members reachable=true"]);

        var here = await ScrapeAsync(hosts[1]);
        Assert.Equal(1, here["usbipcluster_sessions role=importer"]);
        Assert.Equal(1, here["usbipcluster_attachments state=attached"]);
        Assert.Equal(1, here["usbipcluster_events_total kind=attached"]);
        Assert.Equal(1, here["usbipcluster_reattaches_total reason=connection"]);
        Assert.Equal(1, here["usbipcluster_reattach_duration_seconds_count reason=connection"]);
        Assert.Equal(1, here["usbipcluster_reattach_duration_seconds_bucket le=+Inf reason=connection"]);
        Assert.InRange(here["usbipcluster_reattach_duration_seconds_sum reason=connection"], 0.0001, 60);
        Assert.Equal(0, here["usbipcluster_inventory_lag_seconds"]);
        Assert.InRange(here["process_resident_memory_bytes"], 10e6, 500e6);
        Assert.InRange(here["process_open_fds"], 10, 1000);

        // The other node is gone, and what is known of it is as old as that.
        exporter.Send(Signal.Kill);
        await Until.ReadAsync(importer.NodesAsync, rows => rows.Any(row => row is { Node: "lab1", Reachable: false }), "lab1 is unreachable for lab2");
        here = await ScrapeAsync(hosts[1]);
        Assert.Equal(1, here["usbipcluster_members reachable=false"]);
        Assert.True(here["usbipcluster_inventory_lag_seconds"] > 0);
        Print($"a scrape has {here.Count} samples");
    }

    private static Task<CommandResult> ReadAsync(LabHost host, string page) => host.RunAsync(
        Python,
        "-c",
        $"import urllib.request, sys; sys.stdout.write(urllib.request.urlopen('http://127.0.0.1:9240/{page}', timeout=30).read().decode())");

    private static async Task<Dictionary<string, double>> ScrapeAsync(LabHost host) =>
        JsonSerializer.Deserialize<Dictionary<string, double>>((await host.RunAsync(Python, "-c", Read)).Succeeded().Out)!;
}
