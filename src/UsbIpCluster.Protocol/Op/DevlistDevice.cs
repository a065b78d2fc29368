using System.Collections.Immutable;

namespace UsbIpCluster.Protocol;

/// <summary>
/// One device of OP_REP_DEVLIST: its record, then 4 bytes for each of its interfaces (class, subclass, protocol, one zero byte:
/// <c>struct usbip_usb_interface</c> in tools/usb/usbip/libsrc/usbip_common.h).
/// </summary>
public sealed record DevlistDevice
{
    /// <summary>Size of one interface on the wire, in bytes.</summary>
    public const int InterfaceSize = 4;

    /// <summary>Size of the largest device on the wire, in bytes.</summary>
    public const int MaxSize = UsbDeviceRecord.Size + (byte.MaxValue * InterfaceSize);

    /// <summary>Creates it.</summary>
    /// <exception cref="ArgumentException">The record counts another number of interfaces.</exception>
    public DevlistDevice(UsbDeviceRecord record, ImmutableArray<UsbClass> interfaces)
    {
        if (interfaces.IsDefault || interfaces.Length != record.InterfaceCount)
            throw new ArgumentException($"the record of {record.BusId} counts {record.InterfaceCount} interfaces", nameof(interfaces));
        Record = record;
        Interfaces = interfaces;
    }

    /// <summary>The device.</summary>
    public UsbDeviceRecord Record { get; }

    /// <summary>The interfaces of its active configuration, as many as the record counts.</summary>
    public ImmutableArray<UsbClass> Interfaces { get; }

    /// <summary>Size on the wire, in bytes.</summary>
    public int Size => UsbDeviceRecord.Size + (Interfaces.Length * InterfaceSize);

    /// <summary>Reads one device. Refused: what <see cref="UsbDeviceRecord.Read"/> refuses.</summary>
    public static ReadResult<DevlistDevice> Read(ReadOnlySpan<byte> source)
    {
        var record = UsbDeviceRecord.Read(source);
        if (!record.IsComplete)
            return ReadResult.Failed<UsbDeviceRecord, DevlistDevice>(record);

        var count = record.Value.InterfaceCount;
        var size = UsbDeviceRecord.Size + (count * InterfaceSize);
        if (source.Length < size)
            return ReadResult.NeedMore<DevlistDevice>(size - source.Length);

        var interfaces = ImmutableArray.CreateBuilder<UsbClass>(count);
        for (var rest = source[UsbDeviceRecord.Size..size]; !rest.IsEmpty; rest = rest[InterfaceSize..])
            interfaces.Add(new UsbClass(rest[0], rest[1], rest[2]));
        return ReadResult.Complete(new DevlistDevice(record.Value, interfaces.MoveToImmutable()), size);
    }

    /// <summary>Writes <see cref="Size"/> bytes and returns that count.</summary>
    /// <exception cref="ArgumentException">Less room than that.</exception>
    public int Write(Span<byte> destination)
    {
        if (destination.Length < Size)
            throw new ArgumentException($"this device takes {Size} bytes", nameof(destination));

        var rest = destination[Record.Write(destination)..];
        foreach (var value in Interfaces)
        {
            rest[0] = value.Class;
            rest[1] = value.SubClass;
            rest[2] = value.Protocol;
            rest[3] = 0;
            rest = rest[InterfaceSize..];
        }

        return Size;
    }

    /// <inheritdoc/>
    public bool Equals(DevlistDevice? other) =>
        other is not null && Record == other.Record && Interfaces.AsSpan().SequenceEqual(other.Interfaces.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Record.GetHashCode();
}
