using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// One packet of an isochronous URB, 16 bytes, big-endian; as many as the header counts close the payload of CMD_SUBMIT and RET_SUBMIT.
/// Source: <c>struct usbip_iso_packet_descriptor</c> in drivers/usb/usbip/usbip_common.h.
/// </summary>
/// <param name="Offset">offset: where the packet's data starts in the URB's buffer, in bytes.</param>
/// <param name="Length">length: room for the packet's data, in bytes.</param>
/// <param name="ActualLength">actual_length: bytes transferred; 0 in CMD_SUBMIT.</param>
/// <param name="Status">status: 0 or a negative errno.</param>
public readonly record struct IsoPacketDescriptor(int Offset, int Length, int ActualLength, int Status)
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = 16;

    /// <summary>
    /// Reads one packet of a URB whose buffer has <paramref name="bufferLength"/> bytes (transfer_buffer_length of its CMD_SUBMIT).
    /// Refused: a packet that is not inside the buffer, an actual_length above its length.
    /// </summary>
    public static ReadResult<IsoPacketDescriptor> Read(ReadOnlySpan<byte> source, int bufferLength)
    {
        if (source.Length < Size)
            return ReadResult.NeedMore<IsoPacketDescriptor>(Size - source.Length);

        var offset = BinaryPrimitives.ReadUInt32BigEndian(source);
        var length = BinaryPrimitives.ReadUInt32BigEndian(source[4..]);
        var actualLength = BinaryPrimitives.ReadUInt32BigEndian(source[8..]);
        if ((long)offset + length > bufferLength)
        {
            return ReadResult.Malformed<IsoPacketDescriptor>(
                $"an isochronous packet has bytes {offset} to {(long)offset + length} of a buffer of {bufferLength}");
        }

        if (actualLength > length)
            return ReadResult.Malformed<IsoPacketDescriptor>($"an isochronous packet has transferred {actualLength} bytes of {length}");

        var packet = new IsoPacketDescriptor(
            (int)offset, (int)length, (int)actualLength, BinaryPrimitives.ReadInt32BigEndian(source[12..]));
        return ReadResult.Complete(packet, Size);
    }

    /// <summary>
    /// Reads the packets of a whole URB, as many as <paramref name="packets"/> has room for, and returns the sum of their actual_length.
    /// In RET_SUBMIT that must be the header's actual_length: the kernel ends the session otherwise (usbip_recv_iso in
    /// drivers/usb/usbip/usbip_common.c). Refused: what <see cref="Read"/> refuses.
    /// </summary>
    public static ReadResult<int> ReadAll(ReadOnlySpan<byte> source, Span<IsoPacketDescriptor> packets, int bufferLength)
    {
        var size = packets.Length * Size;
        if (source.Length < size)
            return ReadResult.NeedMore<int>(size - source.Length);

        long total = 0;
        for (var i = 0; i < packets.Length; i++)
        {
            var packet = Read(source[(i * Size)..], bufferLength);
            if (!packet.IsComplete)
                return ReadResult.Failed<IsoPacketDescriptor, int>(packet);
            packets[i] = packet.Value;
            total += packet.Value.ActualLength;
        }

        return total > bufferLength
            ? ReadResult.Malformed<int>($"the isochronous packets have transferred {total} bytes of a buffer of {bufferLength}")
            : ReadResult.Complete((int)total, size);
    }

    /// <summary>Writes 16 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 16 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination[12..], Status);
        BinaryPrimitives.WriteInt32BigEndian(destination[8..], ActualLength);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], Length);
        BinaryPrimitives.WriteInt32BigEndian(destination, Offset);
        return Size;
    }
}
