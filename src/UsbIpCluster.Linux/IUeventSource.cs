namespace UsbIpCluster.Linux;

/// <summary>What the kernel tells unasked.</summary>
/// <param name="Time">When it arrived in this process.</param>
public abstract record UeventSignal(DateTimeOffset Time)
{
    /// <summary>Something happened to a device.</summary>
    public sealed record Happened(Uevent Event, DateTimeOffset Time) : UeventSignal(Time);

    /// <summary>Uevents were lost, so everything has to be read again.</summary>
    public sealed record Lost(DateTimeOffset Time) : UeventSignal(Time);

    /// <summary>
    /// A TCP connection of this host was closed, not said which one. The drivers close a session's first of all, long before the devices'
    /// drivers have let go and the uevents come; an exporter's driver has no uevent for it at all.
    /// </summary>
    public sealed record ConnectionClosed(DateTimeOffset Time) : UeventSignal(Time);
}

/// <summary>Where the kernel's uevents come from: <see cref="UeventSocket"/>, shared by the exporter and the host controller.</summary>
public interface IUeventSource : IDisposable
{
    /// <summary>Why no uevents arrive, so that their readers have to poll; null while all is well.</summary>
    string? Degraded { get; }

    /// <summary>Whether <see cref="UeventSignal.ConnectionClosed"/> is told; where it is not, sessions have to be polled.</summary>
    bool TellsClosedConnections { get; }

    /// <summary>Tells the observer every signal from now on, one at a time. The observer must not block. Ends when the result is disposed.</summary>
    IDisposable Subscribe(Action<UeventSignal> observer);
}
