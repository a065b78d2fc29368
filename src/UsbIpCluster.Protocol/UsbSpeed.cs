namespace UsbIpCluster.Protocol;

/// <summary>A USB device's speed, numbered as <c>enum usb_device_speed</c> (include/uapi/linux/usb/ch9.h) and on the wire.</summary>
public enum UsbSpeed
{
    /// <summary>Not known; vhci_hcd refuses it.</summary>
    Unknown = 0,

    /// <summary>1.5 Mbit/s.</summary>
    Low = 1,

    /// <summary>12 Mbit/s.</summary>
    Full = 2,

    /// <summary>480 Mbit/s.</summary>
    High = 3,

    /// <summary>Wireless USB.</summary>
    Wireless = 4,

    /// <summary>5 Gbit/s.</summary>
    Super = 5,

    /// <summary>10 Gbit/s and more; vhci_hcd takes such a device as <see cref="Super"/>.</summary>
    SuperPlus = 6,
}
