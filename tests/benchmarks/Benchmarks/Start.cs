namespace UsbIpCluster.Benchmarks;

/// <summary>
/// From the start of a daemon's process to its READY, with a certificate, alone. Beside it a process of the same runtime that does nothing,
/// from its start to its first word.
/// </summary>
internal sealed class Start : Benchmark
{
    private const int Times = 10;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public override string Name => "start";

    /// <inheritdoc/>
    public override string Shows => "a daemon from its start to READY";

    /// <inheritdoc/>
    public override TimeSpan Patience => TimeSpan.FromSeconds(90);

    /// <inheritdoc/>
    public override async Task<Sheet> RunAsync(Product product, CancellationToken cancelled)
    {
        var watch = MachineLoad.Watch();
        var starts = await Series.RunAsync(Times, Enough, TimeSpan.Zero, stop => StartAsync(product, stop), cancelled);
        var sheet = new Sheet(Distribution.Columns("starts")) { Machine = watch() };
        var (limit, cpuLimit) = (
            sheet.AddLimit("an empty process", new Distribution(starts.Select(start => start.Empty.Time)).Figures),
            sheet.AddLimit("an empty process, processor time", new Distribution(starts.Select(start => start.Empty.Cpu)).Figures));
        sheet.Add("a daemon", new Distribution(starts.Select(start => start.Daemon.Time)).Figures, limit);
        sheet.Add("a daemon, processor time", new Distribution(starts.Select(start => start.Daemon.Cpu)).Figures, cpuLimit);
        return sheet;
    }

    private static async Task<(Startup Daemon, Startup Empty)> StartAsync(Product product, CancellationToken cancelled)
    {
        await using var alone = await TestCluster.StartAsync(product, 1, cancelled);
        await using var empty = await EmptyProcess.StartAsync(cancelled);
        return (alone.Nodes[0].Startup, empty.Startup);
    }
}
