using System.Collections.Immutable;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The kernel's virtual host controller. Sessions belong to the kernel: disposing this detaches nothing, and a new one finds every port
/// that an older one, or the stock <c>usbip</c>, has attached.
/// </summary>
public sealed class VhciHostController : IHostController
{
    private const int MaxAttempts = 8;
    private static readonly TimeSpan FreeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EnumerationTimeout = TimeSpan.FromSeconds(3);

    // How long the kernel may take to let go of the old device of a free port.
    private static readonly TimeSpan LeavingTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LeavingInterval = TimeSpan.FromMilliseconds(20);

    private readonly KernelModules _modules;
    private readonly TimeProvider _clock;
    private readonly VhciDriver _driver;
    private readonly PortWatch _watch;
    private readonly SysfsNodes _nodes;

    /// <summary>The host controller of the kernel whose files these are. Loads no module until something is attached.</summary>
    /// <param name="sysfs">The kernel's files.</param>
    /// <param name="modules">Loads vhci-hcd where it is missing.</param>
    /// <param name="uevents">Where changes come from; stays the caller's.</param>
    /// <param name="clock">Times the readings and the waits.</param>
    /// <param name="log">Told in one line what an operator should know; called from any thread.</param>
    /// <param name="recordDirectory">Where the stock tools keep where each port comes from.</param>
    public VhciHostController(
        Sysfs sysfs,
        KernelModules modules,
        IUeventSource uevents,
        TimeProvider clock,
        Action<string> log,
        string recordDirectory = "/var/run/vhci_hcd")
    {
        _modules = modules;
        _clock = clock;
        _driver = new VhciDriver(sysfs);
        _nodes = new SysfsNodes(sysfs);
        _watch = new PortWatch(_driver, new PortRecords(recordDirectory, log), uevents, clock, log);
    }

    /// <inheritdoc/>
    public string Backend => "kernel";

    /// <inheritdoc/>
    public ImmutableArray<HostPort> ReadPorts()
    {
        // The watch keeps what it knew when it can't read; the caller wants to hear of it.
        _driver.ReadAll();
        return _watch.AfterReading(() => _watch.Known);
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<PortChange> observer) => _watch.Subscribe(observer);

