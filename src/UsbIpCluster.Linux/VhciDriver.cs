using System.Collections.Immutable;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The files of vhci_hcd (drivers/usb/usbip/vhci_sysfs.c). All of them are in vhci_hcd.0, however many controllers there are: the status of
/// controller N is <c>status.N</c>, and ports are numbered through.
/// </summary>
internal sealed class VhciDriver(Sysfs sysfs)
{
    /// <summary>The most controllers that a kernel can be built with (CONFIG_USBIP_VHCI_NR_HCS).</summary>
    public const int MaxControllers = 128;

    private static readonly string Directory = KernelModule.VhciHcd.Directory;

    // A root hub's speed in Mbit/s; a USB 3.1 one would have 10000.
    private const string HighSpeed = "480";

    // 15 ports on each of two hubs (VHCI_PORTS in drivers/usb/usbip/vhci.h), until the first file says otherwise.
    private volatile int _portsPerController = 30;

    /// <summary>The controller that a port belongs to.</summary>
    public int ControllerOf(PortNumber port) => port.Number / _portsPerController;

    /// <summary>Every port of every controller.</summary>
    /// <exception cref="DeviceException">ModuleMissing, UnexpectedFormat, NoPermission.</exception>
    public ImmutableArray<VhciPort> ReadAll()
    {
        var ports = ImmutableArray.CreateBuilder<VhciPort>();
        for (var controller = 0; controller < MaxControllers && ReadController(controller) is { } some; controller++)
            ports.AddRange(some);
        if (ports.Count == 0)
            throw KernelModules.Missing(KernelModule.VhciHcd);

        // Absent before Linux 4.13.
        var path = $"{Directory}/nports";
        if (sysfs.ReadText(path) is { } count && count != ports.Count.ToString())
        {
            throw new DeviceException(
                DeviceError.UnexpectedFormat, $"{path} says {Text.Printable(count)} ports, and the status files list {ports.Count}");
        }

        return ports.ToImmutable();
    }

    /// <summary>The ports of one controller; null when there is no such controller.</summary>
    /// <exception cref="DeviceException">UnexpectedFormat, NoPermission.</exception>
    public ImmutableArray<VhciPort>? ReadController(int controller)
    {
        var path = controller == 0 ? $"{Directory}/status" : $"{Directory}/status.{controller}";
        if (sysfs.ReadText(path) is not { } text)
            return null;
        var ports = VhciStatus.Parse(text, path);
        if (controller == 0 && ports.Length > 0)
            _portsPerController = ports.Length;
        return ports;
    }

    /// <summary>Whether an imported device is configured and its drivers have been offered it.</summary>
    public bool IsReady(BusId localBusId)
    {
        // Not from bConfigurationValue: its reader waits while the device is enumerated. ep_00 is made when that is over (usb_new_device in
        // drivers/usb/core/hub.c), and only a configured device has interfaces.
        var path = $"{SysfsDevices.Directory}/{localBusId}";
        return sysfs.Exists($"{path}/ep_00")
            && sysfs.Entries(path).Any(name => name.StartsWith(localBusId.Value + ":", StringComparison.Ordinal));
    }

    /// <summary>
    /// Whether the kernel has a USB device at a port. A port is free before the hub's worker has disconnected its old device. What is
    /// attached there in between is taken for the old one, which goes on with the new session: without a uevent, without enumeration
    /// (hub_port_connect_change in drivers/usb/core/hub.c; rh_port_disconnect in drivers/usb/usbip/vhci_hcd.c leaves the port enabled).
    /// </summary>
    /// <param name="controller">Whose port.</param>
    /// <param name="hub">On which of its two root hubs.</param>
    /// <param name="index">Which of the hub's ports, in the order of the status file, from 0.</param>
    public bool HasDevice(int controller, VhciHub hub, int index)
    {
        var directory = $"/sys/devices/platform/vhci_hcd.{controller}";
        foreach (var name in sysfs.Entries(directory))
        {
            // usb3, with the device 3-1 at its first port.
            if (name.StartsWith("usb", StringComparison.Ordinal) && sysfs.ReadText($"{directory}/{name}/speed") is { } speed
                && (speed == HighSpeed) == (hub == VhciHub.HighSpeed))
                return sysfs.Exists($"{directory}/{name}/{name["usb".Length..]}-{index + 1}");
        }

        return false;
    }

    /// <summary>Hands a connected socket to a port.</summary>
    /// <returns>0, or the errno: EBUSY for a port that is in use, EINVAL for everything that is wrong.</returns>
    public int Attach(PortNumber port, int descriptor, DeviceId deviceId, UsbSpeed speed) =>
        sysfs.Write($"{Directory}/attach", $"{port.Number} {descriptor} {deviceId.Value} {(int)speed}");

    /// <summary>Ends a port's session; the port is free some time later.</summary>
    /// <returns>0, or the errno: EINVAL for a port that is free or does not exist.</returns>
    public int Detach(PortNumber port) => sysfs.Write($"{Directory}/detach", port.Number.ToString());

    /// <summary>The exception for an errno of <see cref="Attach"/> or <see cref="Detach"/>.</summary>
    public DeviceException Error(int errno, string tried) => KernelError.IsAbsent(errno) && !sysfs.Exists(Directory)
        ? KernelModules.Missing(KernelModule.VhciHcd, tried)
        : KernelError.Of(errno, tried);
}
