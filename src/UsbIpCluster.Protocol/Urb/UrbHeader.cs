using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>What a URB message is: USBIP_CMD_* and USBIP_RET_* in drivers/usb/usbip/usbip_common.h.</summary>
public enum UrbCommand
{
    /// <summary>The importer submits a URB.</summary>
    CmdSubmit = 1,

    /// <summary>The importer takes a URB back.</summary>
    CmdUnlink = 2,

    /// <summary>The exporter returns a URB.</summary>
    RetSubmit = 3,

    /// <summary>The exporter answers <see cref="CmdUnlink"/>.</summary>
    RetUnlink = 4,
}

/// <summary>Which way the data of a URB goes: USBIP_DIR_* in drivers/usb/usbip/usbip_common.h.</summary>
public enum UrbDirection
{
    /// <summary>From the host to the device.</summary>
    Out = 0,

    /// <summary>From the device to the host.</summary>
    In = 1,
}

/// <summary>
/// The first 20 bytes of every URB message, big-endian: <c>struct usbip_header_basic</c> in drivers/usb/usbip/usbip_common.h. Every
/// message's header is 48 bytes long, so this reads only when all 48 are there; then the reader of the command takes the same bytes.
/// </summary>
/// <param name="Command">What the message is.</param>
/// <param name="SequenceNumber">seqnum: pairs a reply with its request.</param>
/// <param name="DeviceId">devid: 0 in replies.</param>
/// <param name="Direction">direction: 0 in replies and unlinks.</param>
/// <param name="Endpoint">ep: endpoint number, 0 to 15; 0 in replies and unlinks.</param>
public readonly record struct UrbHeader(
    UrbCommand Command, uint SequenceNumber, DeviceId DeviceId, UrbDirection Direction, byte Endpoint)
{
    /// <summary>Size of every URB header on the wire, in bytes: sizeof(struct usbip_header).</summary>
    public const int Size = 48;

    /// <summary>Size of the part that all commands share, in bytes: sizeof(struct usbip_header_basic).</summary>
    public const int BasicSize = 20;

    /// <summary>The largest endpoint number.</summary>
    public const int MaxEndpoint = 15;

    /// <summary>Isochronous packets that a URB may have. Source: USBIP_MAX_ISO_PACKETS in drivers/usb/usbip/usbip_common.h.</summary>
    public const int MaxIsoPackets = 1024;

    /// <summary>
    /// Bytes that a URB may transfer: 16 MiB, what the kernel grants all of user space's URBs together (usbfs_memory_mb in
    /// drivers/usb/core/devio.c). Our own bound; USB/IP has none but the 31 bits of the field.
    /// </summary>
    public const int MaxTransferLength = 16 * 1024 * 1024;

    /// <summary>Reads the shared part of the first 48 bytes. Refused: an unknown command or direction, an endpoint above 15.</summary>
    public static ReadResult<UrbHeader> Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Size)
            return ReadResult.NeedMore<UrbHeader>(Size - source.Length);

        var command = BinaryPrimitives.ReadUInt32BigEndian(source);
        if (command is < (uint)UrbCommand.CmdSubmit or > (uint)UrbCommand.RetUnlink)
            return ReadResult.Malformed<UrbHeader>($"0x{command:x8} is no URB command of USB/IP");
        var direction = BinaryPrimitives.ReadUInt32BigEndian(source[12..]);
        if (direction > (uint)UrbDirection.In)
            return ReadResult.Malformed<UrbHeader>($"the URB's direction is {direction} instead of 0 or 1");
        var endpoint = BinaryPrimitives.ReadUInt32BigEndian(source[16..]);
        if (endpoint > MaxEndpoint)
            return ReadResult.Malformed<UrbHeader>($"the URB's endpoint is {endpoint}, above {MaxEndpoint}");

        var header = new UrbHeader(
            (UrbCommand)command,
            BinaryPrimitives.ReadUInt32BigEndian(source[4..]),
            DeviceId.FromValue(BinaryPrimitives.ReadUInt32BigEndian(source[8..])),
            (UrbDirection)direction,
            (byte)endpoint);
        return ReadResult.Complete(header, Size);
    }

    /// <summary>Reads the shared part of a message that must be <paramref name="expected"/>.</summary>
    internal static ReadResult<UrbHeader> Read(ReadOnlySpan<byte> source, UrbCommand expected)
    {
        var header = Read(source);
        return !header.IsComplete || header.Value.Command == expected
            ? header
            : ReadResult.Malformed<UrbHeader>($"the message is {header.Value.Command} instead of {expected}");
    }

    /// <summary>Writes the shared part and zeroes behind it: 48 bytes.</summary>
    internal void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Command);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], DeviceId.Value);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], (uint)Direction);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], Endpoint);
    }

    /// <summary>What is wrong with a message's number of isochronous packets; null when nothing is.</summary>
    internal static string? CheckPackets(int numberOfPackets) => numberOfPackets is < -1 or > MaxIsoPackets
        ? $"the URB has {numberOfPackets} isochronous packets; -1 (none) to {MaxIsoPackets} are allowed"
        : null;

    /// <summary>What is wrong with a message's length field; null when nothing is.</summary>
    internal static string? CheckLength(string field, int length) => length is < 0 or > MaxTransferLength
        ? $"the URB's {field} is {length}; 0 to {MaxTransferLength} are allowed"
        : null;
}
