using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace UsbIpCluster.Protocol;

/// <summary>Names one lease: 16 random bytes, written as 32 hex digits. Whoever knows it may use the lease once.</summary>
public readonly record struct LeaseId
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = 16;

    private readonly UInt128 _value;

    private LeaseId(UInt128 value) => _value = value;

    /// <summary>A new one, from the system's random number generator.</summary>
    public static LeaseId New()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    /// <summary>Reads the first 16 bytes of <paramref name="source"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 16 bytes.</exception>
    public static LeaseId Read(ReadOnlySpan<byte> source) =>
        new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>Writes 16 bytes.</summary>
    public void Write(Span<byte> destination) =>
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(destination, _value);

    /// <summary>Reads 32 hex digits; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LeaseId leaseId)
    {
        leaseId = default;
        if (text is not { Length: 2 * Size }
            || !UInt128.TryParse(text, System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
            return false;
        leaseId = new LeaseId(value);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => _value.ToString("x32");
}
