namespace UsbIpCluster.Cli.Watch;

/// <summary>The terminal, all of it, until it is disposed.</summary>
internal interface IScreen : IDisposable
{
    /// <summary>Its size, in columns and lines, as it is now.</summary>
    (int Width, int Height) Size { get; }

    /// <summary>Reads keys and changes of size and hands them over, from any thread, until it is disposed.</summary>
    void Listen(Action<WatchInput> observer);

    /// <summary>Shows lines from the top, no more than fit and none wider, instead of those before.</summary>
    void Show(IReadOnlyList<string> lines);
}
