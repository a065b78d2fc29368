namespace UsbIpCluster.Protocol;

/// <summary>The class triple of a device or an interface, as the USB specification numbers it.</summary>
/// <param name="Class">bDeviceClass or bInterfaceClass.</param>
/// <param name="SubClass">bDeviceSubClass or bInterfaceSubClass.</param>
/// <param name="Protocol">bDeviceProtocol or bInterfaceProtocol.</param>
public readonly record struct UsbClass(byte Class, byte SubClass, byte Protocol);
