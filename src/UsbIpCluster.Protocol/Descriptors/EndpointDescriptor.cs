using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>How an endpoint transfers: bits 0 and 1 of bmAttributes. Source: USB 2.0, table 9-13.</summary>
public enum EndpointTransferType
{
    /// <summary>Setup, data and status stages.</summary>
    Control = 0,

    /// <summary>Periodic, without repetition of what was lost.</summary>
    Isochronous = 1,

    /// <summary>As the bus has room.</summary>
    Bulk = 2,

    /// <summary>Periodic and small.</summary>
    Interrupt = 3,
}

/// <summary>
/// An endpoint descriptor, 7 bytes, little-endian (9 in USB Audio 1.0; the last two are skipped). Source: USB 2.0, table 9-13.
/// </summary>
/// <param name="Address">bEndpointAddress: the number in bits 0 to 3, bit 7 set for IN.</param>
/// <param name="Attributes">bmAttributes.</param>
/// <param name="MaxPacketSize">wMaxPacketSize: bytes in bits 0 to 10; further transactions a microframe in bits 11 and 12.</param>
/// <param name="Interval">bInterval: polling period, in frames or as an exponent of 2 of (micro)frames.</param>
public readonly record struct EndpointDescriptor(byte Address, byte Attributes, ushort MaxPacketSize, byte Interval)
{
    /// <summary>Size, in bytes.</summary>
    public const int Size = 7;

    /// <summary>The endpoint's number, as URB headers have it.</summary>
    public byte Number => (byte)(Address & 0x0f);

    /// <summary>Which way its data goes; a control endpoint goes both ways.</summary>
    public UrbDirection Direction => (Address & 0x80) != 0 ? UrbDirection.In : UrbDirection.Out;

    /// <summary>How it transfers.</summary>
    public EndpointTransferType TransferType => (EndpointTransferType)(Attributes & 3);

    /// <summary>Reads one. Refused: another type, a bLength below 7.</summary>
    public static ReadResult<EndpointDescriptor> Read(ReadOnlySpan<byte> source)
    {
        var frame = DescriptorFrame.Read(source, DescriptorType.Endpoint, Size);
        if (!frame.IsComplete)
            return ReadResult.Failed<int, EndpointDescriptor>(frame);

        var descriptor = new EndpointDescriptor(
            source[2], source[3], BinaryPrimitives.ReadUInt16LittleEndian(source[4..]), source[6]);
        return ReadResult.Complete(descriptor, frame.Value);
    }

    /// <summary>Writes 7 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 7 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        var bytes = destination[..Size];
        DescriptorFrame.Write(bytes, DescriptorType.Endpoint, Size);
        bytes[2] = Address;
        bytes[3] = Attributes;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], MaxPacketSize);
        bytes[6] = Interval;
        return Size;
    }
}
