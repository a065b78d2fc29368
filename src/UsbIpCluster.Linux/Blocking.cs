namespace UsbIpCluster.Linux;

/// <summary>Runs what may block in the kernel for seconds on a thread of its own, so that the pool's threads stay free.</summary>
internal static class Blocking
{
    public static Task RunAsync(Action work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, Options, TaskScheduler.Default);

    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, Options, TaskScheduler.Default);

    private static TaskCreationOptions Options => TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach;
}
