using System.Numerics;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>What each URB is answered. Everything here is called with the gate held.</summary>
internal sealed partial class UrbServer
{
    private uint _ready;
    private bool _answering;
    private bool _queued;

    /// <summary>The device says that transfers of these endpoints may be done now.</summary>
    /// <param name="queues">Bits as <see cref="PendingUrbs.Queues"/> has them.</param>
    public void Ready(uint queues)
    {
        _ready |= queues & _pending.Queues;
        if (_ready == 0 || _answering || _queued)
            return;
        _queued = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Answers what became ready while this session's own thread waits for the importer.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            lock (Gate)
                _queued = false;
            Flush();
        }
        catch (Exception exception)
        {
            StopAfter(exception);
        }
    }

    private int AnswerNext(ReceiveBuffer input)
    {
        var message = input.Unread;
        var header = UrbHeader.Read(message);
        if (header.Status == ReadStatus.NeedMore)
            return header.Missing;
        if (!header.IsComplete)
            return Refuse(header.Reason!);
        if (header.Value.DeviceId != _deviceId)
            return Refuse($"a URB for device {header.Value.DeviceId}; this session is for {_deviceId}");

        switch (header.Value.Command)
        {
            case UrbCommand.CmdSubmit:
                return AnswerSubmit(input, message);
            case UrbCommand.CmdUnlink:
                return AnswerUnlink(input, message);
            default:
                return Refuse($"{header.Value.Command}, which only exporters send");
        }
    }

    private int AnswerSubmit(ReceiveBuffer input, ReadOnlySpan<byte> message)
    {
        var command = CmdSubmit.Read(message);
        if (!command.IsComplete)
            return Refuse(command.Reason!);
        var urb = command.Value;
        if (urb.TransferBufferLength > _options.MaxTransferLength)
            return Refuse($"a transfer of {urb.TransferBufferLength} bytes; at most {_options.MaxTransferLength} are allowed");
        if (_pending.Contains(urb.SequenceNumber))
            return Refuse($"URB {urb.SequenceNumber} a second time, while the first is pending");
        var size = UrbHeader.Size + urb.PayloadSize;
        if (message.Length < size)
            return size - message.Length;

        var payload = message[UrbHeader.Size..size];
        if (urb.IsoPacketCount > 0)
        {
            if (!TryAnswerIso(urb, payload[urb.DataSize..], out var reason))
                return Refuse(reason);
        }
        else if (urb.Endpoint == 0)
        {
            AnswerControl(urb, payload);
        }
        else if (urb.Direction == UrbDirection.In)
        {
            AnswerIn(urb);
        }
        else
        {
            AnswerOut(urb, payload);
        }

        input.Advance(size);
        return MoreAtHand;
    }

    /// <summary>
    /// A URB that is pending is taken back: -ECONNRESET, and no RET_SUBMIT. Any other was answered before, or never came: 0. One reply for
    /// each CMD_UNLINK, as stub_recv_cmd_unlink in drivers/usb/usbip/stub_rx.c does.
    /// </summary>
    private int AnswerUnlink(ReceiveBuffer input, ReadOnlySpan<byte> message)
    {
        var command = CmdUnlink.Read(message);
        if (!command.IsComplete)
            return Refuse(command.Reason!);
        var status = _pending.Remove(command.Value.UnlinkSequenceNumber) ? UrbStatus.Unlinked : UrbStatus.Ok;
        _replies.Add(new RetUnlink(command.Value.SequenceNumber, status));
        input.Advance(command.Consumed);
        return MoreAtHand;
    }

    /// <summary>A data stage that goes the other way than the URB, or that is shorter than announced, is refused as a device would.</summary>
    private void AnswerControl(in CmdSubmit urb, ReadOnlySpan<byte> data)
    {
        var setup = urb.Setup;
        if (urb.Direction == UrbDirection.In)
        {
            var reply = _replies.Begin(Math.Min(urb.TransferBufferLength, setup.Length));
            var fits = setup.IsIn || setup.Length == 0;
            EndIn(urb.SequenceNumber, fits ? _device.HandleControl(setup, [], reply) : TransferResult.Stall, reply.Length);
        }
        else
        {
            var fits = (!setup.IsIn || setup.Length == 0) && data.Length >= setup.Length;
            var result = fits ? _device.HandleControl(setup, data[..setup.Length], []) : TransferResult.Stall;
            AddReturn(urb.SequenceNumber, result.Status, result.Length);
        }

        // It may have halted an endpoint, or set it going.
        _ready |= _pending.Queues;
    }

    private void AnswerIn(in CmdSubmit urb)
    {
        var queue = PendingUrbs.QueueCount / 2 | urb.Endpoint;
        if (_pending.Head(queue) == PendingUrbs.None && TryIn(urb.SequenceNumber, urb.Endpoint, urb.TransferBufferLength))
            return;
        if (!_pending.TryAddIn(urb.SequenceNumber, queue, urb.TransferBufferLength))
            AddReturn(urb.SequenceNumber, UrbStatus.NoMemory, 0);
    }

    private void AnswerOut(in CmdSubmit urb, ReadOnlySpan<byte> data)
    {
        var queue = urb.Endpoint;
        var taken = 0;
        if (_pending.Head(queue) == PendingUrbs.None && TryOut(urb.SequenceNumber, urb.Endpoint, data, ref taken, data.Length))
            return;
        if (!_pending.TryAddOut(urb.SequenceNumber, queue, data, taken))
            AddReturn(urb.SequenceNumber, UrbStatus.NoMemory, taken);
    }

    /// <summary>
    /// These devices have no isochronous endpoint, and a URB with packets is for one: refused, packet by packet, in the form that the
    /// importer expects.
    /// </summary>
    private bool TryAnswerIso(in CmdSubmit urb, ReadOnlySpan<byte> packets, out string reason)
    {
        var replies = _replies.Begin(packets.Length);
        for (var at = 0; at < packets.Length; at += IsoPacketDescriptor.Size)
        {
            var packet = IsoPacketDescriptor.Read(packets[at..], urb.TransferBufferLength);
            if (!packet.IsComplete)
            {
                reason = packet.Reason!;
                return false;
            }

            (packet.Value with { ActualLength = 0, Status = UrbStatus.Stall }).Write(replies[at..]);
        }

        _replies.End(
            new RetSubmit(urb.SequenceNumber, UrbStatus.Stall, 0, urb.StartFrame, urb.IsoPacketCount, urb.IsoPacketCount), packets.Length);
        reason = "";
        return true;
    }

    /// <summary>Answers the transfers of endpoints that the device has called ready, as far as there is room for replies.</summary>
    private void AnswerReady()
    {
        _ready &= _pending.Queues;
        while (_ready != 0 && _replies.HasRoom)
        {
            var queue = BitOperations.TrailingZeroCount(_ready);
            _ready &= ~(1u << queue);
            if (TryAnswerHead(queue))
                _ready |= 1u << queue;
            _ready &= _pending.Queues;
        }
    }

    private void AnswerReadyAlone()
    {
        _answering = true;
        try
        {
            AnswerReady();
        }
        finally
        {
            _answering = false;
        }
    }

    private bool TryAnswerHead(int queue)
    {
        var slot = _pending.Head(queue);
        ref var urb = ref _pending[slot];
        var endpoint = (byte)(queue % (PendingUrbs.QueueCount / 2));
        var done = urb.Data is null
            ? TryIn(urb.SequenceNumber, endpoint, urb.Length)
            : TryOut(urb.SequenceNumber, endpoint, _pending.Rest(slot), ref urb.Taken, urb.Length);
        if (done)
            _pending.RemoveAt(slot);
        return done;
    }

    private bool TryIn(uint sequenceNumber, byte endpoint, int length)
    {
        var destination = _replies.Begin(length);
        var result = _device.HandleIn(endpoint, destination);
        if (result.IsPending)
            return false;
        EndIn(sequenceNumber, result, length);
        return true;
    }

    private bool TryOut(uint sequenceNumber, byte endpoint, ReadOnlySpan<byte> rest, ref int taken, int length)
    {
        var result = _device.HandleOut(endpoint, rest);
        taken = Math.Min(length, taken + result.Length);
        if (result.IsPending)
            return false;
        AddReturn(sequenceNumber, result.Status, taken);
        return true;
    }

    private void EndIn(uint sequenceNumber, in TransferResult result, int room)
    {
        var length = Math.Min(room, result.Length);
        _replies.End(new RetSubmit(sequenceNumber, result.Status, length, 0, 0, 0), length);
    }

    private void AddReturn(uint sequenceNumber, int status, int length) =>
        _replies.Add(new RetSubmit(sequenceNumber, status, length, 0, 0, 0));

    private int Refuse(string reason)
    {
        _refusal = reason;
        return Over;
    }
}
