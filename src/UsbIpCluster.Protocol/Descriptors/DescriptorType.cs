namespace UsbIpCluster.Protocol;

/// <summary>bDescriptorType: what a descriptor is. Source: USB 2.0 table 9-5; USB_DT_* in include/uapi/linux/usb/ch9.h.</summary>
public enum DescriptorType
{
    /// <summary>The device.</summary>
    Device = 0x01,

    /// <summary>A configuration, with everything that belongs to it behind it.</summary>
    Configuration = 0x02,

    /// <summary>A string, or the table of languages.</summary>
    String = 0x03,

    /// <summary>One alternate setting of an interface.</summary>
    Interface = 0x04,

    /// <summary>An endpoint.</summary>
    Endpoint = 0x05,

    /// <summary>What a high-speed capable device would say of itself at its other speed.</summary>
    DeviceQualifier = 0x06,

    /// <summary>Interfaces that make one function together.</summary>
    InterfaceAssociation = 0x0b,

    /// <summary>Binary device object store.</summary>
    BinaryObjectStore = 0x0f,

    /// <summary>HID: which report descriptors an interface has. Source: HID 1.11, section 6.2.1.</summary>
    Hid = 0x21,

    /// <summary>HID: a report descriptor.</summary>
    HidReport = 0x22,

    /// <summary>An interface, in the words of its class (CDC, audio, video).</summary>
    ClassSpecificInterface = 0x24,
}
