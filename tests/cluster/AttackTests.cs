using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>The USB/IP port under clients that mean harm, and a node that wants a device all the same.</summary>
public sealed class AttackTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Silent = 500;
    private const int ResetsPerSecond = 200;
    private const int Imports = 20;
    private const string Device = "serial=LAB1-0001";

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ImportGoal = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ImportFailsBeyond = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Under_silence_resets_and_a_flood_of_lists_a_node_imports_within_a_second_and_nothing_is_left_behind()
    {
        var (exporter, importer, attackers, addresses) = await StartAsync();

        // What the first imports and the first attack make once is not what they leave behind.
        await AttackAsync(exporter, attackers, addresses, WarmUp, () => ImportAsync(importer, 3, WarmUp));
        var before = exporter.ReadVitals();

        var times = new List<double>();
        Vitals? during = null;
        var attack = await AttackAsync(exporter, attackers, addresses, Duration, async () =>
        {
            times = await ImportAsync(importer, Imports, Duration);
            during = exporter.ReadVitals();
        });
        Vitals? after = null;
        await Until.TrueAsync(
            () =>
            {
                after = exporter.ReadVitals();
                return after.Descriptors <= before.Descriptors + 2 && after.Threads <= before.Threads + 4;
            },
            $"descriptors and threads are back; before {before}");
        Print($"{Duration.TotalSeconds:0} s of {Silent} silent connections, {ResetsPerSecond} resets a second and lists without a pause, "
            + $"from {addresses.Count} addresses: {attack}");
        Print($"{times.Count} imports meanwhile: median {times.Order().ElementAt(times.Count / 2):0} ms, longest {times.Max():0} ms "
            + $"(goal {ImportGoal.TotalMilliseconds:0}, fails beyond {ImportFailsBeyond.TotalMilliseconds:0})");
        Print($"the exporter before: {before}; during: {during}; after: {after}");

        Assert.Equal(Imports, times.Count);

        // On a machine that others share a single one may be late.
        Assert.InRange(times.Order().ElementAt(Imports / 2), 0, ImportGoal.TotalMilliseconds);
        Assert.All(times, time => Assert.InRange(time, 0, ImportFailsBeyond.TotalMilliseconds));
        var growth = after!.ResidentKilobytes - before.ResidentKilobytes;
        Assert.True(growth < 20 * 1024, $"resident memory has grown by {growth} kB");
        Assert.InRange(during!.Threads, 0, before.Threads + 16);
    }

    private static async Task<Attack> AttackAsync(
        Daemon exporter, LabHost attackers, IReadOnlyList<IPAddress> addresses, TimeSpan duration, Func<Task> meanwhile)
    {
        using var stop = new CancellationTokenSource();
        var attack = new Attack(addresses, exporter.Host.UsbIp, stop.Token);
        Task[] attacks =
        [
            attackers.Network.RunAsync(() => attack.StaySilent(Silent)),
            attackers.Network.RunAsync(() => attack.ConnectAndReset(ResetsPerSecond)),
            attackers.Network.RunAsync(attack.AskForLists),
        ];
        try
        {
            await Task.WhenAll(meanwhile(), Task.Delay(duration));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(attacks);
        }

        return attack;
    }

    // Until the device is usable, in milliseconds each, spread over a time.
    private static async Task<List<double>> ImportAsync(Daemon importer, int count, TimeSpan over)
    {
        var times = new List<double>();
        using var pace = new PeriodicTimer(over / (count + 1));
        while (times.Count < count)
        {
            await pace.WaitForNextTickAsync();
            await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the device is free");
            var start = Stopwatch.GetTimestamp();
            await importer.AttachAsync(Device);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await importer.DetachAsync(Device);
        }

        return times;
    }

    private async Task<(Daemon Exporter, Daemon Importer, LabHost Attackers, IReadOnlyList<IPAddress> Addresses)> StartAsync()
    {
        var hosts = await AddHostsAsync(3);
        hosts[0].Configuration["plainClients"] = new JsonArray("10.231.0.0/24");
        var exporter = await hosts[0].StartAsync();
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync(Device);

        // So many that they take all places of the port, not only those of one address.
        var addresses = Enumerable.Range(101, 8).Select(number => IPAddress.Parse($"10.231.0.{number}")).ToArray();
        foreach (var address in addresses)
            await hosts[2].Network.IpAsync("address", "add", $"{address}/24", "dev", "eth0");
        return (exporter, importer, hosts[2], addresses);
    }
}
