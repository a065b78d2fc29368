using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The device node of a USB device, <c>/dev/bus/usb/BBB/DDD</c>. The kernel makes it with the device; those of its functions
/// (<c>/dev/ttyUSB0</c>, <c>/dev/sda</c>) follow when drivers have found them.
/// </summary>
public static class DeviceNode
{
    private const string Name = "DEVNAME=";
    private const int MaxLines = 32;

    /// <summary>The device node; null when this host has no such device.</summary>
    public static string? Of(Sysfs sysfs, BusId busId) =>
        sysfs.Lines($"{SysfsDevices.Directory}/{busId}/uevent", MaxLines)
            .FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is { } line
            ? "/dev/" + line[Name.Length..]
            : null;
}
