namespace UsbIpCluster.Benchmarks;

/// <summary>
/// From the start of a daemon's process to its READY, with a certificate, alone. Beside it a process of the same runtime that does nothing,
/// from its start to its first word.
/// </summary>
internal sealed class Start : Benchmark
{
    private const int Times = 10;

    /// <inheritdoc/>
    public override string Name => "start";

    /// <inheritdoc/>
    public override string Shows => "a daemon from its start to READY";

    /// <inheritdoc/>
    public override TimeSpan Patience => TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public override async Task<Sheet> RunAsync(Product product, CancellationToken cancelled)
    {
        var watch = MachineLoad.Watch();
        List<Startup> daemons = [];
        List<Startup> empty = [];
        for (var i = 0; i < Times; i++)
        {
            await using var alone = await TestCluster.StartAsync(product, 1, cancelled);
            daemons.Add(alone.Nodes[0].Startup);
            await using var process = await EmptyProcess.StartAsync(cancelled);
            empty.Add(process.Startup);
        }

        var sheet = new Sheet(Distribution.Columns("starts")) { Machine = watch() };
        var (limit, cpuLimit) = (
            sheet.AddLimit("an empty process", new Distribution(empty.Select(startup => startup.Time)).Figures),
            sheet.AddLimit("an empty process, processor time", new Distribution(empty.Select(startup => startup.Cpu)).Figures));
        sheet.Add("a daemon", new Distribution(daemons.Select(startup => startup.Time)).Figures, limit);
        sheet.Add("a daemon, processor time", new Distribution(daemons.Select(startup => startup.Cpu)).Figures, cpuLimit);
        return sheet;
    }
}
