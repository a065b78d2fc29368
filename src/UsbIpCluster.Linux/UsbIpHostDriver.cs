using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The commands of usbip-host, each a write to one of its files (drivers/usb/usbip/stub_main.c, stub_dev.c), in the order of the
/// stock tool. They may block while the kernel works on the device.
/// <para>
/// The driver's table holds 16 bus ids. <c>del</c> frees no place in it, and while the device is bound it spoils its bus id for later; only
/// <c>rebind</c> frees one. <c>rebind</c> (and unloading the module) follows a pointer to the device, so it is never written for a
/// device that is not there.
/// </para>
/// </summary>
internal sealed class UsbIpHostDriver(Sysfs sysfs, SysfsDevices devices)
{
    public const string Name = "usbip-host";

    private const string Drivers = "/sys/bus/usb/drivers";
    private const string Probe = "/sys/bus/usb/drivers_probe";
    private const int OutOfMemory = 12;

    /// <summary>Takes the device from its driver and gives it to usbip-host.</summary>
    /// <exception cref="DeviceException">NoSuchDevice, NoPermission, Refused.</exception>
    public void Bind(BusId busId)
    {
        if (!devices.Exists(busId))
            throw NoSuchDevice(busId);
        if (devices.IsImported(busId))
        {
            throw new DeviceException(
                DeviceError.Refused, $"{busId} is an imported device", "export it on the host where it is plugged in");
        }

        var driver = devices.DriverOf(busId);
        if (driver == Name)
            return;
        if (devices.IsHub(busId))
            throw new DeviceException(DeviceError.Refused, $"{busId} is a hub, which USB/IP does not export", "bind the devices behind it");

        var tried = $"binding {busId} to {Name}";
        if (driver is not null)
            Check(busId, sysfs.Write($"{Drivers}/{driver}/unbind", busId.Value), $"{tried}: taking it from the driver {driver}");
        try
        {
            Match(busId, tried);
            var errno = sysfs.Write($"{Drivers}/{Name}/bind", busId.Value);
            if (errno != 0 && devices.DriverOf(busId) != Name)
                Check(busId, errno, tried, "plug it into another port");
        }
        catch (DeviceException)
        {
            _ = sysfs.Write(Probe, busId.Value);
            throw;
        }
    }

    /// <summary>Gives the device back to its own driver.</summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, NoPermission, Refused.</exception>
    public void Unbind(BusId busId)
    {
        if (!devices.Exists(busId))
            throw NoSuchDevice(busId);
        if (devices.DriverOf(busId) != Name)
            throw NotExported(busId);
        var tried = $"unbinding {busId} from {Name}";
        Check(busId, sysfs.Write($"{Drivers}/{Name}/unbind", busId.Value), tried);
        // Kernels differ in whether this does anything here; rebind does it in any case.
        _ = sysfs.Write($"{Drivers}/{Name}/match_busid", $"del {busId}");
        if (!devices.Exists(busId))
            throw NoSuchDevice(busId);
        // It fails for a device that the table did not list.
        if (sysfs.Write($"{Drivers}/{Name}/rebind", busId.Value) != 0)
            Check(busId, sysfs.Write(Probe, busId.Value), $"giving {busId} back to its own driver");
    }

    /// <summary>Does nothing for a device that is exported and free.</summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, Busy, Refused.</exception>
    public void RequireAvailable(BusId busId)
    {
        switch (StatusOf(busId))
        {
            case ExportStatus.Available:
                return;
            case ExportStatus.InUse:
                throw new DeviceException(DeviceError.Busy, $"{busId} is in use by another session");
            case var status:
                throw new DeviceException(DeviceError.Refused, $"{busId} is {status}", "unbind it and bind it again, or plug it in again");
        }
    }

    /// <summary>Hands a connected socket to the device.</summary>
    /// <param name="busId">The device.</param>
    /// <param name="descriptor">The socket's descriptor in this process.</param>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, Busy, NoPermission, Refused.</exception>
    public void HandOver(BusId busId, int descriptor)
    {
        var errno = WriteSocket(busId, descriptor);
        // Every refusal is EINVAL: also when another process was faster.
        if (errno == KernelError.InvalidArgument)
            RequireAvailable(busId);
        Check(busId, errno, $"handing a connection to {busId}");
    }

    /// <summary>Ends the session that has the device, if one has. It is available some time later, after a bus reset.</summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported, NoPermission, Refused.</exception>
    public void Fence(BusId busId)
    {
        if (StatusOf(busId) == ExportStatus.Available)
            return;
        var errno = WriteSocket(busId, -1);
        // EINVAL: the session has ended by itself in the meantime, and the device is on its way back.
        if (errno != KernelError.InvalidArgument || StatusOf(busId) == ExportStatus.Faulted)
            Check(busId, errno, $"ending the session that has {busId}");
    }

    /// <summary>The state of an exported device.</summary>
    /// <exception cref="DeviceException">NoSuchDevice, NotExported.</exception>
    public ExportStatus StatusOf(BusId busId) =>
        devices.ReadStatus(busId) ?? throw (devices.Exists(busId) ? NotExported(busId) : NoSuchDevice(busId));

    private int WriteSocket(BusId busId, int descriptor) =>
        sysfs.Write($"{SysfsDevices.Directory}/{busId}/usbip_sockfd", descriptor.ToString());

    private void Match(BusId busId, string tried)
    {
        var errno = sysfs.Write($"{Drivers}/{Name}/match_busid", $"add {busId}");
        if (errno == OutOfMemory)
        {
            throw new DeviceException(
                DeviceError.Refused,
                $"{tried}: its table of 16 bus ids is full",
                "unbind a device; the bus ids of devices that were unplugged while bound stay there until a reboot");
        }

        Check(busId, errno, tried);
    }

    /// <summary>Throws for an errno; a file that is absent means that the module or the device is.</summary>
    private void Check(BusId busId, int errno, string tried, string? hint = null)
    {
        if (errno == 0)
            return;
        if (KernelError.IsAbsent(errno) && !sysfs.Exists(KernelModule.UsbIpHost.Directory))
            throw KernelModules.Missing(KernelModule.UsbIpHost, tried);
        if (KernelError.IsAbsent(errno) && !sysfs.Exists($"{SysfsDevices.Directory}/{busId}"))
            throw NoSuchDevice(busId);
        throw KernelError.Of(errno, tried, hint);
    }

    private static DeviceException NotExported(BusId busId) =>
        new(DeviceError.NotExported, $"{busId} is not bound to {Name}", $"usbipc bind {busId}");

    public static DeviceException NoSuchDevice(BusId busId) =>
        new(DeviceError.NoSuchDevice, $"there is no USB device {busId} on this host", "usbipc list --local");
}
