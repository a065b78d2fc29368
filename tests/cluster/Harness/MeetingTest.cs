using System.Diagnostics;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A test of nodes that come together by themselves.</summary>
public abstract class MeetingTest(ITestOutputHelper output) : ClusterTest(output)
{
    /// <summary>Within this time nodes are one cluster.</summary>
    protected static readonly TimeSpan Together = TimeSpan.FromSeconds(15);

    // A test that claims less tells how long it took instead.
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Waits until they are one cluster on each of them, without anybody else; how long it took after all were ready, on processors of its own.
    /// </summary>
    private protected async Task<TimeSpan> BecomeOneAsync(string who, IReadOnlyCollection<Daemon> daemons)
    {
        foreach (var daemon in daemons)
            await daemon.WaitUntilReadyAsync();
        var start = Stopwatch.GetTimestamp();
        var processors = new Processors();
        string[] names = [.. daemons.Select(daemon => daemon.Host.Node).Order(StringComparer.Ordinal)];
        foreach (var daemon in daemons)
        {
            await Until.ReadAsync(
                daemon.NodesAsync,
                rows => rows.Select(row => row.Node).Order(StringComparer.Ordinal).SequenceEqual(names)
                    && rows.All(row => row is { Status: "up", Reachable: true, Version: not null }),
                $"one cluster of {string.Join(", ", names)} on {daemon.Host.Name}",
                GiveUp);
        }

        var time = Stopwatch.GetElapsedTime(start);
        Print($"{who}: one cluster on all {time.TotalMilliseconds:0} ms after the last was ready");
        return time / processors.Slowness;
    }

    /// <summary>Waits until a node is the only one of its cluster.</summary>
    private protected static async Task BeAloneAsync(Daemon daemon)
    {
        await daemon.WaitUntilReadyAsync();
        await Until.ReadAsync(daemon.NodesAsync, rows => rows is [{ Status: "up", Self: true }], $"only itself on {daemon.Host.Name}");
    }
}
