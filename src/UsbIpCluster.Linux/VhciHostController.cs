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

    private readonly KernelModules _modules;
    private readonly VhciDriver _driver;
    private readonly PortWatch _watch;

    /// <summary>The host controller of the kernel whose files these are. Loads no module until something is attached.</summary>
    /// <param name="sysfs">The kernel's files.</param>
    /// <param name="modules">Loads vhci-hcd where it is missing.</param>
    /// <param name="uevents">Where changes come from; stays the caller's.</param>
    /// <param name="clock">Times the readings.</param>
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
        _driver = new VhciDriver(sysfs);
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
            await _modules.EnsureAsync(KernelModule.VhciHcd, cancellationToken);
            return await Blocking.RunAsync(() => Attach(connection, device, origin), cancellationToken);
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
    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return ValueTask.CompletedTask;
    }

    private PortNumber Attach(Socket connection, UsbDeviceRecord device, PortOrigin origin)
    {
        var speed = device.Speed == UsbSpeed.SuperPlus ? UsbSpeed.Super : device.Speed;
        if (speed is UsbSpeed.Unknown or > UsbSpeed.Super)
            throw new DeviceException(DeviceError.Refused, $"{origin.BusId} of {origin.Host} has no speed that a host controller knows");
        SessionSocket.ClearTimeouts(connection);

        // Alone with the ports: no other attach of this process chooses the same one, and nobody hears of it before its origin is noted.
        return _watch.AfterReading(() =>
        {
            var port = AttachToFreePort((int)connection.SafeHandle.DangerousGetHandle(), device.DeviceId, speed, origin);
            _watch.Attached(port, origin);
            return port;
        });
    }

    private PortNumber AttachToFreePort(int descriptor, DeviceId deviceId, UsbSpeed speed, PortOrigin origin)
    {
        var taken = new HashSet<PortNumber>();
        while (taken.Count < MaxAttempts)
        {
            if (Choose(speed, taken) is not { } port)
                throw new DeviceException(DeviceError.NoFreePort, $"every port for {speed} speed is in use", "detach a device");
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
    /// The first free port on the hub with the fewest devices that are being enumerated, which a hub does one after another; null when
    /// there is none.
    /// </summary>
    private PortNumber? Choose(UsbSpeed speed, HashSet<PortNumber> taken)
    {
        var wanted = speed == UsbSpeed.Super ? VhciHub.SuperSpeed : VhciHub.HighSpeed;
        return _driver.ReadAll()
            .Where(port => port.Hub == wanted)
            .GroupBy(port => _driver.ControllerOf(port.Port))
            .Select(hub => (
                Enumerating: hub.Count(port => port.State != VhciState.Free && _watch.Find(port.Port)?.Status != PortStatus.Ready),
                Free: hub.FirstOrDefault(port => port.State == VhciState.Free && !taken.Contains(port.Port))))
            .Where(hub => hub.Free is not null)
            .OrderBy(hub => hub.Enumerating)
            .FirstOrDefault().Free?.Port;
    }
}
