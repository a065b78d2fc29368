using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// USBIP_CMD_UNLINK: the importer takes a URB back. 48 bytes, big-endian, no payload; direction and ep are 0.
/// Source: <c>struct usbip_header_cmd_unlink</c> in drivers/usb/usbip/usbip_common.h.
/// </summary>
/// <param name="SequenceNumber">seqnum of this message: RET_UNLINK carries the same.</param>
/// <param name="DeviceId">devid: the device of this session.</param>
/// <param name="UnlinkSequenceNumber">seqnum of the CMD_SUBMIT to take back.</param>
public readonly record struct CmdUnlink(uint SequenceNumber, DeviceId DeviceId, uint UnlinkSequenceNumber)
{
    /// <summary>Reads the message. Refused: another command, and what <see cref="UrbHeader.Read(ReadOnlySpan{byte})"/> refuses.</summary>
    public static ReadResult<CmdUnlink> Read(ReadOnlySpan<byte> source)
    {
        var header = UrbHeader.Read(source, UrbCommand.CmdUnlink);
        if (!header.IsComplete)
            return ReadResult.Failed<UrbHeader, CmdUnlink>(header);

        var unlink = BinaryPrimitives.ReadUInt32BigEndian(source[UrbHeader.BasicSize..]);
        return ReadResult.Complete(new CmdUnlink(header.Value.SequenceNumber, header.Value.DeviceId, unlink), UrbHeader.Size);
    }

    /// <summary>Writes 48 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 48 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        new UrbHeader(UrbCommand.CmdUnlink, SequenceNumber, DeviceId, UrbDirection.Out, 0).Write(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination[UrbHeader.BasicSize..], UnlinkSequenceNumber);
        return UrbHeader.Size;
    }
}
