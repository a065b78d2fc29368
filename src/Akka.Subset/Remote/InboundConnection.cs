namespace Akka.Remote;

/// <summary>One accepted connection: a hello each way, then frames of the other side until one is wrong or it ends.</summary>
internal sealed class InboundConnection(Transport transport, Socket socket) : IDisposable
{
    private static readonly TimeSpan s_patienceWithPredecessor = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(transport.Ended);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<byte[]> _back = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(4) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private Stream? _stream;

    /// <exception cref="WireException">What came is not what the protocol has there.</exception>
    public async Task Run()
    {
        var settings = transport.Settings;
        using var deadline = new CancellationTokenSource(settings.FrameDeadline, transport.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _ended.Token);
        UniqueAddress from;
        try
        {
            _stream = await transport.Open(socket, remote: null, either.Token);
            from = await Greet(_stream, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new WireException($"no handshake within {settings.FrameDeadline.TotalSeconds:0.#} s");
        }
        if (transport.Replace(from, this) is { } predecessor)
            await predecessor.End(transport.Clock);
        _ = SayBack(_stream);
        try
        {
            while (await Frames.Read(_stream, settings.MaxFrameBytes, settings.FrameDeadline, transport.Clock, _ended.Token) is { } frame)
                Take(from, frame);
        }
        finally
        {
            transport.Forget(from, this);
        }
    }

    /// <summary>Sends a frame against the connection's direction; the oldest that still waits gives way to it.</summary>
    public void SendBack(byte[] frame) => _back.Writer.TryWrite(frame);

    private async Task SayBack(Stream stream)
    {
        try
        {
            await foreach (var frame in _back.Reader.ReadAllAsync(_ended.Token))
                await stream.WriteAsync(frame, _ended.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Who reads hears of the end, too.
        }
    }

    /// <summary>A hello each way; who the other side says it is.</summary>
    private async Task<UniqueAddress> Greet(Stream stream, CancellationToken deadline)
    {
        var first = await Frames.Read(stream, Hello.MaxLength, transport.Settings.FrameDeadline, transport.Clock, deadline)
            ?? throw new WireException("it ended without a hello");
        var hello = Hello.FromFrame(first);
        if (hello.To != transport.Self.Address)
            throw new WireException($"it is for {hello.To}");
        if (hello.From.Address.System != transport.System.Name)
            throw new WireException($"it is from {hello.From.Address}, a system of another name");
        await stream.WriteAsync(new Hello(transport.Self, hello.From.Address).ToFrame(), deadline);
        return hello.From;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _back.Writer.TryComplete();
        _done.TrySetResult();
        _ended.Dispose();
    }

    /// <summary>Awaits that what came is taken, so that a new connection of the same system does not overtake it; then cuts it.</summary>
    private async Task End(TimeProvider clock)
    {
        if (await Task.WhenAny(_done.Task, Task.Delay(s_patienceWithPredecessor, clock)) == _done.Task)
            return;
        try
        {
            await _ended.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }

        await _done.Task;
    }

    private void Take(UniqueAddress from, byte[] frame)
    {
        switch (frame[0])
        {
            case FrameKind.Message: MessageFrame.Deliver(transport, frame); break;
            case FrameKind.Cluster when transport.ClusterFrames is { } cluster: cluster(from, frame); break;
            default:
                throw new WireException($"a frame of an unknown kind, {frame[0]}");
        }
    }
}
