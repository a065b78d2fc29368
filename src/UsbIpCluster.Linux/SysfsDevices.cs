using System.Collections.Immutable;
using System.Globalization;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The USB devices that are plugged into this host, from <c>/sys/bus/usb/devices</c>. Imported ones (below vhci_hcd), root hubs and
/// interfaces are none. A device that vanishes between two reads is absent.
/// <para>
/// Attributes that the kernel shows only under the device's lock (strings, bConfigurationValue, bNumInterfaces: drivers/usb/core/sysfs.c)
/// would make the reader wait while the device is enumerated or reset, which can take seconds. So a device counts from the moment on
/// that its enumeration is done, its strings are read once, and its configuration is told by the names of its interfaces.
/// </para>
/// </summary>
internal sealed class SysfsDevices(Sysfs sysfs, HardwareNames? names = null)
{
    public const string Directory = "/sys/bus/usb/devices";

    // A device descriptor and up to eight configurations (USB_MAXCONFIG) of 64 KiB; real ones have some hundred bytes.
    private const int MaxDescriptors = 64 * 1024;

    private readonly SystemDisks _systemDisks = new(sysfs);
    private readonly HardwareNames _names = names ?? new HardwareNames([]);

    /// <summary>What was read of a device at one moment.</summary>
    /// <param name="Device">The device.</param>
    /// <param name="Driver">The driver that has it: <c>usb</c>, <c>usbip-host</c> or another one; null for none.</param>
    public sealed record Snapshot(LocalDevice Device, string? Driver)
    {
        public bool IsExported => Driver == UsbIpHostDriver.Name;
    }

    /// <summary>The names of everything that could be a local device.</summary>
    public IEnumerable<BusId> List()
    {
        foreach (var name in sysfs.Entries(Directory))
        {
            if (IsDeviceName(name) && BusId.TryParse(name, out var busId))
                yield return busId;
        }
    }

    /// <summary>Whether a name is a device's (<c>1-1.4</c>), no root hub's (<c>usb1</c>) and no interface's (<c>1-1:1.0</c>).</summary>
    public static bool IsDeviceName(string name) =>
        name.Length > 0 && char.IsAsciiDigit(name[0]) && name.Contains('-', StringComparison.Ordinal)
        && !name.Contains(':', StringComparison.Ordinal);

    /// <summary>Reads anew which disks the system runs from. Once for many devices: it is a file of all mounts.</summary>
    public void ReadSystemDisks() => _systemDisks.Read();

    /// <summary>Reads a device; null when there is none, when it is not yet enumerated, or when it is an imported one.</summary>
    /// <param name="busId">Its name.</param>
    /// <param name="previous">What was read before: what can't have changed since is taken from there.</param>
    /// <exception cref="DeviceException">UnexpectedFormat, NoPermission, Refused.</exception>
    public Snapshot? Read(BusId busId, Snapshot? previous)
    {
        var path = $"{Directory}/{busId}";
        if (Number(path, "busnum") is not { } busNumber || Number(path, "devnum") is not { } deviceNumber)
            return null;

        // While the device is reset its number is 0 for a moment (hub_port_init in drivers/usb/core/hub.c), and then what it was before.
        if (deviceNumber == 0 && previous is null)
            return null;
        var id = deviceNumber == 0 ? previous!.Device.Record.DeviceId : new DeviceId(busNumber, deviceNumber);
        var known = previous?.Device.Record.DeviceId == id ? previous : null;
        var device = known?.Device ?? ReadNew(busId, path, id);
        if (device is null)
            return null;

        var driver = DriverOf(busId);
        return new Snapshot(
            WithConfiguration(device, path, sameDriver: known?.Driver == driver) with
            {
                Status = driver == UsbIpHostDriver.Name ? ReadStatus(busId) ?? ExportStatus.Unbound : ExportStatus.Unbound,
                HoldsSystem = _systemDisks.AreBelow(path),
            },
            driver);
    }

    /// <summary>Whether there is such a device, wherever it comes from and however far it has come.</summary>
    public bool Exists(BusId busId) => sysfs.Exists($"{Directory}/{busId}/devnum");

    /// <summary>The driver that has the device; null for none.</summary>
    public string? DriverOf(BusId busId) => sysfs.LinkName($"{Directory}/{busId}/driver");

    /// <summary>Whether the device says that it is a hub.</summary>
    public bool IsHub(BusId busId) => Hex($"{Directory}/{busId}", "bDeviceClass", 2) == UsbClassCodes.Hub;

    /// <summary>The state of an exported device (<c>usbip_status</c>, drivers/usb/usbip/stub_dev.c); null where the file is absent.</summary>
    /// <exception cref="DeviceException">UnexpectedFormat.</exception>
    public ExportStatus? ReadStatus(BusId busId)
    {
        var path = $"{Directory}/{busId}/usbip_status";
        return sysfs.ReadText(path) switch
        {
            null => null,
            "1" => ExportStatus.Available,
            "2" => ExportStatus.InUse,
            "3" => ExportStatus.Faulted,
            var other => throw Unexpected(path, other),
        };
    }

