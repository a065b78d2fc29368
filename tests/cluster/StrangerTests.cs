using System.Diagnostics;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Garbage, half messages, foreign protocols and silence at every door: closed soon, nobody else disturbed, nothing left behind.</summary>
public sealed class StrangerTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Seed = 20_250_214;
    private const int Connections = 201;
    private const int MaxControlConnections = 64;

    // Closed within 5 s, and a second for machines that are busy.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private static readonly Foreign[] Pieces = Enum.GetValues<Foreign>();

    [Theory]
    [InlineData(Door.UsbIp)]
    [InlineData(Door.Cluster)]
    [InlineData(Door.Control)]
    public async Task A_stranger_is_shown_the_door_within_5_s(Door door)
    {
        var (exporter, _, outside) = await StartAsync();
        var times = await Task.WhenAll(Pieces.Where(piece => !MayStay(door, piece)).Select(VisitAsync));
        Print($"{door}: {string.Join(", ", times.Select(each => $"{each.Piece} closed after {each.Time?.TotalMilliseconds:0} ms"))}");
        Assert.All(times, each => Assert.True(each.Time is not null, $"{each.Piece} is still there after {Patience.TotalSeconds} s"));

        async Task<(Foreign Piece, TimeSpan? Time)> VisitAsync(Foreign piece)
        {
            using var stranger = await Stranger.ConnectAsync(outside.Network, exporter.Host, door, piece, new Random(Seed));
            return (piece, await stranger.WaitUntilClosedAsync(Patience));
        }
    }

    [Fact]
    public async Task Others_work_on_while_strangers_are_at_every_door()
    {
        var (exporter, importer, outside) = await StartAsync();
        var random = new Random(Seed);
        var strangers = new List<Stranger>();
        try
        {
            foreach (var door in Enum.GetValues<Door>())
            {
                for (var i = 0; i < 30; i++)
                    strangers.Add(await Stranger.ConnectAsync(outside.Network, exporter.Host, door, Pieces[i % Pieces.Length], random));
            }

            var start = Stopwatch.GetTimestamp();
            (await exporter.Host.UsbipcAsync("list")).Succeeded();
            (await importer.Host.UsbipcAsync("attach", "serial=LAB1-0001", "--wait=5s")).Succeeded();
            (await importer.Host.UsbipcAsync("detach", "serial=LAB1-0001")).Succeeded();
            Print($"with {strangers.Count} strangers at the doors, list, attach and detach took {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        }
        finally
        {
            strangers.ForEach(stranger => stranger.Dispose());
        }

        Assert.All(await importer.NodesAsync(), row => Assert.True(row.Reachable, $"{row.Node} became unreachable"));
        Assert.DoesNotContain(await importer.EventsAsync(), row => row.Kind == EventKinds.NodeUnreachable);
    }

    [Fact]
    public async Task A_control_socket_that_is_full_of_silent_clients_says_so_and_serves_again_when_they_go()
    {
        var host = (await AddHostsAsync(1))[0];
        await host.StartAsync();
        var strangers = new List<Stranger>();
        try
        {
            for (var i = 0; i < MaxControlConnections; i++)
                strangers.Add(await Stranger.ConnectAsync(host.Network, host, Door.Control, Foreign.Silence, Random.Shared));
            (await host.UsbipcAsync("list")).Failed(4, $"{MaxControlConnections}", "close some");
        }
        finally
        {
            strangers.ForEach(stranger => stranger.Dispose());
        }

        await Until.ReadAsync(() => host.UsbipcAsync("list"), result => result.ExitCode == 0, "usbipc is served again");
    }

    [Fact]
    public async Task Two_hundred_strangers_leave_nothing_behind()
    {
        var (exporter, _, outside) = await StartAsync();
        await VisitAsync(exporter, outside, connections: 18);
        var before = exporter.ReadVitals();

        await VisitAsync(exporter, outside, Connections);
        Vitals? after = null;
        await Until.TrueAsync(
            () =>
            {
                after = exporter.ReadVitals();
                return after.Descriptors <= before.Descriptors + 2 && after.Threads <= before.Threads + 4;
            },
            $"descriptors and threads are back; before {before}");
        Print($"{Connections} strangers (seed {Seed}): before {before}; after {after}");
        var growth = after!.ResidentKilobytes - before.ResidentKilobytes;
        Assert.True(growth < 20 * 1024, $"resident memory has grown by {growth} kB");
        Assert.Single(await exporter.ListAsync());
    }

    // Whoever may open the control socket may also keep it open and ask later.
    private static bool MayStay(Door door, Foreign piece) => door == Door.Control && piece == Foreign.Silence;

    // So many connections, spread over the doors and what is said, a few of each door at a time; those that are slow to be closed first.
    private static async Task VisitAsync(Daemon daemon, LabHost outside, int connections)
    {
        var doors = Enum.GetValues<Door>().ToDictionary(door => door, _ => new SemaphoreSlim(12));
        var visits = Enumerable.Range(0, connections)
            .Select(i => (Door: (Door)(i % doors.Count), Piece: Pieces[i / doors.Count % Pieces.Length], Random: new Random(Seed + i)))
            .OrderBy(visit => visit.Piece)
            .Select(visit => VisitAsync(daemon, outside, visit.Door, visit.Piece, doors[visit.Door], visit.Random))
            .ToArray();
        await Task.WhenAll(visits);
        foreach (var turn in doors.Values)
            turn.Dispose();
    }

    private static async Task VisitAsync(Daemon daemon, LabHost outside, Door door, Foreign piece, SemaphoreSlim turn, Random random)
    {
        await turn.WaitAsync();
        try
        {
            using var stranger = await Stranger.ConnectAsync(outside.Network, daemon.Host, door, piece, random);
            if (!MayStay(door, piece))
                Assert.True(await stranger.WaitUntilClosedAsync(Patience) is not null, $"{piece} at {door} is still there");
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<(Daemon Exporter, Daemon Importer, LabHost Outside)> StartAsync()
    {
        var hosts = await AddHostsAsync(3);
        var exporter = await hosts[0].StartAsync();
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await exporter.BindAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the importer knows that the device is exported");
        return (exporter, importer, hosts[2]);
    }
}
