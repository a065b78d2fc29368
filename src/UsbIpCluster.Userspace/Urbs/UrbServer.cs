using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// One session: the URBs of one importer, answered by one device.
/// <para>
/// A thread of its own blocks in receive, looks at all the URBs that came, and sends all their replies in one piece: a request and its
/// reply cost two system calls and no hand-over between threads, many at once share them. A transfer that the device puts off is kept,
/// and answered from the thread pool when the device says that it is ready. Whoever has replies to send while somebody else is sending
/// leaves them to that one.
/// </para>
/// The device's gate guards everything that threads share; nobody sends or receives while holding it.
/// </summary>
internal sealed partial class UrbServer : IThreadPoolWorkItem
{
    private const int ReceiveSize = 256 * 1024;
    private const int MoreAtHand = 0;
    private const int Over = -1;

    private readonly Socket _socket;
    private readonly SimulatedDevice _device;
    private readonly DeviceId _deviceId;
    private readonly UrbServerOptions _options;
    private readonly Action<UrbServer> _ended;
    private readonly PendingUrbs _pending;
    private readonly ReplyBuffer _replies;
    private readonly TaskCompletionSource<SessionEnd> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionEnd? _end;
    private bool _sending;
    private string? _refusal;

    /// <summary>Prepares a session; the connection is the caller's until <see cref="Start"/>.</summary>
    /// <param name="socket">A blocking, connected TCP socket.</param>
    /// <param name="device">The device, which no other session has.</param>
    /// <param name="deviceId">What every URB must name.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="ended">Called once after <see cref="Start"/>, when the session has let go of the device and the connection.</param>
    public UrbServer(Socket socket, SimulatedDevice device, DeviceId deviceId, UrbServerOptions options, Action<UrbServer> ended)
    {
        _socket = socket;
        _device = device;
        _deviceId = deviceId;
        _options = options;
        _ended = ended;
        _pending = new PendingUrbs(options.MaxPendingUrbs, options.MaxHeldBytes);
        _replies = new ReplyBuffer(options.MaxUnsentBytes);
    }

    /// <summary>Why the session ended; completes when its thread and its connection are gone.</summary>
    public Task<SessionEnd> Completion => _completion.Task;

    private object Gate => _device.Gate;

    /// <summary>The importer's address; null before <see cref="Open"/>.</summary>
    public EndPoint? Peer { get; private set; }

    /// <summary>Why the session ended; null while it lives.</summary>
    public SessionEnd? End => Volatile.Read(ref _end);

    /// <summary>Takes the device and tells the importer so. When this throws, nothing has been sent, and the session is over.</summary>
    /// <param name="reply">OP_REP_IMPORT.</param>
    /// <exception cref="SocketException">The connection is lost already.</exception>
    /// <exception cref="ObjectDisposedException">The session was stopped already.</exception>
    public void Open(ReadOnlySpan<byte> reply)
    {
        try
        {
            Peer = _socket.RemoteEndPoint;
            _socket.NoDelay = true;
            _socket.ReceiveTimeout = 0;
            _socket.SendTimeout = (int)_options.StallLimit.TotalMilliseconds;
            lock (Gate)
            {
                ObjectDisposedException.ThrowIf(_end is not null, this);
                _device.Open(this);
            }

            _socket.Send(reply);
        }
        catch (Exception exception)
        {
            lock (Gate)
            {
                _end ??= new SessionEnd(SessionEndReason.ConnectionLost, exception.Message);
                _device.Close(this);
            }

            _completion.SetResult(_end);
            throw;
        }
    }

    /// <summary>Begins to answer; from here on the connection belongs to the session.</summary>
    public void Start() => new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "usbip session" }.Start();

    /// <summary>Ends the session, unless it has ended: from here on the device is free. The first reason counts.</summary>
    public void Stop(SessionEndReason reason, string text)
    {
        lock (Gate)
        {
            if (_end is not null)
                return;
            _end = new SessionEnd(reason, text);
            _device.Close(this);
            _pending.Clear();
            _ready = 0;
            Monitor.PulseAll(Gate);
        }

        try
        {
            // Linger 0 makes the close a reset; without it the peer reads an orderly end. Both wake a blocked receive or send.
            if (reason == SessionEndReason.Cut)
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

    private void Run()
    {
        try
        {
            using var input = new ReceiveBuffer(ReceiveSize);
            var missing = UrbHeader.Size;
            while (missing > 0 && Receive(input, missing))
                missing = AnswerAll(input);
        }
        catch (Exception exception)
        {
            StopAfter(exception);
        }

        lock (Gate)
        {
            while (_sending)
                Monitor.Wait(Gate);
            _replies.Release();
        }

        _ended(this);
        _completion.SetResult(_end!);
    }

    private bool Receive(ReceiveBuffer input, int missing)
    {
        var received = _socket.Receive(input.Room(missing).Span);
        if (received == 0)
        {
            Stop(SessionEndReason.PeerClosed, "the importer closed the connection");
            return false;
        }

        input.Commit(received);
        return true;
    }

    /// <summary>Answers every whole URB at hand, and says how many bytes at least are missing of the next; or <see cref="Over"/>.</summary>
    private int AnswerAll(ReceiveBuffer input)
    {
        int missing;
        do
        {
            missing = Answer(input);
            Flush();
        }
        while (missing == MoreAtHand);

        if (_refusal is { } reason)
            Stop(SessionEndReason.BadInput, $"the importer sent what no importer sends: {reason}");
        return missing;
    }

    /// <summary>As <see cref="AnswerAll"/>, but returns <see cref="MoreAtHand"/> when replies have to be sent first.</summary>
    private int Answer(ReceiveBuffer input)
    {
        lock (Gate)
        {
            // While a thread of the pool sends, the importer may be slow to read; a send is bounded, and so is this.
            while (_sending && !_replies.HasRoom && _end is null)
                Monitor.Wait(Gate);
            if (_end is not null)
                return Over;

            _answering = true;
            try
            {
                var missing = MoreAtHand;
                while (missing == MoreAtHand && _replies.HasRoom)
                {
                    missing = AnswerNext(input);
                    AnswerReady();
                }

                return missing;
            }
            finally
            {
                _answering = false;
            }
        }
    }

    /// <summary>Sends what there is to send, unless another thread is at it: that one then sends this too.</summary>
    private void Flush()
    {
        while (TryTakeReplies(out var replies))
        {
            try
            {
                _socket.Send(replies.Span);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut)
            {
                Stop(SessionEndReason.PeerStalled, $"the importer has read nothing for {_options.StallLimit.TotalSeconds} s");
            }
            finally
            {
                lock (Gate)
                {
                    _sending = false;
                    Monitor.PulseAll(Gate);
                }
            }
        }
    }

    private bool TryTakeReplies(out ReadOnlyMemory<byte> replies)
    {
        replies = default;
        lock (Gate)
        {
            if (_sending || _end is not null)
                return false;
            // What was ready before may have had to wait for room.
            AnswerReadyAlone();
            if (_replies.IsEmpty)
                return false;
            _sending = true;
            replies = _replies.Take();
            return true;
        }
    }

    private void StopAfter(Exception exception)
    {
        if (exception is SocketException or ObjectDisposedException)
            Stop(SessionEndReason.ConnectionLost, $"the connection was lost: {exception.Message}");
        else
            Stop(SessionEndReason.DeviceFailed, $"the device failed: {exception}");
    }
}
