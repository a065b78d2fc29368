using System.Buffers;
using System.Diagnostics;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// Replies one behind the other, to be sent in one piece. Two pooled buffers take turns: one is filled while the other is being sent.
/// Not synchronised: its owner's lock guards it.
/// </summary>
internal sealed class ReplyBuffer(int limit)
{
    private byte[] _filling = [];
    private byte[] _other = [];
    private int _length;
    private int _begun;

    /// <summary>Whether there is something to send.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Whether another reply may be added now. One of any size may go beyond the limit, none behind it.</summary>
    public bool HasRoom => _length < limit;

    /// <summary>Room for the payload of a RET_SUBMIT; it counts for nothing until <see cref="End"/>.</summary>
    public Span<byte> Begin(int maxPayload)
    {
        _begun = maxPayload;
        Reserve(UrbHeader.Size + maxPayload);
        return _filling.AsSpan(_length + UrbHeader.Size, maxPayload);
    }

    /// <summary>Adds a RET_SUBMIT whose payload stands in what <see cref="Begin"/> gave.</summary>
    public void End(in RetSubmit reply, int payload)
    {
        Debug.Assert(payload <= _begun, "a reply is never longer than what was asked for");
        reply.Write(_filling.AsSpan(_length));
        _length += UrbHeader.Size + payload;
    }

    /// <summary>Adds a RET_SUBMIT without payload.</summary>
    public void Add(in RetSubmit reply)
    {
        Reserve(UrbHeader.Size);
        _length += reply.Write(_filling.AsSpan(_length));
    }

    /// <summary>Adds a RET_UNLINK.</summary>
    public void Add(in RetUnlink reply)
    {
        Reserve(UrbHeader.Size);
        _length += reply.Write(_filling.AsSpan(_length));
    }

    /// <summary>What is to be sent; it stays as it is until the next call.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        var taken = _filling.AsMemory(0, _length);
        (_filling, _other) = (_other, _filling);
        _length = 0;
        return taken;
    }

    /// <summary>Gives the buffers back. Nothing that was taken may still be in use.</summary>
    public void Release()
    {
        Return(_filling);
        Return(_other);
        _filling = _other = [];
        _length = 0;
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Reserve(int count)
    {
        if (_filling.Length - _length >= count)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(limit, _length + count));
        _filling.AsSpan(0, _length).CopyTo(larger);
        Return(_filling);
        _filling = larger;
    }
}
