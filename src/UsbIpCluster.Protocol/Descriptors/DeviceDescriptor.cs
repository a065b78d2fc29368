using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>The device descriptor, 18 bytes, little-endian. Source: USB 2.0, table 9-8.</summary>
/// <param name="UsbRelease">bcdUSB: 0x0200 for USB 2.0.</param>
/// <param name="DeviceClass">bDeviceClass, bDeviceSubClass, bDeviceProtocol; class 0 leaves it to the interfaces.</param>
/// <param name="MaxPacketSize0">bMaxPacketSize0: of endpoint 0, in bytes (as an exponent of 2 from USB 3.0 on).</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="DeviceRelease">bcdDevice.</param>
/// <param name="ManufacturerIndex">iManufacturer: index of a string; 0 for none.</param>
/// <param name="ProductIndex">iProduct: index of a string; 0 for none.</param>
/// <param name="SerialNumberIndex">iSerialNumber: index of a string; 0 for none.</param>
/// <param name="ConfigurationCount">bNumConfigurations.</param>
public readonly record struct DeviceDescriptor(
    ushort UsbRelease,
    UsbClass DeviceClass,
    byte MaxPacketSize0,
    ushort VendorId,
    ushort ProductId,
    ushort DeviceRelease,
    byte ManufacturerIndex,
    byte ProductIndex,
    byte SerialNumberIndex,
    byte ConfigurationCount)
{
    /// <summary>Size, in bytes.</summary>
    public const int Size = 18;

    /// <summary>Reads one. Refused: another type, a bLength below 18.</summary>
    public static ReadResult<DeviceDescriptor> Read(ReadOnlySpan<byte> source)
    {
        var frame = DescriptorFrame.Read(source, DescriptorType.Device, Size);
        if (!frame.IsComplete)
            return ReadResult.Failed<int, DeviceDescriptor>(frame);

        var descriptor = new DeviceDescriptor(
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            new UsbClass(source[4], source[5], source[6]),
            source[7],
            BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[12..]),
            source[14],
            source[15],
            source[16],
            source[17]);
        return ReadResult.Complete(descriptor, frame.Value);
    }

    /// <summary>Writes 18 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 18 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        var bytes = destination[..Size];
        DescriptorFrame.Write(bytes, DescriptorType.Device, Size);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], UsbRelease);
        bytes[4] = DeviceClass.Class;
        bytes[5] = DeviceClass.SubClass;
        bytes[6] = DeviceClass.Protocol;
        bytes[7] = MaxPacketSize0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], ProductId);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[12..], DeviceRelease);
        bytes[14] = ManufacturerIndex;
        bytes[15] = ProductIndex;
        bytes[16] = SerialNumberIndex;
        bytes[17] = ConfigurationCount;
        return Size;
    }
}
