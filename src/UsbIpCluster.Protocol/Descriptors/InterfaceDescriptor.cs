namespace UsbIpCluster.Protocol;

/// <summary>
/// An interface descriptor, 9 bytes: one alternate setting of an interface. Source: USB 2.0, table 9-12.
/// </summary>
/// <param name="Number">bInterfaceNumber.</param>
/// <param name="AlternateSetting">bAlternateSetting: 0 is the one that is active first.</param>
/// <param name="EndpointCount">bNumEndpoints, endpoint 0 not counted.</param>
/// <param name="InterfaceClass">bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol.</param>
/// <param name="StringIndex">iInterface: index of a string; 0 for none.</param>
public readonly record struct InterfaceDescriptor(
    byte Number, byte AlternateSetting, byte EndpointCount, UsbClass InterfaceClass, byte StringIndex)
{
    /// <summary>Size, in bytes.</summary>
    public const int Size = 9;

    /// <summary>Reads one. Refused: another type, a bLength below 9.</summary>
    public static ReadResult<InterfaceDescriptor> Read(ReadOnlySpan<byte> source)
    {
        var frame = DescriptorFrame.Read(source, DescriptorType.Interface, Size);
        if (!frame.IsComplete)
            return ReadResult.Failed<int, InterfaceDescriptor>(frame);

        var descriptor = new InterfaceDescriptor(
            source[2], source[3], source[4], new UsbClass(source[5], source[6], source[7]), source[8]);
        return ReadResult.Complete(descriptor, frame.Value);
    }

    /// <summary>Writes 9 bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 9 bytes of room.</exception>
    public int Write(Span<byte> destination)
    {
        var bytes = destination[..Size];
        DescriptorFrame.Write(bytes, DescriptorType.Interface, Size);
        bytes[2] = Number;
        bytes[3] = AlternateSetting;
        bytes[4] = EndpointCount;
        bytes[5] = InterfaceClass.Class;
        bytes[6] = InterfaceClass.SubClass;
        bytes[7] = InterfaceClass.Protocol;
        bytes[8] = StringIndex;
        return Size;
    }
}
