using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// USBIP_RET_SUBMIT: the exporter returns a URB. A header of 48 bytes, big-endian, then <see cref="PayloadSize"/> bytes: the data of an
/// IN transfer (of an isochronous one, the packets' data without gaps), then the isochronous packets. devid, direction and ep are 0.
/// Source: <c>struct usbip_header_ret_submit</c> in drivers/usb/usbip/usbip_common.h.
/// </summary>
/// <param name="SequenceNumber">seqnum of the CMD_SUBMIT.</param>
/// <param name="Status">status: 0 or a negative errno.</param>
/// <param name="ActualLength">actual_length: bytes transferred.</param>
/// <param name="StartFrame">start_frame: of isochronous transfers.</param>
/// <param name="NumberOfPackets">number_of_packets: of isochronous transfers; 0 or -1 for all others.</param>
/// <param name="ErrorCount">error_count: isochronous packets that failed.</param>
public readonly record struct RetSubmit(
    uint SequenceNumber, int Status, int ActualLength, int StartFrame, int NumberOfPackets, int ErrorCount)
{
    /// <summary>How many <see cref="IsoPacketDescriptor"/> close the payload.</summary>
    public int IsoPacketCount => Math.Max(0, NumberOfPackets);

    /// <summary>Bytes of data in the payload; only the CMD_SUBMIT says which way it goes.</summary>
    public int DataSize(UrbDirection direction) => direction == UrbDirection.In ? ActualLength : 0;

    /// <summary>Bytes that follow the header: the data, then the isochronous packets.</summary>
    public int PayloadSize(UrbDirection direction) => DataSize(direction) + (IsoPacketCount * IsoPacketDescriptor.Size);

    /// <summary>
    /// Reads the header. Refused: another command, what <see cref="UrbHeader.Read(ReadOnlySpan{byte})"/> refuses, a length that is
    /// negative or above <see cref="UrbHeader.MaxTransferLength"/>, a number of packets below
    /// -1 or above <see cref="UrbHeader.MaxIsoPackets"/>.
    /// </summary>
    public static ReadResult<RetSubmit> Read(ReadOnlySpan<byte> source)
    {
        var header = UrbHeader.Read(source, UrbCommand.RetSubmit);
        if (!header.IsComplete)
            return ReadResult.Failed<UrbHeader, RetSubmit>(header);

        var rest = source[UrbHeader.BasicSize..UrbHeader.Size];
        var length = BinaryPrimitives.ReadInt32BigEndian(rest[4..]);
        var packets = BinaryPrimitives.ReadInt32BigEndian(rest[12..]);
        if ((UrbHeader.CheckLength("actual_length", length) ?? UrbHeader.CheckPackets(packets)) is { } reason)
            return ReadResult.Malformed<RetSubmit>(reason);

        var reply = new RetSubmit(
            header.Value.SequenceNumber,
            BinaryPrimitives.ReadInt32BigEndian(rest),
            length,
            BinaryPrimitives.ReadInt32BigEndian(rest[8..]),
            packets,
            BinaryPrimitives.ReadInt32BigEndian(rest[16..]));
        return ReadResult.Complete(reply, UrbHeader.Size);
    }

    /// <summary>
    /// What is wrong with this as the answer to <paramref name="command"/> (more bytes than its buffer holds, another number of
    /// packets); null when nothing is. An importer asks before it takes the payload.
    /// </summary>
    public string? CheckAnswers(in CmdSubmit command)
    {
        if (SequenceNumber != command.SequenceNumber)
            return $"the reply is to URB {SequenceNumber} instead of {command.SequenceNumber}";
        if (ActualLength > command.TransferBufferLength)
            return $"URB {SequenceNumber} returns {ActualLength} bytes for a buffer of {command.TransferBufferLength}";
        if (IsoPacketCount != command.IsoPacketCount)
            return $"URB {SequenceNumber} returns {IsoPacketCount} isochronous packets of {command.IsoPacketCount}";
        return null;
    }

    /// <summary>Writes the header, 48 bytes, and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 48 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        new UrbHeader(UrbCommand.RetSubmit, SequenceNumber, default, UrbDirection.Out, 0).Write(destination);
        var rest = destination[UrbHeader.BasicSize..UrbHeader.Size];
        BinaryPrimitives.WriteInt32BigEndian(rest, Status);
        BinaryPrimitives.WriteInt32BigEndian(rest[4..], ActualLength);
        BinaryPrimitives.WriteInt32BigEndian(rest[8..], StartFrame);
        BinaryPrimitives.WriteInt32BigEndian(rest[12..], NumberOfPackets);
        BinaryPrimitives.WriteInt32BigEndian(rest[16..], ErrorCount);
        return UrbHeader.Size;
    }
}
