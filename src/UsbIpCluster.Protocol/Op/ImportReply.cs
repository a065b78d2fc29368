using System.Diagnostics.CodeAnalysis;

namespace UsbIpCluster.Protocol;

/// <summary>OP_REP_IMPORT: 8 bytes, and the device's record behind them only when the status is 0 (320 bytes).</summary>
public sealed record ImportReply
{
    private ImportReply(OpStatus status, UsbDeviceRecord? device)
    {
        Status = status;
        Device = device;
    }

    /// <summary>Size of the largest reply, in bytes.</summary>
    public const int MaxSize = OpHeader.Size + UsbDeviceRecord.Size;

    /// <summary>Whether the device was given to this connection; <see cref="OpStatus"/> may be a number without a name.</summary>
    public OpStatus Status { get; }

    /// <summary>The device; null unless the status is <see cref="OpStatus.Ok"/>.</summary>
    public UsbDeviceRecord? Device { get; }

    /// <summary>Whether the device was given to this connection.</summary>
    [MemberNotNullWhen(true, nameof(Device))]
    public bool IsGranted => Device is not null;

    /// <summary>Size on the wire, in bytes.</summary>
    public int Size => Device is null ? OpHeader.Size : MaxSize;

    /// <summary>The device is given to this connection.</summary>
    public static ImportReply Granted(UsbDeviceRecord device) => new(OpStatus.Ok, device);

    /// <summary>The device is not given.</summary>
    /// <exception cref="ArgumentException">The status is <see cref="OpStatus.Ok"/>.</exception>
    public static ImportReply Refused(OpStatus status) => status == OpStatus.Ok
        ? throw new ArgumentException("a refusal needs a status other than Ok", nameof(status))
        : new(status, null);

    /// <summary>Reads one reply. Refused: another version, another code, and what <see cref="UsbDeviceRecord.Read"/> refuses.</summary>
    public static ReadResult<ImportReply> Read(ReadOnlySpan<byte> source)
    {
        var header = OpHeader.Read(source);
        if (!header.IsComplete)
            return ReadResult.Failed<OpHeader, ImportReply>(header);
        if (header.Value.Code != OpCode.ImportReply)
            return ReadResult.Malformed<ImportReply>($"0x{(int)header.Value.Code:x4} is no reply to an import");
        if (header.Value.Status != OpStatus.Ok)
            return ReadResult.Complete(Refused(header.Value.Status), OpHeader.Size);

        var device = UsbDeviceRecord.Read(source[OpHeader.Size..]);
        return device.IsComplete
            ? ReadResult.Complete(Granted(device.Value), MaxSize)
            : ReadResult.Failed<UsbDeviceRecord, ImportReply>(device);
    }

    /// <summary>Writes <see cref="Size"/> bytes and returns that count.</summary>
    /// <exception cref="ArgumentException">Less room than that.</exception>
    public int Write(Span<byte> destination)
    {
        new OpHeader(OpCode.ImportReply, Status).Write(destination);
        Device?.Write(destination[OpHeader.Size..]);
        return Size;
    }

    /// <summary>The message as a new array.</summary>
    public byte[] Encode()
    {
        var message = new byte[Size];
        Write(message);
        return message;
    }
}
