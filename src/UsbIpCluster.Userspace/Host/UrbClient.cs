using System.Buffers;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// The importer's end of one session: submits URBs, takes them back, and pairs the replies. A peer that answers what was not asked ends
/// the session.
/// </summary>
internal sealed class UrbClient
{
    private const int ReceiveSize = 64 * 1024;
    private const int MaxPending = 1024;

    private readonly object _gate = new();
    private readonly Socket _socket;
    private readonly DeviceId _deviceId;
    private readonly Dictionary<uint, ClientUrb> _pending = [];
    private readonly Dictionary<uint, ClientUrb> _unlinks = [];
    private readonly TaskCompletionSource<string> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _lastSend = Task.CompletedTask;
    private uint _lastSequenceNumber;
    private string? _end;

    /// <summary>Takes the connection.</summary>
    public UrbClient(Socket socket, DeviceId deviceId) => (_socket, _deviceId) = (socket, deviceId);

    /// <summary>Why the session ended, in words.</summary>
    public Task<string> Completion => _completion.Task;

    /// <summary>Begins to take replies.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>Ends the session. The first reason counts.</summary>
    /// <param name="why">In words.</param>
    /// <param name="abruptly">Whether the connection is reset, as by a failing network.</param>
    public void Stop(string why, bool abruptly = false)
    {
        lock (_gate)
        {
            if (_end is not null)
                return;
            _end = why;
        }

        try
        {
            if (abruptly)
                _socket.LingerState = new LingerOption(enable: true, seconds: 0);
            else
                _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer was faster.
        }

        _socket.Dispose();
    }

    /// <summary>
    /// Submits a URB and waits for its end. When the token asks for it, the URB is taken back; it may be done all the same, if that comes
    /// too late.
    /// </summary>
    /// <exception cref="DeviceException">PeerLost: the session ended before the URB did. Busy: too many URBs are pending.</exception>
    /// <exception cref="OperationCanceledException">The URB was taken back.</exception>
    public async Task<UrbCompletion> SubmitAsync(
        UrbDirection direction, byte endpoint, SetupPacket setup, int length, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ClientUrb urb;
        lock (_gate)
        {
            if (_end is not null)
                throw Lost(_end);
            if (_pending.Count >= MaxPending)
                throw new DeviceException(DeviceError.Busy, $"{MaxPending} URBs are pending");
            urb = new ClientUrb(new CmdSubmit(++_lastSequenceNumber, _deviceId, direction, endpoint, 0, length, 0, 0, 0, setup));
            _pending.Add(urb.SequenceNumber, urb);
            _lastSend = SendAsync(_lastSend, urb.Command, data);
        }

        await using var registration = cancellationToken.Register(() => Unlink(urb));
        return await urb.Completion.Task;
    }

    private static DeviceException Lost(string why) => new(DeviceError.PeerLost, $"the session with the exporter ended: {why}");

    private void Unlink(ClientUrb urb)
    {
        lock (_gate)
        {
            if (_end is not null || !_pending.ContainsKey(urb.SequenceNumber))
                return;
            var command = new CmdUnlink(++_lastSequenceNumber, _deviceId, urb.SequenceNumber);
            _unlinks.Add(command.SequenceNumber, urb);
            _lastSend = SendAsync(_lastSend, command);
        }
    }

    private async Task SendAsync(Task previous, CmdSubmit command, ReadOnlyMemory<byte> data)
    {
        var message = ArrayPool<byte>.Shared.Rent(UrbHeader.Size + data.Length);
        command.Write(message);
        data.CopyTo(message.AsMemory(UrbHeader.Size));
        await SendAsync(previous, message, UrbHeader.Size + data.Length);
    }

    private async Task SendAsync(Task previous, CmdUnlink command)
    {
        var message = ArrayPool<byte>.Shared.Rent(UrbHeader.Size);
        command.Write(message);
        await SendAsync(previous, message, UrbHeader.Size);
    }

