using System.Diagnostics;

namespace UsbIpCluster.Benchmarks;

/// <summary>
/// What a node costs that has nothing to do: three nodes that are one cluster over mutual TLS, left alone for a minute. Beside them a
/// process of the same runtime that does nothing, and one that holds a TLS connection and does nothing: what is above those is ours.
/// </summary>
internal sealed class Idle : Benchmark
{
    private const int Nodes = 3;

    // Long enough for the work of coming together and its timers to have ended.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Watching = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public override string Name => "idle";

    /// <inheritdoc/>
    public override string Shows => $"a node of a three-node cluster with nothing to do, for {Watching.TotalSeconds} s";

    /// <inheritdoc/>
    public override TimeSpan Patience => Watching + TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public override async Task<Sheet> RunAsync(Product product, CancellationToken cancelled)
    {
        await using var cluster = await TestCluster.StartAsync(product, Nodes, cancelled);
        await using var empty = await EmptyProcess.StartAsync(cancelled);
        await using var secured = await Fan.StartAsync(1, frameBytes: 1024, cluster.Files, cancelled);
        await secured.RunAsync(cancelled);
        return await cluster.UseAsync(async () =>
        {
            await Task.Delay(Settling, cancelled);
            int[] processes = [empty.ProcessId, .. secured.ProcessIds, .. cluster.Nodes.Select(node => node.ProcessId)];
            var watch = MachineLoad.Watch();
            var start = Stopwatch.GetTimestamp();
            Consumption[] before = [.. processes.Select(Consumption.Of)];
            await Task.Delay(Watching, cancelled);
            var time = Stopwatch.GetElapsedTime(start);
            double?[][] figures = [.. processes.Zip(before, (process, first) => Consumption.Of(process).Since(first, time))];

            var sheet = new Sheet(Consumption.Columns) { Machine = watch() };
            var limit = sheet.AddLimit("an empty process", figures[0]);
            sheet.AddLimit("a process with one TLS connection", figures[1]);
            foreach (var (node, taken) in cluster.Nodes.Zip(figures[2..]))
                sheet.Add(node.Name, taken, limit);
            sheet.AddGoal(70, null, 0.5, null, null, null);
            return sheet;
        });
    }
}
