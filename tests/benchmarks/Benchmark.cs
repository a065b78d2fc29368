namespace UsbIpCluster.Benchmarks;

/// <summary>Something that is measured. It judges no time; it throws when what it measures did not work.</summary>
internal abstract class Benchmark
{
    /// <summary>Its name on the command line, and its file's in the results.</summary>
    public abstract string Name { get; }

    /// <summary>What it shows, in a line.</summary>
    public abstract string Shows { get; }

    /// <summary>How long it may take before it counts as failed.</summary>
    public abstract TimeSpan Patience { get; }

    /// <summary>Measures.</summary>
    public abstract Task<Sheet> RunAsync(Product product, CancellationToken cancelled);
}
