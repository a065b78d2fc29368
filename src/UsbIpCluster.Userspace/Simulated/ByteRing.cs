namespace UsbIpCluster.Userspace;

/// <summary>A queue of bytes in a fixed buffer.</summary>
internal sealed class ByteRing(int capacity)
{
    private readonly byte[] _buffer = new byte[capacity];
    private int _start;

    public int Count { get; private set; }

    public int Room => _buffer.Length - Count;

    public void Clear() => (_start, Count) = (0, 0);

    /// <summary>Appends as much as there is room for, and says how much.</summary>
    public int Write(ReadOnlySpan<byte> source)
    {
        source = source[..Math.Min(source.Length, Room)];
        var end = (_start + Count) % _buffer.Length;
        var first = Math.Min(source.Length, _buffer.Length - end);
        source[..first].CopyTo(_buffer.AsSpan(end));
        source[first..].CopyTo(_buffer);
        Count += source.Length;
        return source.Length;
    }

    /// <summary>Takes as much as fits and is there, and says how much.</summary>
    public int Read(Span<byte> destination)
    {
        destination = destination[..Math.Min(destination.Length, Count)];
        var first = Math.Min(destination.Length, _buffer.Length - _start);
        _buffer.AsSpan(_start, first).CopyTo(destination);
        _buffer.AsSpan(0, destination.Length - first).CopyTo(destination[first..]);
        _start = (_start + destination.Length) % _buffer.Length;
        Count -= destination.Length;
        if (Count == 0)
            _start = 0;
        return destination.Length;
    }
}
