using System.Buffers;
using System.Text;

namespace Akka.Remote;

/// <summary>Something on the wire is not what the protocol has there. The connection ends.</summary>
internal sealed class WireException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Appends to a frame. Numbers are big-endian; a text is its length in bytes (16 bits) and UTF-8.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>A frame of a kind, its length to be filled in by <see cref="ToFrame"/>.</summary>
    public WireWriter(byte kind) => Int32(0).Byte(kind);

    public WireWriter Byte(byte value)
    {
        _buffer.Write([value]);
        return this;
    }

    public WireWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
        return this;
    }

    public WireWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
        return this;
    }

    public WireWriter Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        if (length > ushort.MaxValue)
            throw new WireException($"a text of {length} bytes is too long for the wire");
        Byte((byte)(length >> 8)).Byte((byte)length);
        Encoding.UTF8.GetBytes(value, _buffer);
        return this;
    }

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        _buffer.Write(value);
        return this;
    }

    /// <summary>The frame: the length of what follows (32 bits), the kind, the rest.</summary>
    public byte[] ToFrame()
    {
        var frame = _buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }
}

/// <summary>Consumes a frame; whatever is missing is a <see cref="WireException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> frame)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = frame;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public string Text(int maxLength = ushort.MaxValue)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(Take(2));
        if (length > maxLength)
            throw new WireException($"a text of {length} bytes where at most {maxLength} may be");
        try
        {
            return s_strict.GetString(Take(length));
        }
        catch (DecoderFallbackException e)
        {
            throw new WireException("a text that is no UTF-8", e);
        }
    }

    public byte[] Rest() => Take(_rest.Length).ToArray();

    public readonly void End()
    {
        if (_rest.Length > 0)
            throw new WireException($"{_rest.Length} bytes too many");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
            throw new WireException($"{count} bytes expected, {_rest.Length} there");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
