using System.Diagnostics;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What is done again and again leaves nothing behind.</summary>
public sealed class CycleTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Cycles = 50;
    private const int DescriptorSlack = 2;

    [Fact]
    public async Task Attaching_and_detaching_50_times_leaks_neither_descriptors_nor_ports()
    {
        var hosts = await AddHostsAsync(2);
        var exporter = await hosts[0].StartAsync();
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync("serial=LAB1-0001");
        await CycleAsync(importer);
        Daemon[] both = [exporter, importer];
        var before = both.Select(daemon => daemon.ReadVitals()).ToArray();

        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Cycles; i++)
            Assert.Equal(0, await CycleAsync(importer));
        Print($"{Cycles} cycles of attach and detach: {Stopwatch.GetElapsedTime(start).TotalMilliseconds / Cycles:0} ms each");

        foreach (var (daemon, was) in both.Zip(before))
        {
            await Until.TrueAsync(
                () => daemon.ReadVitals().Descriptors <= was.Descriptors + DescriptorSlack,
                $"{daemon.Host.Name} has closed what it opened: before {was}, after {daemon.ReadVitals()}");
            Print($"  {daemon.Host.Name}: before {was}; after {daemon.ReadVitals()}");
        }

        Assert.Equal("available", Assert.Single(await exporter.ListAsync()).State);
    }

    // Attaches and detaches; the port that it had.
    private static async Task<int?> CycleAsync(Daemon importer)
    {
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the device is available");
        var attached = await importer.AttachAsync("serial=LAB1-0001");
        await importer.DetachAsync(attached.Id!);
        Assert.Empty(await importer.PortAsync());
        return attached.Port;
    }
}
