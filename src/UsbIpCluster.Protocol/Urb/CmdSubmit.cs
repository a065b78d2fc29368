using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// USBIP_CMD_SUBMIT: the importer submits a URB. A header of 48 bytes, big-endian, then <see cref="PayloadSize"/> bytes: the data of an
/// OUT transfer, then the isochronous packets. Source: <c>struct usbip_header_cmd_submit</c> in drivers/usb/usbip/usbip_common.h.
/// </summary>
/// <param name="SequenceNumber">seqnum: RET_SUBMIT carries the same.</param>
/// <param name="DeviceId">devid: the device of this session.</param>
/// <param name="Direction">direction; for control transfers that of the data stage.</param>
/// <param name="Endpoint">ep: 0 to 15.</param>
/// <param name="TransferFlags">transfer_flags: URB_* in include/linux/usb.h.</param>
/// <param name="TransferBufferLength">transfer_buffer_length: bytes to send, or room for bytes to receive.</param>
/// <param name="StartFrame">start_frame: of isochronous transfers.</param>
/// <param name="NumberOfPackets">number_of_packets: of isochronous transfers; 0 or -1 for all others.</param>
/// <param name="Interval">interval: polling period of interrupt and isochronous transfers, in (micro)frames.</param>
/// <param name="Setup">setup: of control transfers.</param>
public readonly record struct CmdSubmit(
    uint SequenceNumber,
    DeviceId DeviceId,
    UrbDirection Direction,
    byte Endpoint,
    uint TransferFlags,
    int TransferBufferLength,
    int StartFrame,
    int NumberOfPackets,
    int Interval,
    SetupPacket Setup)
{
    /// <summary>How many <see cref="IsoPacketDescriptor"/> close the payload.</summary>
    public int IsoPacketCount => Math.Max(0, NumberOfPackets);

    /// <summary>Bytes of data in the payload: those of an OUT transfer.</summary>
    public int DataSize => Direction == UrbDirection.Out ? TransferBufferLength : 0;

    /// <summary>Bytes that follow the header: the data, then the isochronous packets.</summary>
    public int PayloadSize => DataSize + (IsoPacketCount * IsoPacketDescriptor.Size);

    /// <summary>
    /// Reads the header. Refused: another command, what <see cref="UrbHeader.Read(ReadOnlySpan{byte})"/> refuses, a length that is
    /// negative or above <see cref="UrbHeader.MaxTransferLength"/>, a number of packets below
    /// -1 or above <see cref="UrbHeader.MaxIsoPackets"/>.
    /// </summary>
    public static ReadResult<CmdSubmit> Read(ReadOnlySpan<byte> source)
    {
        var header = UrbHeader.Read(source, UrbCommand.CmdSubmit);
        if (!header.IsComplete)
            return ReadResult.Failed<UrbHeader, CmdSubmit>(header);

        var rest = source[UrbHeader.BasicSize..UrbHeader.Size];
        var length = BinaryPrimitives.ReadInt32BigEndian(rest[4..]);
        var packets = BinaryPrimitives.ReadInt32BigEndian(rest[12..]);
        if ((UrbHeader.CheckLength("transfer_buffer_length", length) ?? UrbHeader.CheckPackets(packets)) is { } reason)
            return ReadResult.Malformed<CmdSubmit>(reason);

        var command = new CmdSubmit(
            header.Value.SequenceNumber,
            header.Value.DeviceId,
            header.Value.Direction,
            header.Value.Endpoint,
            BinaryPrimitives.ReadUInt32BigEndian(rest),
            length,
            BinaryPrimitives.ReadInt32BigEndian(rest[8..]),
            packets,
            BinaryPrimitives.ReadInt32BigEndian(rest[16..]),
            SetupPacket.Read(rest[20..]));
        return ReadResult.Complete(command, UrbHeader.Size);
    }

    /// <summary>Writes the header, 48 bytes, and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 48 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        new UrbHeader(UrbCommand.CmdSubmit, SequenceNumber, DeviceId, Direction, Endpoint).Write(destination);
        var rest = destination[UrbHeader.BasicSize..UrbHeader.Size];
        BinaryPrimitives.WriteUInt32BigEndian(rest, TransferFlags);
        BinaryPrimitives.WriteInt32BigEndian(rest[4..], TransferBufferLength);
        BinaryPrimitives.WriteInt32BigEndian(rest[8..], StartFrame);
        BinaryPrimitives.WriteInt32BigEndian(rest[12..], NumberOfPackets);
        BinaryPrimitives.WriteInt32BigEndian(rest[16..], Interval);
        Setup.Write(rest[20..]);
        return UrbHeader.Size;
    }
}
