using System.Buffers.Binary;

namespace UsbIpCluster.Protocol;

/// <summary>
/// One device as OP_REP_DEVLIST and OP_REP_IMPORT describe it: <c>struct usbip_usb_device</c>, 312 bytes, integers big-endian.
/// Source: tools/usb/usbip/libsrc/usbip_common.h.
/// </summary>
/// <param name="Path">The sysfs path on the exporter, at most 255 bytes; information only.</param>
/// <param name="BusId">The name by which OP_REQ_IMPORT asks for it.</param>
/// <param name="DeviceId">busnum and devnum, 32 bits each on the wire; every URB of the session names it.</param>
/// <param name="Speed">32 bits on the wire.</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="DeviceRelease">bcdDevice.</param>
/// <param name="DeviceClass">bDeviceClass, bDeviceSubClass, bDeviceProtocol.</param>
/// <param name="ConfigurationValue">bConfigurationValue of the active configuration; 0 when there is none.</param>
/// <param name="ConfigurationCount">bNumConfigurations.</param>
/// <param name="InterfaceCount">bNumInterfaces of the active configuration.</param>
public sealed record UsbDeviceRecord(
    string Path,
    BusId BusId,
    DeviceId DeviceId,
    UsbSpeed Speed,
    ushort VendorId,
    ushort ProductId,
    ushort DeviceRelease,
    UsbClass DeviceClass,
    byte ConfigurationValue,
    byte ConfigurationCount,
    byte InterfaceCount)
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = PathSize + BusIdField.Size + 24;

    /// <summary>Size of the path with its NUL, in bytes. Source: SYSFS_PATH_MAX in usbip_common.h.</summary>
    public const int PathSize = 256;

    /// <summary>
    /// Reads the first 312 bytes. Refused: a path or bus id without NUL, a bus id that is none, a bus or device number above 65535, an
    /// unknown speed. Bytes of the path outside printable ASCII become <c>?</c>, so that no terminal escape passes.
    /// </summary>
    public static ReadResult<UsbDeviceRecord> Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Size)
            return ReadResult.NeedMore<UsbDeviceRecord>(Size - source.Length);

        var pathLength = source[..PathSize].IndexOf((byte)0);
        if (pathLength < 0)
            return ReadResult.Malformed<UsbDeviceRecord>($"the device's path has no closing NUL within its {PathSize} bytes");
        if (!BusIdField.TryRead(source[PathSize..], out var busId, out var reason))
            return ReadResult.Malformed<UsbDeviceRecord>(reason);

        var rest = source[(PathSize + BusIdField.Size)..Size];
        var busNumber = BinaryPrimitives.ReadUInt32BigEndian(rest);
        var deviceNumber = BinaryPrimitives.ReadUInt32BigEndian(rest[4..]);
        if (busNumber > ushort.MaxValue || deviceNumber > ushort.MaxValue)
        {
            return ReadResult.Malformed<UsbDeviceRecord>(
                $"device {busId} has bus number {busNumber} and device number {deviceNumber}; each may be at most {ushort.MaxValue}");
        }

        var speed = BinaryPrimitives.ReadUInt32BigEndian(rest[8..]);
        if (speed > (uint)UsbSpeed.SuperPlus)
            return ReadResult.Malformed<UsbDeviceRecord>($"device {busId} has the unknown speed {speed}");

        var record = new UsbDeviceRecord(
            PrintableText.FromAscii(source[..pathLength]),
            busId,
            new DeviceId((ushort)busNumber, (ushort)deviceNumber),
            (UsbSpeed)speed,
            BinaryPrimitives.ReadUInt16BigEndian(rest[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(rest[14..]),
            BinaryPrimitives.ReadUInt16BigEndian(rest[16..]),
            new UsbClass(rest[18], rest[19], rest[20]),
            ConfigurationValue: rest[21],
            ConfigurationCount: rest[22],
            InterfaceCount: rest[23]);
        return ReadResult.Complete(record, Size);
    }

    /// <summary>
    /// Writes 312 bytes and returns that count. A path longer than 255 bytes is cut, and what is not printable ASCII in it is written
    /// as <c>?</c>.
    /// </summary>
    /// <exception cref="ArgumentException">Fewer than 312 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        if (destination.Length < Size)
            throw new ArgumentException($"a device record takes {Size} bytes", nameof(destination));

        destination[..Size].Clear();
        for (var i = 0; i < Math.Min(Path.Length, PathSize - 1); i++)
            destination[i] = Path[i] is >= ' ' and <= '~' ? (byte)Path[i] : (byte)'?';
        BusIdField.Write(destination[PathSize..], BusId);

        var rest = destination[(PathSize + BusIdField.Size)..Size];
        BinaryPrimitives.WriteUInt32BigEndian(rest, DeviceId.BusNumber);
        BinaryPrimitives.WriteUInt32BigEndian(rest[4..], DeviceId.DeviceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(rest[8..], (uint)Speed);
        BinaryPrimitives.WriteUInt16BigEndian(rest[12..], VendorId);
        BinaryPrimitives.WriteUInt16BigEndian(rest[14..], ProductId);
        BinaryPrimitives.WriteUInt16BigEndian(rest[16..], DeviceRelease);
        rest[18] = DeviceClass.Class;
        rest[19] = DeviceClass.SubClass;
        rest[20] = DeviceClass.Protocol;
        rest[21] = ConfigurationValue;
        rest[22] = ConfigurationCount;
        rest[23] = InterfaceCount;
        return Size;
    }
}
