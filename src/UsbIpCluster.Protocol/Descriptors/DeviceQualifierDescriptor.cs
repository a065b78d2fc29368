using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// What a device that can do both full and high speed would say of itself at its other speed, 10 bytes, little-endian. A device of
/// one speed answers the request for it with a stall. Source: USB 2.0, table 9-9.
/// </summary>
/// <param name="UsbRelease">bcdUSB.</param>
/// <param name="DeviceClass">bDeviceClass, bDeviceSubClass, bDeviceProtocol.</param>
/// <param name="MaxPacketSize0">bMaxPacketSize0: of endpoint 0, in bytes.</param>
/// <param name="ConfigurationCount">bNumConfigurations.</param>
public readonly record struct DeviceQualifierDescriptor(
    ushort UsbRelease, UsbClass DeviceClass, byte MaxPacketSize0, byte ConfigurationCount)
{
    /// <summary>Size, in bytes.</summary>
    public const int Size = 10;

    /// <summary>Reads one. Refused: another type, a bLength below 10.</summary>
    public static ReadResult<DeviceQualifierDescriptor> Read(ReadOnlySpan<byte> source)
    {
        var frame = DescriptorFrame.Read(source, DescriptorType.DeviceQualifier, Size);
        if (!frame.IsComplete)
            return ReadResult.Failed<int, DeviceQualifierDescriptor>(frame);

        var descriptor = new DeviceQualifierDescriptor(
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            new UsbClass(source[4], source[5], source[6]),
            source[7],
            source[8]);
        return ReadResult.Complete(descriptor, frame.Value);
    }

    /// <summary>Writes 10 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 10 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        var bytes = destination[..Size];
        DescriptorFrame.Write(bytes, DescriptorType.DeviceQualifier, Size);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], UsbRelease);
        bytes[4] = DeviceClass.Class;
        bytes[5] = DeviceClass.SubClass;
        bytes[6] = DeviceClass.Protocol;
        bytes[7] = MaxPacketSize0;
        bytes[8] = ConfigurationCount;
        bytes[9] = 0;
        return Size;
    }
}
