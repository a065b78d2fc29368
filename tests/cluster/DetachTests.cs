using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A detach does not wait for what the attachment waits for.</summary>
public sealed class DetachTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int DescriptorSlack = 2;

    [Theory]
    [InlineData(false, "takes connections and says nothing")]
    [InlineData(true, "does not even take connections")]
    public async Task An_attachment_whose_exporter_is_silent_is_detached_at_once(bool full, string how)
    {
        var hosts = await AddHostsAsync(2);
        using var one = new Silence(Lab, full);
        using var other = new Silence(Lab, full);
        hosts[0].Configuration["advertise"] = new JsonArray(one.EndPoint.ToString(), other.EndPoint.ToString());
        var exporter = await hosts[0].StartAsync();
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the device is available");
        var before = importer.ReadVitals();

        var attach = importer.Host.UsbipcAsync("attach", "serial=LAB1-0001", "--wait=60s");
        var rows = await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "connecting" }], "it connects");
        var start = Stopwatch.GetTimestamp();
        (await importer.Host.UsbipcAsync("detach", rows[0].Id!)).Succeeded();
        var time = Stopwatch.GetElapsedTime(start);
        Print($"an attachment whose exporter {how} was detached in {time.TotalMilliseconds:0} ms");

        Assert.True(time < TimeSpan.FromSeconds(2), $"it took {time}");
        Assert.Empty(await importer.PortAsync());
        (await attach).Failed(1, "was detached meanwhile");
        await Until.ReadAsync(
            () => exporter.ListAsync(), rows => rows is [{ State: "available", Holder: null }], "the device is free", TimeSpan.FromSeconds(2));
        await Until.TrueAsync(
            () => importer.ReadVitals().Descriptors <= before.Descriptors + DescriptorSlack,
            $"{importer.Host.Name} has closed what it opened: before {before}, after {importer.ReadVitals()}");
    }

    /// <summary>Listens at the switch and says nothing; with a full queue, the kernel there answers no connection either.</summary>
    private sealed class Silence : IDisposable
    {
        private readonly Socket _listener;
        private readonly Socket? _first;

        public Silence(Lab lab, bool full)
        {
            _listener = lab.Network.NewSocket();
            _listener.Bind(new IPEndPoint(lab.Address, 0));
            _listener.Listen(full ? 0 : 16);
            if (!full)
                return;
            _first = lab.Network.NewSocket();
            _first.Connect(EndPoint);
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        public void Dispose()
        {
            _first?.Dispose();
            _listener.Dispose();
        }
    }
}
