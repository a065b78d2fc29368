namespace UsbIpCluster.Userspace;

/// <summary>A queue of bytes in a fixed buffer, which is made when the first are written: most simulated devices are only looked at.</summary>
internal sealed class ByteRing(int capacity)
{
    private byte[] _buffer = [];
    private int _start;

    public int Count { get; private set; }

    public int Room => capacity - Count;

    public void Clear() => (_start, Count) = (0, 0);

    /// <summary>Appends as much as there is room for, and says how much.</summary>
    public int Write(ReadOnlySpan<byte> source)
    {
        source = source[..Math.Min(source.Length, Room)];
        if (source.IsEmpty)
            return 0;
        if (_buffer.Length == 0)
            _buffer = new byte[capacity];
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
        if (destination.IsEmpty)
            return 0;
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
