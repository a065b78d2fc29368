using System.Diagnostics;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A test of nodes that come together by themselves.</summary>
public abstract class MeetingTest(ITestOutputHelper output) : ClusterTest(output)
{
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(15);

    /// <summary>Waits until they are one cluster on each of them, and nobody else is in it.</summary>
    private protected async Task BecomeOneAsync(string who, IReadOnlyCollection<Daemon> daemons, TimeSpan? within = null)
    {
        foreach (var daemon in daemons)
            await daemon.WaitUntilReadyAsync();
        var start = Stopwatch.GetTimestamp();
        foreach (var daemon in daemons)
        {
            var left = (within ?? Together) - Stopwatch.GetElapsedTime(start);
            await Until.ReadAsync(
                daemon.NodesAsync,
                rows => rows.Count == daemons.Count && rows.All(row => row is { Status: "up", Reachable: true, Version: not null }),
                $"one cluster of {daemons.Count} on {daemon.Host.Name}",
                left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        Print($"{who}: one cluster on all {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after the last was ready");
    }
}
