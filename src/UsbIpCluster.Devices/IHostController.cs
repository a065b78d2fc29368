using System.Collections.Immutable;
using System.Net.Sockets;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Devices;

/// <summary>What a host controller tells of its ports.</summary>
/// <param name="Port">The port as it is now.</param>
/// <param name="Time">When this process learnt of it (the uevent's arrival).</param>
public sealed record PortChange(HostPort Port, DateTimeOffset Time);

/// <summary>
/// The virtual host controller of this host: ports, each with at most one imported device. Sessions belong to this object (or to the
/// kernel), never to its caller. All members may be called from any thread.
/// </summary>
public interface IHostController : IAsyncDisposable
{
    /// <summary>The backend's name: <c>kernel</c> or <c>simulated</c>.</summary>
    string Backend { get; }

    /// <summary>Every port that is not free, read now.</summary>
    /// <exception cref="DeviceException">ModuleMissing, UnexpectedFormat.</exception>
    ImmutableArray<HostPort> ReadPorts();

    /// <summary>
    /// Tells the observer every port that is not free now, then every change, in order and never two at once. The observer must not
    /// block. Ends when the result is disposed.
    /// </summary>
    IDisposable Subscribe(Action<PortChange> observer);

    /// <summary>
    /// Attaches the device at the other end of <paramref name="connection"/>, whose OP_REP_IMPORT has been read, to a free port for its
    /// speed. Completes when the socket has been handed over; enumeration is told by <see cref="Subscribe"/>. Observers have been told of the
    /// port by then: one that they do not know any more has been lost again.
    /// The connection belongs to the controller from the call on, whatever happens.
    /// </summary>
    /// <param name="connection">A blocking TCP socket on which no asynchronous operation was ever started.</param>
    /// <param name="device">What OP_REP_IMPORT said of the device.</param>
    /// <param name="origin">Where it comes from, for <c>usbip port</c>.</param>
    /// <param name="cancellationToken">Ends the wait; a hand-over that has begun is finished.</param>
    /// <exception cref="DeviceException">ModuleMissing, NoPermission, NoFreePort, Refused.</exception>
    Task<PortNumber> AttachAsync(Socket connection, UsbDeviceRecord device, PortOrigin origin, CancellationToken cancellationToken);

    /// <summary>Detaches the device at a port, and completes when the port is free.</summary>
    /// <exception cref="DeviceException">NoSuchPort, NoPermission, TimedOut, Refused.</exception>
    Task DetachAsync(PortNumber port, CancellationToken cancellationToken);

    /// <summary>What the programs of this host open to use an attached device, read now.</summary>
    /// <param name="localBusId">Its bus id on this host.</param>
    DeviceNodes FindNodes(BusId localBusId);
}
