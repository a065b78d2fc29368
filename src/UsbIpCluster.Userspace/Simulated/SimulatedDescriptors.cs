using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>The descriptors that a simulated device answers GET_DESCRIPTOR with, by wValue: type in the upper byte, index in the lower.</summary>
internal static class SimulatedDescriptors
{
    private const ushort Usb20 = 0x0200;
    private const byte ManufacturerIndex = 1;
    private const byte ProductIndex = 2;
    private const byte SerialIndex = 3;

    public static Dictionary<ushort, byte[]> Build(
        SimulatedIdentity identity, UsbSpeed speed, UsbClass deviceClass, UsbConfiguration configuration)
    {
        var descriptors = new Dictionary<ushort, byte[]>
        {
            [Key(DescriptorType.Device, 0)] = Device(identity, speed, deviceClass),
            [Key(DescriptorType.Configuration, 0)] = configuration.Encode(),
            [Key(DescriptorType.String, 0)] = StringDescriptor.EncodeLanguages(StringDescriptor.EnglishUnitedStates),
        };
        // At its other speed it would have no configuration: no host then asks for one.
        if (speed == UsbSpeed.High)
            descriptors[Key(DescriptorType.DeviceQualifier, 0)] = Qualifier(deviceClass);
        Add(descriptors, ManufacturerIndex, identity.Manufacturer);
        Add(descriptors, ProductIndex, identity.Product);
        Add(descriptors, SerialIndex, identity.Serial);
        return descriptors;
    }

    private static byte[] Device(SimulatedIdentity identity, UsbSpeed speed, UsbClass deviceClass)
    {
        var bytes = new byte[DeviceDescriptor.Size];
        new DeviceDescriptor(
            Usb20,
            deviceClass,
            MaxPacketSize0: speed == UsbSpeed.Low ? (byte)8 : (byte)64,
            identity.VendorId,
            identity.ProductId,
            identity.DeviceRelease,
            identity.Manufacturer is null ? (byte)0 : ManufacturerIndex,
            identity.Product is null ? (byte)0 : ProductIndex,
            identity.Serial is null ? (byte)0 : SerialIndex,
            ConfigurationCount: 1).Write(bytes);
        return bytes;
    }

    private static byte[] Qualifier(UsbClass deviceClass)
    {
        var bytes = new byte[DeviceQualifierDescriptor.Size];
        new DeviceQualifierDescriptor(Usb20, deviceClass, MaxPacketSize0: 64, ConfigurationCount: 0).Write(bytes);
        return bytes;
    }

    private static void Add(Dictionary<ushort, byte[]> descriptors, byte index, string? text)
    {
        if (text is not null)
            descriptors[Key(DescriptorType.String, index)] = StringDescriptor.Encode(text);
    }

    private static ushort Key(DescriptorType type, byte index) => (ushort)(((int)type << 8) | index);
}
