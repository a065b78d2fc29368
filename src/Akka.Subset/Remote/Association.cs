using System.Security.Authentication;

namespace Akka.Remote;

/// <summary>
/// What goes to one other system: a bounded queue, and a connection while there is something in it. At most one task runs it, started by
/// who sends and ended when the connection is lost or can't be made and nothing waits.
/// </summary>
internal sealed class Association(Transport transport, Address remote)
{
    private const int EntryOverhead = 64;

    // Who sends writes to the connection, too, where nobody does already: waking another thread for it costs more than the writing.
    private readonly Channel<(byte[] Frame, long Since)> _queue = Channel.CreateUnbounded<(byte[], long)>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private long _queuedBytes;
    private int _running;
    private int _failures;
    private volatile bool _connected;
    private volatile TaskCompletionSource? _flushed;
    private volatile TaskCompletionSource? _answers;

    /// <summary>True when nothing waits and nothing is connected.</summary>
    public bool IsIdle => Volatile.Read(ref _running) == 0 && Interlocked.Read(ref _queuedBytes) == 0;

    public void Send(byte[] frame, bool expendable)
    {
        if (expendable && !_connected && Interlocked.Read(ref _queuedBytes) > 0)
            return;
        var size = frame.Length + EntryOverhead;
        if (Interlocked.Add(ref _queuedBytes, size) > transport.Settings.MaxQueueBytes)
        {
            Interlocked.Add(ref _queuedBytes, -size);
            transport.CountDropped($"more than {transport.Settings.MaxQueueBytes} bytes wait for {remote}");
            return;
        }

        _queue.Writer.TryWrite((frame, transport.Clock.GetTimestamp()));
        Start();
    }

    /// <summary>
    /// Notes that the other side can be reached, as it has just connected here: what waits for it tries now, and not after the pause of its
    /// last failure or when TCP asks again.
    /// </summary>
    public void TryNow() => _answers?.TrySetResult();

    /// <summary>Completes when what waits has been sent, or the connection is gone.</summary>
    public Task Flush()
    {
        var flushed = _flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryComplete();
        if (Volatile.Read(ref _running) == 0)
            flushed.TrySetResult();
        return flushed.Task;
    }

    private void Start()
    {
        if (!transport.Ended.IsCancellationRequested && Interlocked.CompareExchange(ref _running, 1, 0) == 0)
            _ = Run();
    }

    private async Task Run()
    {
        var answers = _answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var (connected, peer) = await Connect(answers.Task);
            await using var stream = connected;
            if (_failures > 0)
                transport.Log(LogLevel.InfoLevel, $"Connected to {remote} again");
            await Pump(stream, peer);
        }
        catch (Exception e) when (e is IOException or SocketException or WireException or OperationCanceledException or ObjectDisposedException)
        {
            if (_failures++ == 0 && !transport.Ended.IsCancellationRequested)
            {
                var level = e.InnerException is AuthenticationException ? LogLevel.WarningLevel : LogLevel.InfoLevel;
                transport.Log(level, $"No connection to {remote}: {e.Message}");
            }

            await Pause(answers.Task);
        }
        finally
        {
            DropOld();
            Interlocked.Exchange(ref _running, 0);
            _flushed?.TrySetResult();
            if (Interlocked.Read(ref _queuedBytes) > 0)
                Start();
        }
    }

    private async Task<(Stream Stream, UniqueAddress Peer)> Connect(Task answers)
    {
        var settings = transport.Settings;
        using var deadline = new CancellationTokenSource(settings.FrameDeadline, transport.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, transport.Ended);
        // Given up on its way, it may have reached the other side. A reset says that nothing comes, where an end would look like a failed hello.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        Stream? stream = null;
        try
        {
            var connecting = socket.ConnectAsync(remote.Host!.Trim('[', ']'), remote.Port!.Value, either.Token).AsTask();
            await (await Task.WhenAny(connecting, answers) == connecting ? connecting : throw new WireException("it answers only now"));
            socket.LingerState = new LingerOption(false, 0);
            stream = await transport.Open(socket, remote, either.Token);
            await stream.WriteAsync(new Hello(transport.Self, remote).ToFrame(), either.Token);
            var answer = await Frames.Read(stream, Hello.MaxLength, settings.FrameDeadline, transport.Clock, either.Token)
                ?? throw new WireException("it was refused");
            if (Hello.FromFrame(answer) is var hello && hello.From.Address != remote)
                throw new WireException($"it is {hello.From.Address} that answers there");
            return (stream, hello.From);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            socket.Dispose();
            if (e is OperationCanceledException && deadline.IsCancellationRequested)
                throw new WireException($"no answer within {settings.FrameDeadline.TotalSeconds:0.#} s", e);
            throw;
        }
    }

    /// <summary>Writes what waits, several frames in one go, until the other side ends the connection.</summary>
    private async Task Pump(Stream stream, UniqueAddress peer)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(transport.Ended);
        var end = ListenUntilEnd(stream, peer, lost);
        _connected = true;
        try
        {
            await using var buffered = new BufferedStream(stream, 16 * 1024);
            while (await _queue.Reader.WaitToReadAsync(lost.Token))
            {
                while (TryTake(out var frame))
                    await buffered.WriteAsync(frame, lost.Token);
                await buffered.FlushAsync(lost.Token);
            }
        }
        catch (OperationCanceledException) when (!transport.Ended.IsCancellationRequested)
        {
            throw new WireException("the other side ended it");
        }
        finally
        {
            _connected = false;
            await lost.CancelAsync();
            // That it can be connected to says nothing of one that breaks the protocol then.
            _failures = await end ? 0 : _failures;
        }
    }

    /// <summary>Only heartbeats come against the direction of a connection; anything else ends it, and is false.</summary>
    private async Task<bool> ListenUntilEnd(Stream stream, UniqueAddress peer, CancellationTokenSource lost)
    {
        var kept = true;
        try
        {
            while (await Frames.Read(stream, Hello.MaxLength, transport.Settings.FrameDeadline, transport.Clock, lost.Token) is { } frame)
            {
                if (!ClusterMessage.IsHeartbeat(frame))
                    throw new WireException($"{remote} sent something else than heartbeats back");
                transport.ClusterFrames?.Invoke(peer, frame);
            }
        }
        catch (WireException e)
        {
            kept = false;
            transport.Refuse(e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The end.
        }

        await lost.CancelAsync();
        return kept;
    }

    private bool TryTake(out byte[] frame)
    {
        DropOld();
        var taken = _queue.Reader.TryRead(out var entry);
        if (taken)
            Interlocked.Add(ref _queuedBytes, -entry.Frame.Length - EntryOverhead);
        frame = entry.Frame;
        return taken;
    }

    private void DropOld()
    {
        while (_queue.Reader.TryPeek(out var entry) && transport.Clock.GetElapsedTime(entry.Since) > transport.Settings.MaxQueueAge
            && _queue.Reader.TryRead(out entry))
        {
            Interlocked.Add(ref _queuedBytes, -entry.Frame.Length - EntryOverhead);
            transport.CountDropped($"they waited for {remote} longer than {transport.Settings.MaxQueueAge.TotalSeconds} s");
        }
    }

    private async Task Pause(Task answers)
    {
        var (first, longest) = transport.Settings.Backoff;
        var pause = first * Math.Pow(2, Math.Min(_failures, 16) - 1);
        await answers.WaitAsync(pause < longest ? pause : longest, transport.Clock, transport.Ended)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
