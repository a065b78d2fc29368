using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// The 9 bytes, little-endian, at the start of a configuration; <see cref="UsbConfiguration"/> reads the whole.
/// Source: USB 2.0, table 9-10.
/// </summary>
/// <param name="TotalLength">wTotalLength: bytes of this and of everything that belongs to it.</param>
/// <param name="InterfaceCount">bNumInterfaces.</param>
/// <param name="Value">bConfigurationValue: what SET_CONFIGURATION chooses it by.</param>
/// <param name="StringIndex">iConfiguration: index of a string; 0 for none.</param>
/// <param name="Attributes">bmAttributes: bit 7 always set, bit 6 self-powered, bit 5 remote wakeup.</param>
/// <param name="MaxPower">bMaxPower: in units of 2 mA (8 mA from USB 3.0 on).</param>
public readonly record struct ConfigurationDescriptor(
    ushort TotalLength, byte InterfaceCount, byte Value, byte StringIndex, byte Attributes, byte MaxPower)
{
    /// <summary>Size, in bytes.</summary>
    public const int Size = 9;

    /// <summary>Reads one. Refused: another type, a bLength below 9, a wTotalLength below bLength.</summary>
    public static ReadResult<ConfigurationDescriptor> Read(ReadOnlySpan<byte> source)
    {
        var frame = DescriptorFrame.Read(source, DescriptorType.Configuration, Size);
        if (!frame.IsComplete)
            return ReadResult.Failed<int, ConfigurationDescriptor>(frame);

        var descriptor = new ConfigurationDescriptor(
            BinaryPrimitives.ReadUInt16LittleEndian(source[2..]), source[4], source[5], source[6], source[7], source[8]);
        return descriptor.TotalLength < frame.Value
            ? ReadResult.Malformed<ConfigurationDescriptor>(
                $"the configuration says that it has {descriptor.TotalLength} bytes in all, and {frame.Value} in its first descriptor")
            : ReadResult.Complete(descriptor, frame.Value);
    }

    /// <summary>Writes 9 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 9 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        var bytes = destination[..Size];
        DescriptorFrame.Write(bytes, DescriptorType.Configuration, Size);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], TotalLength);
        bytes[4] = InterfaceCount;
        bytes[5] = Value;
        bytes[6] = StringIndex;
        bytes[7] = Attributes;
        bytes[8] = MaxPower;
        return Size;
    }
}
