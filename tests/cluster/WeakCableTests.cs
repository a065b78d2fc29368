using System.Diagnostics;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// Cables that are slow, or lose what goes through them: nobody becomes unreachable for it. What each host sends is late or lost, so it is
/// the same between any two of them, in both directions.
/// </summary>
public sealed class WeakCableTests(ITestOutputHelper output) : MeetingTest(output)
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(200);
    private const double Lossy = 0.2;

    [Fact]
    public Task Three_nodes_that_hear_each_other_200_ms_late_stay_in_touch() =>
        StayInTouchAsync(3, TimeSpan.FromSeconds(15), Slow, 0);

    [Fact]
    [Trait("Tier", "soak")]
    public Task Three_nodes_of_whose_frames_a_fifth_is_lost_stay_in_touch_for_60_s() =>
        StayInTouchAsync(3, TimeSpan.FromSeconds(60), TimeSpan.Zero, Lossy);

    [Fact]
    [Trait("Tier", "soak")]
    public Task Five_nodes_that_hear_each_other_200_ms_late_stay_in_touch_for_60_s() =>
        StayInTouchAsync(5, TimeSpan.FromSeconds(60), Slow, 0);

    [Fact]
    [Trait("Tier", "soak")]
    public Task Five_nodes_of_whose_frames_a_fifth_is_lost_stay_in_touch_for_60_s() =>
        StayInTouchAsync(5, TimeSpan.FromSeconds(60), TimeSpan.Zero, Lossy);

    private async Task StayInTouchAsync(int nodes, TimeSpan time, TimeSpan delay, double loss)
    {
        var hosts = await AddHostsAsync(nodes);
        await (await Pki.CreateAsync(Lab)).EquipAsync(hosts);
        var cables = new List<WeakCable>();
        foreach (var host in hosts)
            cables.Add(await Lab.ReplaceCableAsync(host));
        Daemon[] daemons = [.. hosts.Select(host => host.Launch(hosts[..2]))];
        await BecomeOneAsync($"{nodes} nodes with good cables", daemons);

        var since = DateTimeOffset.UtcNow;
        var before = CountFrames(cables);
        foreach (var cable in cables)
            (cable.Delay, cable.Loss) = (delay, loss);
        if (delay > TimeSpan.Zero)
            Assert.InRange(await TimeToConnectAsync(hosts[0], hosts[1]), 1.9 * delay, 10 * delay);
        var asked = 0;
        await Until.HoldsForAsync(
            time,
            async () => (await daemons[asked++ % nodes].NodesAsync()).Count(row => row is { Status: "up", Reachable: true }) == nodes,
            $"every node reaches the {nodes - 1} others");

        foreach (var daemon in daemons)
        {
            Assert.DoesNotContain(
                await daemon.EventsAsync(),
                row => row.Kind is EventKinds.NodeUnreachable or EventKinds.NodeRemoved or EventKinds.BegunAnew && row.Time > since);
        }

        var after = CountFrames(cables);
        var (sent, lost) = (after.Sent - before.Sent, after.Lost - before.Lost);
        Assert.InRange((double)lost / sent, 0.6 * loss, 1.4 * loss);
        Print($"{nodes} nodes, {delay.TotalMilliseconds} ms late, {lost} of {sent} frames lost: all reachable for {time.TotalSeconds} s");
    }

    private static (long Sent, long Lost) CountFrames(List<WeakCable> cables) =>
        (cables.Sum(cable => cable.Frames.Sent), cables.Sum(cable => cable.Frames.Lost));

    private static async Task<TimeSpan> TimeToConnectAsync(LabHost from, LabHost to)
    {
        var start = Stopwatch.GetTimestamp();
        using var connection = await from.Network.ConnectAsync(to.Cluster);
        return Stopwatch.GetElapsedTime(start);
    }
}
