using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The devices that a rule for many never means: exporting them takes them from the host itself. They are exported when somebody names just
/// them.
/// </summary>
internal static class Protection
{
    // Device Class Definition for HID 1.11, 4.2 and 4.3.
    private const byte BootInterface = 1;
    private const byte Keyboard = 1;
    private const byte Mouse = 2;

    /// <summary>Why the device is protected, to stand behind its name; null when it is not.</summary>
    public static string? Of(LocalDevice device)
    {
        if (device.Record.DeviceClass.Class == UsbClassCodes.Hub || device.Interfaces.Any(face => face.Class == UsbClassCodes.Hub))
            return "it is a hub";
        if (device.HoldsSystem)
            return "it holds a file system that this host runs from";
        if (device.Interfaces.Any(face => face is { Class: UsbClassCodes.Hid, SubClass: BootInterface, Protocol: Keyboard }))
            return "it is a keyboard of this host";
        return device.Interfaces.Any(face => face is { Class: UsbClassCodes.Hid, SubClass: BootInterface, Protocol: Mouse })
            ? "it is a mouse of this host"
            : null;
    }
}
