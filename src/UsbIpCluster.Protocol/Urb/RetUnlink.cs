using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// USBIP_RET_UNLINK: the answer to CMD_UNLINK. 48 bytes, big-endian, no payload; devid, direction and ep are 0. A URB that was still
/// pending gets this instead of its RET_SUBMIT; one that had been returned before gets both.
/// Source: <c>struct usbip_header_ret_unlink</c> in drivers/usb/usbip/usbip_common.h.
/// </summary>
/// <param name="SequenceNumber">seqnum of the CMD_UNLINK.</param>
/// <param name="Status">status: -ECONNRESET (-104) when the URB was taken back, 0 when it had been returned before.</param>
public readonly record struct RetUnlink(uint SequenceNumber, int Status)
{
    /// <summary>Reads the message. Refused: another command, and what <see cref="UrbHeader.Read(ReadOnlySpan{byte})"/> refuses.</summary>
    public static ReadResult<RetUnlink> Read(ReadOnlySpan<byte> source)
    {
        var header = UrbHeader.Read(source, UrbCommand.RetUnlink);
        if (!header.IsComplete)
            return ReadResult.Failed<UrbHeader, RetUnlink>(header);

        var status = BinaryPrimitives.ReadInt32BigEndian(source[UrbHeader.BasicSize..]);
        return ReadResult.Complete(new RetUnlink(header.Value.SequenceNumber, status), UrbHeader.Size);
    }

    /// <summary>Writes 48 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 48 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        new UrbHeader(UrbCommand.RetUnlink, SequenceNumber, default, UrbDirection.Out, 0).Write(destination);
        BinaryPrimitives.WriteInt32BigEndian(destination[UrbHeader.BasicSize..], Status);
        return UrbHeader.Size;
    }
}