    /// <summary>Whether a device of that name is below vhci_hcd, so that its own host is another one.</summary>
    public bool IsImported(BusId busId) => IsImported(sysfs.Resolve($"{Directory}/{busId}") ?? "");

    /// <summary>Whether a path leads below vhci_hcd.</summary>
    public static bool IsImported(string path) => path.Contains("/vhci_hcd", StringComparison.Ordinal);

    private LocalDevice? ReadNew(BusId busId, string path, DeviceId id)
    {
        // usb_new_device (drivers/usb/core/hub.c) makes ep_00 last, when the device has been configured and its driver's probe is over.
        if (sysfs.Resolve(path) is not { } realPath || IsImported(realPath) || !sysfs.Exists($"{path}/ep_00"))
            return null;
        if (Hex(path, "idVendor", 4) is not { } vendor || Hex(path, "idProduct", 4) is not { } product
            || Hex(path, "bcdDevice", 4) is not { } release || Hex(path, "bDeviceClass", 2) is not { } deviceClass
            || Hex(path, "bDeviceSubClass", 2) is not { } subClass || Hex(path, "bDeviceProtocol", 2) is not { } protocol
            || Number(path, "bNumConfigurations") is not { } configurations || Speed(path) is not { } speed)
            return null;

        var usbClass = new UsbClass((byte)deviceClass, (byte)subClass, (byte)protocol);
        var record = new UsbDeviceRecord(
            Text.Printable(realPath), busId, id, speed, vendor, product, release, usbClass,
            ConfigurationValue: 0, (byte)Math.Min(configurations, byte.MaxValue), InterfaceCount: 0);
        return _names.Name(new LocalDevice(
            record, [], TextOf(path, "serial"), TextOf(path, "manufacturer"), TextOf(path, "product"), ExportStatus.Unbound));
    }

    /// <summary>
    /// Adds the configuration and its interfaces. A bus reset takes the interfaces away for a moment, so while none is there the last
    /// known configuration stands, unless the driver has changed: usbip-host gets a device without a configuration, and its first importer
    /// chooses one. The interfaces of such a device are those of its first configuration, so that it can still be found by their class.
    /// </summary>
    private LocalDevice WithConfiguration(LocalDevice device, string path, bool sameDriver)
    {
        var active = ActiveConfiguration(path, device.BusId) ?? (sameDriver ? device.Record.ConfigurationValue : (byte)0);
        if (active == device.Record.ConfigurationValue && device.Interfaces.Length > 0)
            return device;

        var interfaces = sysfs.ReadBytes($"{path}/descriptors", MaxDescriptors) is { } descriptors
            ? RawDescriptors.Interfaces(descriptors, active)
            : [];
        if (interfaces.IsEmpty)
            interfaces = device.Interfaces;
        return device with
        {
            Record = device.Record with { ConfigurationValue = active, InterfaceCount = (byte)interfaces.Length },
            Interfaces = interfaces,
        };
    }

    /// <summary>The C of the interfaces' directories <c>BUSID:C.N</c>; null when there are none.</summary>
    private byte? ActiveConfiguration(string path, BusId busId)
    {
        var prefix = busId.Value + ":";
        foreach (var name in sysfs.Entries(path))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && byte.TryParse(name[prefix.Length..].Split('.')[0], NumberStyles.None, null, out var value))
                return value;
        }

        return null;
    }

    private UsbSpeed? Speed(string path)
    {
        // The numbers of speed_show in drivers/usb/core/sysfs.c, in Mbit/s.
        return sysfs.ReadText($"{path}/speed") switch
        {
            null => null,
            "1.5" => UsbSpeed.Low,
            "12" => UsbSpeed.Full,
            "480" => UsbSpeed.High,
            "5000" => UsbSpeed.Super,
            "10000" or "20000" => UsbSpeed.SuperPlus,
            "unknown" => UsbSpeed.Unknown,
            var other => throw Unexpected($"{path}/speed", other),
        };
    }

    private ushort? Number(string path, string name) => sysfs.ReadText($"{path}/{name}") is not { } text
        ? null
        : ushort.TryParse(text.AsSpan().Trim(), NumberStyles.None, null, out var value) ? value : throw Unexpected($"{path}/{name}", text);

    private ushort? Hex(string path, string name, int digits) => sysfs.ReadText($"{path}/{name}") is not { } text
        ? null
        : text.Length == digits && ushort.TryParse(text, NumberStyles.AllowHexSpecifier, null, out var value)
            ? value
            : throw Unexpected($"{path}/{name}", text);

    private string? TextOf(string path, string name) => Text.PrintableOrNull(sysfs.ReadText($"{path}/{name}"));

    private static DeviceException Unexpected(string path, string text) =>
        new(DeviceError.UnexpectedFormat, $"{path} holds '{Text.Printable(text)}', which is none of the values that are known");
}
