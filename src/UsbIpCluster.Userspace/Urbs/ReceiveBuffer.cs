using System.Buffers;

namespace UsbIpCluster.Userspace;

/// <summary>
/// What has been received and not been looked at, in one piece of a pooled buffer: one receive may bring many messages, and a message
/// is looked at where it lies.
/// </summary>
internal sealed class ReceiveBuffer(int size) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(size);
    private int _start;
    private int _end;

    /// <summary>Received and not yet taken.</summary>
    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Takes bytes from the front.</summary>
    public void Advance(int count)
    {
        _start += count;
        if (_start == _end)
            _start = _end = 0;
    }

    /// <summary>All the free room behind what is unread; at least <paramref name="missing"/> bytes.</summary>
    public Memory<byte> Room(int missing)
    {
        if (_buffer.Length - _end < missing)
        {
            var unread = _end - _start;
            var target = unread + missing <= _buffer.Length ? _buffer : ArrayPool<byte>.Shared.Rent(unread + missing);
            Unread.CopyTo(target);
            if (target != _buffer)
                ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _end) = (target, 0, unread);
        }

        return _buffer.AsMemory(_end);
    }

    /// <summary>So many bytes have been received into the room.</summary>
    public void Commit(int count) => _end += count;

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
    }
}
