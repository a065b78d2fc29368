using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>What an OP message is: <c>op_common.code</c>. Source: tools/usb/usbip/src/usbip_network.h.</summary>
public enum OpCode
{
    /// <summary>OP_REP_IMPORT.</summary>
    ImportReply = 0x0003,

    /// <summary>OP_REP_DEVLIST.</summary>
    DevlistReply = 0x0005,

    /// <summary>OP_REQ_IMPORT.</summary>
    ImportRequest = 0x8003,

    /// <summary>OP_REQ_DEVLIST.</summary>
    DevlistRequest = 0x8005,

    /// <summary>Names the lease for the import that follows. Ours: a stock server does not know it and resets the connection.</summary>
    LeasePreamble = 0x80E0,

    /// <summary>Names a resumed lease for the import that follows. Ours, as <see cref="LeasePreamble"/>.</summary>
    ResumePreamble = 0x80E1,
}

/// <summary>
/// The 8 bytes at the start of every OP message, big-endian: version, code, status. <c>struct op_common</c> in
/// tools/usb/usbip/src/usbip_network.h.
/// </summary>
/// <param name="Code">What follows.</param>
/// <param name="Status">How the request ended; <see cref="OpStatus.Ok"/> in requests.</param>
public readonly record struct OpHeader(OpCode Code, OpStatus Status)
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = 8;

    /// <summary>USB/IP 1.1.1, the only version there is. Source: USBIP_VERSION in tools/usb/usbip/configure.ac.</summary>
    public const ushort Version = 0x0111;

    /// <summary>Reads the first 8 bytes. Refused: another version. Codes and statuses are not judged here.</summary>
    public static ReadResult<OpHeader> Read(ReadOnlySpan<byte> source)
    {
        if (source.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(source) is var version && version != Version)
            return ReadResult.Malformed<OpHeader>($"not USB/IP 1.1.1: the message starts with 0x{version:x4} instead of 0x{Version:x4}");
        if (source.Length < Size)
            return ReadResult.NeedMore<OpHeader>(Size - source.Length);

        var code = (OpCode)BinaryPrimitives.ReadUInt16BigEndian(source[2..]);
        var status = (OpStatus)BinaryPrimitives.ReadInt32BigEndian(source[4..]);
        return ReadResult.Complete(new OpHeader(code, status), Size);
    }

    /// <summary>Writes 8 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], (int)Status);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)Code);
        BinaryPrimitives.WriteUInt16BigEndian(destination, Version);
        return Size;
    }
}
