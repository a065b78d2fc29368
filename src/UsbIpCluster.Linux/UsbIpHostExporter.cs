using System.Collections.Concurrent;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The USB devices of this host, exported by the kernel's usbip-host. Sessions belong to the kernel: disposing this ends none.
/// </summary>
public sealed class UsbIpHostExporter : IDeviceExporter
{
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);

    // The kernel resets one device after another, of all that lose their session at once: 0.3 s each.
    private static readonly TimeSpan EndingTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ReleaseInterval = TimeSpan.FromMilliseconds(20);

    private readonly KernelModules _modules;
    private volatile SessionSocketOptions _socketOptions;
    private readonly TimeProvider _clock;
    private readonly Action<string> _log;
    private readonly SysfsDevices _devices;
    private readonly UsbIpHostDriver _driver;
    private readonly DeviceWatch _watch;
    private readonly DeviceLocks _locks = new();

    // The sessions that this process has handed over; of an older one's it knows nothing.
    private readonly ConcurrentDictionary<BusId, TcpConnection> _sessions = [];

    /// <summary>The exporter of the kernel whose files these are. Loads no module until a device is bound.</summary>
    /// <param name="sysfs">The kernel's files.</param>
    /// <param name="modules">Loads usbip-host where it is missing.</param>
    /// <param name="uevents">Where changes come from; stays the caller's.</param>
    /// <param name="socketOptions">The first <see cref="SocketOptions"/>.</param>
    /// <param name="clock">Times the readings.</param>
    /// <param name="log">Told in one line what an operator should know; called from any thread.</param>
    /// <param name="names">Names devices that do not do so themselves; null for nothing.</param>
    public UsbIpHostExporter(
        Sysfs sysfs,
        KernelModules modules,
        IUeventSource uevents,
        SessionSocketOptions socketOptions,
        TimeProvider clock,
        Action<string> log,
        HardwareNames? names = null)
    {
        _modules = modules;
        _socketOptions = socketOptions;
        _clock = clock;
        _log = log;
        _devices = new SysfsDevices(sysfs, names);
        _driver = new UsbIpHostDriver(sysfs, _devices);
        _watch = new DeviceWatch(_devices, uevents, clock, log);
    }

    /// <inheritdoc/>
    public string Backend => "kernel";

    /// <summary>When the importer of a session that begins from now on counts as lost.</summary>
    public SessionSocketOptions SocketOptions
    {
        get => _socketOptions;
        set => _socketOptions = value;
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<DeviceChange> observer) => _watch.Subscribe(observer);

    /// <inheritdoc/>
    public async Task BindAsync(BusId busId, CancellationToken cancellationToken)
    {
        await _modules.EnsureAsync(KernelModule.UsbIpHost, cancellationToken);
        await OneByOneAsync(busId, () => Blocking.RunAsync(() => _driver.Bind(busId), cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task UnbindAsync(BusId busId, CancellationToken cancellationToken) =>
        OneByOneAsync(busId, () => Blocking.RunAsync(() => _driver.Unbind(busId), cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task ServeAsync(BusId busId, Socket connection, CancellationToken cancellationToken) =>
        OneByOneAsync(busId, () => ServeOneAsync(busId, connection, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task ReleaseAsync(BusId busId, CancellationToken cancellationToken) =>
        OneByOneAsync(busId, () => ReleaseOneAsync(busId, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task OneByOneAsync(BusId busId, Func<Task> work, CancellationToken cancellationToken)
    {
        using (await _locks.EnterAsync(busId, cancellationToken))
        {
            try
            {
                await work();
            }
            finally
            {
                _watch.ReadNow(busId);
            }
        }
    }

    /// <summary>Hands over, then answers: the order of the stock usbipd. The kernel sends nothing before the importer has sent a URB.</summary>
    private async Task ServeOneAsync(BusId busId, Socket connection, CancellationToken cancellationToken)
    {
        var unanswered = await Blocking.RunAsync(() => HandOverAndAnswer(busId, connection), cancellationToken);
        if (unanswered is null)
            return;

        // The kernel holds a session without a peer: the device has to be as it was before the caller hears of it.
        try
        {
            await ReleaseOneAsync(busId, CancellationToken.None);
        }
        catch (DeviceException exception)
        {
            _log($"{busId} was handed to a lost importer and could not be taken back: {exception.Message}");
        }

        throw unanswered;
    }

    /// <summary>Null when the importer has been answered; otherwise why it has not, although the device was handed over.</summary>
    private DeviceException? HandOverAndAnswer(BusId busId, Socket connection)
    {
        _driver.RequireAvailable(busId);
        RequireConnected(connection);
        SessionSocket.SetSessionOptions(connection, _socketOptions);
        var device = _devices.Read(busId, previous: null)?.Device ?? throw UsbIpHostDriver.NoSuchDevice(busId);
        var session = new TcpConnection(connection);
        _driver.HandOver(busId, (int)connection.SafeHandle.DangerousGetHandle());
        _sessions[busId] = session;
        try
        {
            // Nothing has been sent on this connection, so it fits into the send buffer: this can't block.
            connection.Send(ImportReply.Granted(device.Record).Encode());
        }
        catch (SocketException exception)
        {
            return new DeviceException(DeviceError.PeerLost, $"answering the importer of {busId}: {exception.Message}", null, exception);
        }

        connection.Dispose();
        return null;
    }

    private static void RequireConnected(Socket connection)
    {
        try
        {
            if (!connection.Poll(0, SelectMode.SelectRead) || connection.Available > 0)
                return;
        }
        catch (SocketException exception)
        {
            throw new DeviceException(DeviceError.PeerLost, $"the importer is gone: {exception.Message}", null, exception);
        }

        throw new DeviceException(DeviceError.PeerLost, "the importer has closed the connection before it was answered");
    }

    private async Task ReleaseOneAsync(BusId busId, CancellationToken cancellationToken)
    {
        // A session whose connection has ended is being ended by the kernel. A fence that comes while that resets the device is carried out
        // after it, when the next importer may have the device already (usbip_event.c): it would end his session.
        if (_sessions.TryRemove(busId, out var session) && !session.IsEstablished()
            && await WaitWhileInUseAsync(busId, EndingTimeout, cancellationToken) == ExportStatus.Available)
            return;

        await Blocking.RunAsync(() => _driver.Fence(busId), cancellationToken);
        var status = await WaitWhileInUseAsync(busId, ReleaseTimeout, cancellationToken);
        if (status != ExportStatus.Available)
        {
            throw new DeviceException(
                status == ExportStatus.InUse ? DeviceError.TimedOut : DeviceError.Refused,
                $"{busId} is {status} up to {ReleaseTimeout.TotalSeconds} s after its session was ended",
                "unbind it and bind it again");
        }
    }

    /// <summary>The state of the device as soon as it is not in use, or when the time is over.</summary>
    private async Task<ExportStatus> WaitWhileInUseAsync(BusId busId, TimeSpan time, CancellationToken cancellationToken)
    {
        var start = _clock.GetTimestamp();
        while (true)
        {
            var status = _driver.StatusOf(busId);
            if (status != ExportStatus.InUse || _clock.GetElapsedTime(start) > time)
                return status;
            await Task.Delay(ReleaseInterval, _clock, cancellationToken);
        }
    }
}
