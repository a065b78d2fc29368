namespace UsbIpCluster.Node;

/// <summary>Work that is under way once at the most: who asks for it meanwhile gets the same result.</summary>
/// <param name="run">Begins it; must not take long itself.</param>
internal sealed class OneAtATime<T>(Func<Task<T>> run)
{
    private readonly Lock _lock = new();
    private Task<T>? _underWay;

    /// <summary>What is under way, or begins now.</summary>
    public Task<T> RunAsync()
    {
        lock (_lock)
            return _underWay is { IsCompleted: false } ? _underWay : _underWay = run();
    }
}
