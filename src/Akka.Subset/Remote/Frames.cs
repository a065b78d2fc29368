namespace Akka.Remote;

/// <summary>The first byte of a frame.</summary>
internal static class FrameKind
{
    public const byte Hello = 0;
    public const byte Message = 1;
    public const byte Cluster = 2;
}

/// <summary>Frames on a stream: a length of 32 bits, big-endian, and so many bytes, the first of which is the kind.</summary>
internal static class Frames
{
    /// <summary>Reads one frame, whenever it begins; null when the stream ends before it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="maxLength">The longest frame that is accepted.</param>
    /// <param name="patience">How long a frame that has begun may take.</param>
    /// <param name="clock">What the patience is measured by.</param>
    /// <param name="ended">The connection's end.</param>
    /// <exception cref="WireException">The length is none, or the frame is not complete in time.</exception>
    public static async Task<byte[]?> Read(Stream stream, int maxLength, TimeSpan patience, TimeProvider clock, CancellationToken ended)
    {
        using var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ended);
        try
        {
            var header = new byte[4];
            var first = await stream.ReadAsync(header, either.Token);
            if (first == 0)
                return null;
            var rest = ReadRest(stream, header, first, maxLength, either.Token);
            // Most frames are there as a whole, and need no timer.
            if (!rest.IsCompleted)
                deadline.CancelAfter(patience);
            return await rest;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !ended.IsCancellationRequested)
        {
            throw new WireException($"no whole frame within {patience.TotalSeconds:0.#} s");
        }
        catch (EndOfStreamException e)
        {
            throw new WireException("the connection ended within a frame", e);
        }
    }

    private static async Task<byte[]> ReadRest(Stream stream, byte[] header, int read, int maxLength, CancellationToken cancelled)
    {
        await stream.ReadExactlyAsync(header.AsMemory(read), cancelled);
        var length = BinaryPrimitives.ReadInt32BigEndian(header);
        if (length < 1 || length > maxLength)
            throw new WireException($"a frame of {(uint)length} bytes, where 1 to {maxLength} may be");
        var frame = new byte[length];
        await stream.ReadExactlyAsync(frame, cancelled);
        return frame;
    }
}

/// <summary>
/// What each end says first: a magic, the protocol's version, its own address and incarnation, and the address that it means to speak to.
/// </summary>
internal sealed record Hello(UniqueAddress From, Address To)
{
    /// <summary>The longest frame that a hello may be.</summary>
    public const int MaxLength = 2048;

    private const int Magic = 0x414B5342; // AKSB
    private const byte Version = 2;

    public byte[] ToFrame() => new WireWriter(FrameKind.Hello)
        .Int32(Magic).Byte(Version).Int32(From.Uid).Text(From.Address.ToString()).Text(To.ToString()).ToFrame();

    /// <exception cref="WireException">The frame is no hello of this protocol.</exception>
    public static Hello FromFrame(byte[] frame)
    {
        var reader = new WireReader(frame);
        if (reader.Byte() != FrameKind.Hello || reader.Int32() != Magic)
            throw new WireException("a foreign protocol");
        if (reader.Byte() is var version && version != Version)
            throw new WireException($"version {version} of the protocol, where {Version} is spoken");
        var uid = reader.Int32();
        var from = reader.Text();
        var to = reader.Text();
        reader.End();
        if (!Address.TryParse(from, out var fromAddress) || !Address.TryParse(to, out var toAddress)
            || fromAddress.Port is null || toAddress.Port is null)
            throw new WireException("a hello without addresses");
        return new Hello(new UniqueAddress(fromAddress, uid), toAddress);
    }
}
