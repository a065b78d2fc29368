using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// The start of OP_REP_DEVLIST: 8 bytes, and when the status is 0, the number of devices in 4 more. As many
/// <see cref="DevlistDevice"/> follow, read one at a time, so that no more than one of them need be at hand.
/// </summary>
/// <param name="Status">How the request ended; may be a number without a name.</param>
/// <param name="Count">How many devices follow, at most <see cref="MaxDevices"/>; 0 unless the status is 0.</param>
public readonly record struct DevlistReply(OpStatus Status, int Count)
{
    /// <summary>Size of the start with its count, in bytes.</summary>
    public const int Size = OpHeader.Size + sizeof(uint);

    /// <summary>Devices that a reply may announce. Our own bound, many times what a host can have; the protocol knows none.</summary>
    public const int MaxDevices = 4096;

    /// <summary>Reads the start of a reply. Refused: another version, another code, more than <see cref="MaxDevices"/> devices.</summary>
    public static ReadResult<DevlistReply> Read(ReadOnlySpan<byte> source)
    {
        var header = OpHeader.Read(source);
        if (!header.IsComplete)
            return ReadResult.Failed<OpHeader, DevlistReply>(header);
        if (header.Value.Code != OpCode.DevlistReply)
            return ReadResult.Malformed<DevlistReply>($"0x{(int)header.Value.Code:x4} is no device list");
        if (header.Value.Status != OpStatus.Ok)
            return ReadResult.Complete(new DevlistReply(header.Value.Status, 0), OpHeader.Size);
        if (source.Length < Size)
            return ReadResult.NeedMore<DevlistReply>(Size - source.Length);

        var count = BinaryPrimitives.ReadUInt32BigEndian(source[OpHeader.Size..]);
        return count > MaxDevices
            ? ReadResult.Malformed<DevlistReply>($"the list announces {count} devices; at most {MaxDevices} are taken")
            : ReadResult.Complete(new DevlistReply(OpStatus.Ok, (int)count), Size);
    }

    /// <summary>A whole reply with these devices as a new array.</summary>
    /// <exception cref="ArgumentException">More than <see cref="MaxDevices"/>.</exception>
    public static byte[] Encode(IReadOnlyCollection<DevlistDevice> devices)
    {
        if (devices.Count > MaxDevices)
            throw new ArgumentException($"a list holds at most {MaxDevices} devices", nameof(devices));

        var message = new byte[Size + devices.Sum(device => device.Size)];
        new OpHeader(OpCode.DevlistReply, OpStatus.Ok).Write(message);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(OpHeader.Size), devices.Count);
        var written = Size;
        foreach (var device in devices)
            written += device.Write(message.AsSpan(written));
        return message;
    }
}
