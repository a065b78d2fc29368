using System.Collections.Immutable;

namespace UsbIpCluster.Protocol;

/// <summary>A descriptor that this library carries without reading it: of a class (HID, CDC, audio) or of a later specification.</summary>
public readonly record struct OtherDescriptor
{
    private readonly ImmutableArray<byte> _bytes;

    private OtherDescriptor(ImmutableArray<byte> bytes) => _bytes = bytes;

    /// <summary>Puts bLength and bDescriptorType in front of the rest of the descriptor.</summary>
    /// <param name="type">bDescriptorType.</param>
    /// <param name="body">What follows it, at most 253 bytes.</param>
    /// <exception cref="ArgumentException">More than 253 bytes.</exception>
    public static OtherDescriptor Create(byte type, params ReadOnlySpan<byte> body)
    {
        var size = DescriptorFrame.Size + body.Length;
        return size > byte.MaxValue
            ? throw new ArgumentException($"a descriptor has at most {byte.MaxValue} bytes", nameof(body))
            : new OtherDescriptor([(byte)size, type, .. body]);
    }

    /// <summary>bDescriptorType.</summary>
    public byte Type => Bytes.Length < DescriptorFrame.Size ? (byte)0 : Bytes[1];

    /// <summary>The whole descriptor, bLength and bDescriptorType included; empty only for <c>default</c>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.IsDefault ? [] : _bytes.AsSpan();

    /// <summary>
    /// Reads one of any type. Refused: a bLength below 2, which would never come to an end.
    /// </summary>
    public static ReadResult<OtherDescriptor> Read(ReadOnlySpan<byte> source)
    {
        if (source.Length >= 1 && source[0] < DescriptorFrame.Size)
            return ReadResult.Malformed<OtherDescriptor>($"a descriptor says that it has {source[0]} bytes, which is less than its head");
        var size = source.Length >= 1 ? source[0] : DescriptorFrame.Size;
        return source.Length < size
            ? ReadResult.NeedMore<OtherDescriptor>(size - source.Length)
            : ReadResult.Complete(new OtherDescriptor([.. source[..size]]), size);
    }

    /// <inheritdoc/>
    public bool Equals(OtherDescriptor other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }
}