    /// <summary>Sends after what is being sent. What can't be sent ends the session, and that is told through the URBs.</summary>
    private async Task SendAsync(Task previous, byte[] message, int length)
    {
        await previous;
        try
        {
            await _socket.SendAsync(message.AsMemory(0, length));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Stop($"the connection was lost: {exception.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    private async Task RunAsync()
    {
        try
        {
            using var input = new ReceiveBuffer(ReceiveSize);
            var missing = UrbHeader.Size;
            while (await _socket.ReceiveAsync(input.Room(missing)) is var received and > 0)
            {
                input.Commit(received);
                missing = TakeReplies(input);
            }

            Stop("the exporter closed the connection");
        }
        catch (InvalidDataException exception)
        {
            Stop($"the exporter sent what no exporter sends: {exception.Message}");
        }
        catch (Exception exception)
        {
            Stop($"the connection was lost: {exception.Message}");
        }

        FailAll();
    }

    private void FailAll()
    {
        ClientUrb[] urbs;
        lock (_gate)
        {
            urbs = [.. _pending.Values];
            _pending.Clear();
            _unlinks.Clear();
        }

        foreach (var urb in urbs)
            urb.Completion.TrySetException(Lost(_end!));
        _completion.SetResult(_end!);
    }

    /// <summary>Takes every whole reply at hand, and says how many bytes at least are missing of the next.</summary>
    /// <exception cref="InvalidDataException">What came is no reply to what was asked.</exception>
    private int TakeReplies(ReceiveBuffer input)
    {
        while (true)
        {
            var message = input.Unread;
            var header = UrbHeader.Read(message);
            if (header.Status == ReadStatus.NeedMore)
                return header.Missing;
            if (!header.IsComplete)
                throw new InvalidDataException(header.Reason);
            var size = header.Value.Command switch
            {
                UrbCommand.RetSubmit => TakeReturn(message),
                UrbCommand.RetUnlink => TakeUnlinked(message),
                _ => throw new InvalidDataException($"{header.Value.Command}, which only importers send"),
            };
            if (message.Length < size)
                return size - message.Length;
            input.Advance(size);
        }
    }

    /// <summary>Completes a URB when its reply is there whole. Returns the size of the reply.</summary>
    private int TakeReturn(ReadOnlySpan<byte> message)
    {
        var reply = RetSubmit.Read(message);
        if (!reply.IsComplete)
            throw new InvalidDataException(reply.Reason);
        ClientUrb? urb;
        lock (_gate)
            urb = _pending.GetValueOrDefault(reply.Value.SequenceNumber);
        if (urb is null)
            throw new InvalidDataException($"a reply to URB {reply.Value.SequenceNumber}, which is not pending");
        if (reply.Value.CheckAnswers(urb.Command) is { } reason)
            throw new InvalidDataException(reason);
        var size = UrbHeader.Size + reply.Value.PayloadSize(urb.Command.Direction);
        if (message.Length < size)
            return size;

        var data = message.Slice(UrbHeader.Size, reply.Value.DataSize(urb.Command.Direction)).ToArray();
        lock (_gate)
            _pending.Remove(urb.SequenceNumber);
        urb.Completion.TrySetResult(new UrbCompletion(reply.Value.Status, reply.Value.ActualLength, data));
        return size;
    }

    /// <summary>
    /// The answer to an unlink: a URB that has not been returned by now never will be, whatever the status says; the kernel's importer
    /// takes it the same way (vhci_recv_ret_unlink in drivers/usb/usbip/vhci_rx.c).
    /// </summary>
    private int TakeUnlinked(ReadOnlySpan<byte> message)
    {
        var reply = RetUnlink.Read(message);
        if (!reply.IsComplete)
            throw new InvalidDataException(reply.Reason);
        ClientUrb? urb;
        bool wasPending;
        lock (_gate)
        {
            if (!_unlinks.Remove(reply.Value.SequenceNumber, out urb))
                throw new InvalidDataException($"a reply to unlink {reply.Value.SequenceNumber}, which is not pending");
            wasPending = _pending.Remove(urb.SequenceNumber);
        }

        if (wasPending)
            urb.Completion.TrySetCanceled();
        return reply.Consumed;
    }

    private sealed class ClientUrb(CmdSubmit command)
    {
        public CmdSubmit Command { get; } = command;

        public uint SequenceNumber => Command.SequenceNumber;

        public TaskCompletionSource<UrbCompletion> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