    /// <inheritdoc/>
    public async Task<PortNumber> AttachAsync(
        Socket connection, UsbDeviceRecord device, PortOrigin origin, CancellationToken cancellationToken)
    {
        // The kernel keeps the file open for itself; closing the descriptor here does not end the session.
        using (connection)
        {
            var speed = device.Speed == UsbSpeed.SuperPlus ? UsbSpeed.Super : device.Speed;
            if (speed is UsbSpeed.Unknown or > UsbSpeed.Super)
                throw new DeviceException(DeviceError.Refused, $"{origin.BusId} of {origin.Host} has no speed that a host controller knows");
            await _modules.EnsureAsync(KernelModule.VhciHcd, cancellationToken);
            SessionSocket.ClearTimeouts(connection);
            return await AttachWhenFreeAsync(connection, device.DeviceId, speed, origin, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task DetachAsync(PortNumber port, CancellationToken cancellationToken)
    {
        // A detach during enumeration sends the kernel into an error recovery of 15 to 20 s, so enumeration is given its time.
        await _watch.WaitAsync(port, EnumerationTimeout, status => status != PortStatus.Enumerating, cancellationToken);

        var errno = await Blocking.RunAsync(() => _driver.Detach(port), cancellationToken);
        if (errno == KernelError.InvalidArgument)
            throw new DeviceException(DeviceError.NoSuchPort, $"nothing is attached to port {port}", "usbipc port");
        if (errno != 0)
            throw _driver.Error(errno, $"detaching port {port}");

        if (!await _watch.WaitAsync(port, FreeTimeout, status => status == PortStatus.Free, cancellationToken))
        {
            throw new DeviceException(
                DeviceError.TimedOut, $"port {port} is not free {FreeTimeout.TotalSeconds} s after it was detached; the kernel still works on it");
        }
    }

    /// <inheritdoc/>
    public DeviceNodes FindNodes(BusId localBusId) => _nodes.Read(localBusId);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<PortNumber> AttachWhenFreeAsync(
        Socket connection, DeviceId deviceId, UsbSpeed speed, PortOrigin origin, CancellationToken cancellationToken)
    {
        var start = _clock.GetTimestamp();
        while (true)
        {
            if (await Blocking.RunAsync(() => Attach(connection, deviceId, speed, origin), cancellationToken) is { } port)
                return port;
            if (_clock.GetElapsedTime(start) >= LeavingTimeout)
            {
                throw new DeviceException(
                    DeviceError.NoFreePort,
                    $"after {LeavingTimeout.TotalSeconds} s every free port for {Describe(HubFor(speed))} still has the device of a "
                        + "session that has ended; the kernel lets go of one after another",
                    "try again");
            }

            await Task.Delay(LeavingInterval, _clock, cancellationToken);
        }
    }

    /// <summary>Attaches to a port that is free; null when the kernel has yet to let go of the old devices of all that are.</summary>
    private PortNumber? Attach(Socket connection, DeviceId deviceId, UsbSpeed speed, PortOrigin origin) =>
        // Alone with the ports: no other attach of this process chooses the same one, and nobody hears of it before its origin is noted.
        _watch.AfterReading(() =>
        {
            var port = AttachToFreePort((int)connection.SafeHandle.DangerousGetHandle(), deviceId, speed, origin);
            if (port is { } attached)
                _watch.Attached(attached, origin);
            return port;
        });

    private PortNumber? AttachToFreePort(int descriptor, DeviceId deviceId, UsbSpeed speed, PortOrigin origin)
    {
        var taken = new HashSet<PortNumber>();
        while (taken.Count < MaxAttempts)
        {
            if (Choose(HubFor(speed), taken) is not { } port)
                return null;

            // Free since the last reading: whoever waits for that, or takes the port for his, must hear of it before it is used again.
            if (_watch.Find(port) is not null)
                _watch.ReadNow(_driver.ControllerOf(port));
            var errno = _driver.Attach(port, descriptor, deviceId, speed);
            if (errno == 0)
                return port;
            if (errno != KernelError.Busy)
                throw _driver.Error(errno, $"attaching {origin.BusId} of {origin.Host} to port {port}");

            // Another process was faster.
            taken.Add(port);
        }

        throw new DeviceException(
            DeviceError.NoFreePort, $"other processes were faster at each of {MaxAttempts} ports that were free", "try again");
    }

    /// <summary>
    /// The first usable port on the hub with the fewest devices that are being enumerated, of several such on the one with the fewest
    /// devices: a hub enumerates one after another, and lets go of one after another. Null when all free ports still have a device.
    /// </summary>
    /// <exception cref="DeviceException">NoFreePort: none is free.</exception>
    private PortNumber? Choose(VhciHub wanted, HashSet<PortNumber> taken)
    {
        var ports = _driver.ReadAll().Where(port => port.Hub == wanted).ToList();
        var free = ports
            .GroupBy(port => _driver.ControllerOf(port.Port))
            .OrderBy(hub => hub.Count(port => port.State != VhciState.Free && _watch.Find(port.Port)?.Status != PortStatus.Ready))
            .ThenBy(hub => hub.Count(port => port.State != VhciState.Free))
            .SelectMany(hub => hub.Select((port, index) => (port.Port, port.State, Controller: hub.Key, Index: index)))
            .Where(port => port.State == VhciState.Free && !taken.Contains(port.Port))
            .ToList();
        if (free.Count == 0)
        {
            throw new DeviceException(
                DeviceError.NoFreePort,
                $"every port for {Describe(wanted)} is in use ({ports.Count})",
                "detach something; 'usbipc port' shows what is attached");
        }

        foreach (var port in free)
        {
            if (!_driver.HasDevice(port.Controller, wanted, port.Index))
                return port.Port;
        }

        return null;
    }

    private static VhciHub HubFor(UsbSpeed speed) => speed == UsbSpeed.Super ? VhciHub.SuperSpeed : VhciHub.HighSpeed;

    private static string Describe(VhciHub hub) => hub == VhciHub.SuperSpeed ? "SuperSpeed" : "high speed and below";
}
