using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>Who a control request is for: bits 5 and 6 of bmRequestType. Source: USB 2.0, table 9-2.</summary>
public enum SetupRequestType
{
    /// <summary>Defined by the USB specification.</summary>
    Standard = 0,

    /// <summary>Defined by the device class.</summary>
    Class = 1,

    /// <summary>Defined by the vendor.</summary>
    Vendor = 2,

    /// <summary>Reserved.</summary>
    Reserved = 3,
}

/// <summary>
/// The setup packet of a control transfer, 8 bytes, <b>little-endian</b> also inside USB/IP, since it goes to the device as it stands.
/// Source: USB 2.0, section 9.3; <c>struct usb_ctrlrequest</c> in include/uapi/linux/usb/ch9.h.
/// </summary>
/// <param name="RequestType">bmRequestType.</param>
/// <param name="Request">bRequest.</param>
/// <param name="Value">wValue.</param>
/// <param name="Index">wIndex.</param>
/// <param name="Length">wLength: bytes of the data stage.</param>
public readonly record struct SetupPacket(byte RequestType, byte Request, ushort Value, ushort Index, ushort Length)
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = 8;

    /// <summary>Whether the data stage goes from the device to the host: bit 7 of bmRequestType.</summary>
    public bool IsIn => (RequestType & 0x80) != 0;

    /// <summary>Who defines the request.</summary>
    public SetupRequestType Type => (SetupRequestType)((RequestType >> 5) & 3);

    /// <summary>What it is for: 0 device, 1 interface, 2 endpoint, 3 other; bits 0 to 4 of bmRequestType.</summary>
    public byte Recipient => (byte)(RequestType & 0x1f);

    /// <summary>Reads the first 8 bytes; any 8 bytes are a setup packet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes.</exception>
    public static SetupPacket Read(ReadOnlySpan<byte> source) => new(
        source[0],
        source[1],
        BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[6..]));

    /// <summary>Writes 8 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], Index);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], Value);
        destination[1] = Request;
        destination[0] = RequestType;
        return Size;
    }
}
