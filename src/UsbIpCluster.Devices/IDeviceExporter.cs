using System.Net.Sockets;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Devices;

/// <summary>What an exporter tells of its devices.</summary>
/// <param name="BusId">The device.</param>
public abstract record DeviceChange(BusId BusId)
{
    /// <summary>A device is there, is new, or differs from what was told before.</summary>
    public sealed record Present(LocalDevice Device, DateTimeOffset Time) : DeviceChange(Device.BusId);

    /// <summary>The device has been unplugged.</summary>
    public sealed record Gone(BusId BusId, DateTimeOffset Time) : DeviceChange(BusId);
}

/// <summary>
/// The local devices of one kind, and everything that can be done to them as an exporter. Sessions belong to this object (or to the
/// kernel), never to its caller: they outlive every actor.
/// All members may be called from any thread; calls for one device are carried out one after another.
/// </summary>
public interface IDeviceExporter : IAsyncDisposable
{
    /// <summary>The backend's name in the inventory: <c>kernel</c>, <c>libusb</c> or <c>simulated</c>.</summary>
    string Backend { get; }

    /// <summary>
    /// Tells the observer every device that is there now, then every change, in order and never two at once. The observer must
    /// not block. Ends when the result is disposed. <c>Time</c> is when this process learnt of it (the uevent's arrival).
    /// </summary>
    IDisposable Subscribe(Action<DeviceChange> observer);

    /// <summary>Takes the device from its own driver and offers it for export. Does nothing when that is done already.</summary>
    /// <exception cref="DeviceException">ModuleMissing, NoPermission, NoSuchDevice, Refused.</exception>
    Task BindAsync(BusId busId, CancellationToken cancellationToken);

    /// <summary>Gives the device back to its own driver; a session that has it ends.</summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, NoPermission, Refused.</exception>
    Task UnbindAsync(BusId busId, CancellationToken cancellationToken);

    /// <summary>
    /// Gives the device to the importer at the other end of <paramref name="connection"/>, whose OP_REQ_IMPORT has been read: hands
    /// the socket to the device, then sends OP_REP_IMPORT. Completes when the importer has been answered; the session goes on. Observers
    /// have been told that the device is in use by then, so that what they hear afterwards is about this session.
    /// On success the connection belongs to the exporter (the kernel's is closed here, once the kernel holds it). When it throws, the
    /// connection is still the caller's, nothing has been sent, and the device is as it was.
    /// The connection must be a blocking TCP socket on which no asynchronous operation was ever started: see <see cref="SessionSocketOptions"/>.
    /// </summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, Busy, Refused, PeerLost.</exception>
    Task ServeAsync(BusId busId, Socket connection, CancellationToken cancellationToken);

    /// <summary>
    /// Fences the session that has the device, if one has it, and completes when the device is available again.
    /// </summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, TimedOut, Refused.</exception>
    Task ReleaseAsync(BusId busId, CancellationToken cancellationToken);
}
