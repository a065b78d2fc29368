namespace UsbIpCluster.Benchmarks;

/// <summary>
/// How soon a change of a device at one node is known at all others: five nodes that are one cluster over mutual TLS, a client at each
/// follows its events. The device of one node after another is bound and unbound, and the time is taken until the last of the other four
/// clients has been told: from the moment at which the node's own client was told, and from the request, which the node first keeps on its
/// disk. Beside it a frame of the same size to four processes that send it back, which is as many hops, over the same TLS and over TCP.
/// </summary>
internal sealed class Propagation : Benchmark
{
    private const int Nodes = 5;

    // A node with one device announces itself in about so much.
    private const int FrameBytes = 768;

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public override string Name => "propagation";

    /// <inheritdoc/>
    public override string Shows => "a device's change at one of 5 nodes, until the last of the others shows it";

    /// <inheritdoc/>
    public override TimeSpan Patience => TimeSpan.FromSeconds(90);

    /// <inheritdoc/>
    public override async Task<Sheet> RunAsync(Product product, CancellationToken cancelled)
    {
        await using var cluster = await TestCluster.StartAsync(product, Nodes, cancelled);
        await using var tls = await Fan.StartAsync(Nodes - 1, FrameBytes, cluster.Files, cancelled);
        await using var tcp = await Fan.StartAsync(Nodes - 1, FrameBytes, files: null, cancelled);
        return await cluster.UseAsync(async () =>
        {
            await using var audience = await Audience.GatherAsync(cluster.Nodes, cancelled);
            var watch = MachineLoad.Watch();
            var sheet = new Sheet(Distribution.Columns("changes"));
            await MeasureAsync("each node's first two", 2 * Nodes, TimeSpan.Zero);
            await MeasureAsync("after a rest", 200, Rest);
            await MeasureAsync("one after another", 400, TimeSpan.Zero);
            sheet.AddGoal(null, 5, 100, null);
            sheet.Machine = watch();
            return sheet;

            async Task MeasureAsync(string pace, int times, TimeSpan rest)
            {
                var overTcp = await RepeatAsync(times, rest, _ => tcp.RunAsync(cancelled));
                var overTls = await RepeatAsync(times, rest, _ => tls.RunAsync(cancelled));
                var changes = await RepeatAsync(times, rest, turn => audience.ChangeAsync(turn, cancelled));
                sheet.AddLimit($"to 4 processes and back over TCP, {pace}", new Distribution(overTcp).Figures);
                var limit = sheet.AddLimit($"to 4 processes and back over TLS, {pace}", new Distribution(overTls).Figures);
                sheet.Add($"{pace}: own event to the last of the others", new Distribution(changes.Select(seen => seen.SinceOwn)).Figures, limit);
                sheet.Add($"{pace}: the same by the daemons' own times", new Distribution(changes.Select(seen => seen.ByDaemons)).Figures);
                sheet.Add($"{pace}: request to the last of the others", new Distribution(changes.Select(seen => seen.SinceRequest)).Figures);
            }

            async Task<T[]> RepeatAsync<T>(int times, TimeSpan rest, Func<int, Task<T>> once)
            {
                var results = new T[times];
                for (var i = 0; i < times; i++)
                {
                    await Task.Delay(rest, cancelled);
                    results[i] = await once(i);
                }

                return results;
            }
        });
    }
}
