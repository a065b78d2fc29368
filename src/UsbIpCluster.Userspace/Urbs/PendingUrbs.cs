using System.Buffers;
using System.Numerics;

namespace UsbIpCluster.Userspace;

/// <summary>A transfer that the device has put off.</summary>
internal struct PendingUrb
{
    public uint SequenceNumber;
    public int Queue;

    /// <summary>Room for an IN transfer, the whole length of an OUT transfer.</summary>
    public int Length;

    /// <summary>How much of an OUT transfer the device has taken.</summary>
    public int Taken;

    /// <summary>The rest of an OUT transfer as it was put off, pooled; null for IN.</summary>
    public byte[]? Data;

    /// <summary>How many bytes of the transfer the device had taken before they were held.</summary>
    public int DataStart;

    public int Previous;
    public int Next;
}

/// <summary>
/// The URBs of a session that wait, each in the queue of its endpoint: OUT endpoint n is queue n, IN endpoint n is queue 16 + n.
/// Adding, finding and removing take no time and allocate nothing once the table has grown. Its owner's lock guards it.
/// </summary>
internal sealed class PendingUrbs(int capacity, int maxHeldBytes)
{
    public const int QueueCount = 32;
    public const int None = -1;

    private readonly Dictionary<uint, int> _bySequenceNumber = [];
    private readonly int[] _heads = Filled();
    private readonly int[] _tails = Filled();
    private PendingUrb[] _slots = [];
    private int _free = None;
    private int _heldBytes;

    /// <summary>The queues that are not empty, as bits.</summary>
    public uint Queues { get; private set; }

    public int Count => _bySequenceNumber.Count;

    public ref PendingUrb this[int slot] => ref _slots[slot];

    /// <summary>The URB of this queue whose turn it is, or <see cref="None"/>.</summary>
    public int Head(int queue) => _heads[queue];

    public bool Contains(uint sequenceNumber) => Count > 0 && _bySequenceNumber.ContainsKey(sequenceNumber);

    /// <summary>Adds an IN transfer at the end of its queue; false when there is no room for it.</summary>
    public bool TryAddIn(uint sequenceNumber, int queue, int length) =>
        Count < capacity && Add(new PendingUrb { SequenceNumber = sequenceNumber, Queue = queue, Length = length });

    /// <summary>Adds an OUT transfer of which <paramref name="taken"/> bytes are done; false when there is no room for it.</summary>
    public bool TryAddOut(uint sequenceNumber, int queue, ReadOnlySpan<byte> data, int taken)
    {
        var rest = data[taken..];
        if (Count >= capacity || rest.Length > maxHeldBytes - _heldBytes)
            return false;
        var held = ArrayPool<byte>.Shared.Rent(rest.Length);
        rest.CopyTo(held);
        _heldBytes += rest.Length;
        return Add(new PendingUrb
        {
            SequenceNumber = sequenceNumber, Queue = queue, Length = data.Length, Taken = taken, Data = held, DataStart = taken,
        });
    }

    /// <summary>What is left of an OUT transfer.</summary>
    public ReadOnlySpan<byte> Rest(int slot)
    {
        ref var urb = ref _slots[slot];
        return urb.Data.AsSpan(urb.Taken - urb.DataStart, urb.Length - urb.Taken);
    }

    /// <summary>Removes the URB with this number; false when there is none.</summary>
    public bool Remove(uint sequenceNumber)
    {
        if (Count == 0 || !_bySequenceNumber.TryGetValue(sequenceNumber, out var slot))
            return false;
        RemoveAt(slot);
        return true;
    }

    public void RemoveAt(int slot)
    {
        ref var urb = ref _slots[slot];
        _bySequenceNumber.Remove(urb.SequenceNumber);
        if (urb.Previous == None)
            _heads[urb.Queue] = urb.Next;
        else
            _slots[urb.Previous].Next = urb.Next;
        if (urb.Next == None)
            _tails[urb.Queue] = urb.Previous;
        else
            _slots[urb.Next].Previous = urb.Previous;
        if (_heads[urb.Queue] == None)
            Queues &= ~(1u << urb.Queue);
        if (urb.Data is { } data)
        {
            _heldBytes -= urb.Length - urb.DataStart;
            ArrayPool<byte>.Shared.Return(data);
        }

        urb = new PendingUrb { Next = _free };
        _free = slot;
    }

    public void Clear()
    {
        while (Queues != 0)
            RemoveAt(_heads[BitOperations.TrailingZeroCount(Queues)]);
    }

    private static int[] Filled()
    {
        var ends = new int[QueueCount];
        Array.Fill(ends, None);
        return ends;
    }

    private bool Add(PendingUrb urb)
    {
        var slot = TakeSlot();
        urb.Next = None;
        urb.Previous = _tails[urb.Queue];
        if (urb.Previous == None)
            _heads[urb.Queue] = slot;
        else
            _slots[urb.Previous].Next = slot;
        _tails[urb.Queue] = slot;
        Queues |= 1u << urb.Queue;
        _slots[slot] = urb;
        _bySequenceNumber.Add(urb.SequenceNumber, slot);
        return true;
    }

    private int TakeSlot()
    {
        if (_free == None)
            Grow();
        var slot = _free;
        _free = _slots[slot].Next;
        return slot;
    }

    private void Grow()
    {
        var old = _slots.Length;
        Array.Resize(ref _slots, Math.Min(capacity, Math.Max(16, 2 * old)));
        for (var slot = _slots.Length - 1; slot >= old; slot--)
        {
            _slots[slot].Next = _free;
            _free = slot;
        }
    }
}
