using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// What the exporter and the holder of a lease share, so that the holder can come back without the cluster: the lease ids of the epochs that
/// follow are derived from it on both sides. 32 random bytes, told over the cluster and kept in the state folder, never logged.
/// </summary>
internal sealed class ResumeSecret : IEquatable<ResumeSecret>
{
    private const int Size = 32;
    private static readonly byte[] Purpose = "usbipcluster resume"u8.ToArray();

    private readonly byte[] _bytes;

    private ResumeSecret(byte[] bytes) => _bytes = bytes;

    /// <summary>A new one, from the system's random number generator.</summary>
    public static ResumeSecret New() => new(RandomNumberGenerator.GetBytes(Size));

    /// <summary>Reads what <see cref="Reveal"/> wrote; false for anything else.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ResumeSecret? secret)
    {
        var bytes = new byte[Size];
        var read = text is not null && Convert.TryFromBase64String(text, bytes, out var length) && length == Size;
        secret = read ? new ResumeSecret(bytes) : null;
        return read;
    }

    /// <summary>The secret as Base64, for the wire and the state folder.</summary>
    public string Reveal() => Convert.ToBase64String(_bytes);

    /// <summary>
    /// The lease id that the holder names when it resumes with <paramref name="epoch"/>: HKDF-SHA256 (RFC 5869) over the device and the epoch.
    /// </summary>
    public LeaseId IdOf(BusId busId, Epoch epoch)
    {
        var info = new byte[Purpose.Length + sizeof(ulong) + Encoding.ASCII.GetByteCount(busId.Value)];
        Purpose.CopyTo(info, 0);
        BinaryPrimitives.WriteUInt64BigEndian(info.AsSpan(Purpose.Length), epoch.Value);
        Encoding.ASCII.GetBytes(busId.Value, info.AsSpan(Purpose.Length + sizeof(ulong)));
        Span<byte> id = stackalloc byte[LeaseId.Size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _bytes, id, [], info);
        return LeaseId.Read(id);
    }

    /// <inheritdoc/>
    public bool Equals(ResumeSecret? other) => other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ResumeSecret);

    /// <inheritdoc/>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(_bytes);

    /// <summary>Not the secret: this is what logs get.</summary>
    public override string ToString() => "(secret)";
}
