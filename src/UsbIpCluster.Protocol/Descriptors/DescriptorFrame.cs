namespace UsbIpCluster.Protocol;

/// <summary>
/// The two bytes that start every descriptor: bLength (itself included) and bDescriptorType. Source: USB 2.0, section 9.5.
/// </summary>
internal static class DescriptorFrame
{
    public const int Size = 2;

    /// <summary>
    /// Finds the whole descriptor at the start of <paramref name="source"/>: its bLength. One that is longer than
    /// <paramref name="minimumSize"/> is taken, as the specification demands, and what is behind the known fields is skipped.
    /// </summary>
    public static ReadResult<int> Read(ReadOnlySpan<byte> source, DescriptorType type, int minimumSize)
    {
        if (source.Length >= Size && source[1] != (byte)type)
            return ReadResult.Malformed<int>($"a descriptor of type 0x{source[1]:x2} where {type} (0x{(int)type:x2}) belongs");
        if (source.Length >= 1 && source[0] < minimumSize)
            return ReadResult.Malformed<int>($"the {type} descriptor says that it has {source[0]} bytes; it takes {minimumSize}");

        var size = source.Length >= 1 ? source[0] : minimumSize;
        return source.Length < size
            ? ReadResult.NeedMore<int>(size - source.Length)
            : ReadResult.Complete<int>(size, size);
    }

    public static void Write(Span<byte> destination, DescriptorType type, int size)
    {
        destination[1] = (byte)type;
        destination[0] = (byte)size;
    }
}
