using System.Net.Sockets;

namespace UsbIpCluster.Control.Rpc;

/// <summary>
/// A connected socket whose reads and writes are done when they return: what awaits them never leaves its thread. A command that asks one
/// question has nothing else to do meanwhile, and the runtime's machinery for waiting (its threads, its event loop, and the code to resume,
/// most of it compiled at that moment) would take longer than the conversation itself.
/// </summary>
internal sealed class BlockingStream(Socket socket) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Connects a socket; cancelling ends that as well.</summary>
    /// <exception cref="SocketException">It can't be connected.</exception>
    public static void Connect(Socket socket, UnixDomainSocketEndPoint endPoint, CancellationToken cancellationToken)
    {
        using var cancelled = EndOn(socket, cancellationToken);
        try
        {
            socket.Connect(endPoint);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is SocketException or ObjectDisposedException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var cancelled = EndOn(socket, cancellationToken);
        try
        {
            return ValueTask.FromResult(socket.Receive(buffer.Span));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return ValueTask.FromException<int>(Explain(e, cancellationToken));
        }
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var cancelled = EndOn(socket, cancellationToken);
        try
        {
            for (var left = buffer.Span; !left.IsEmpty;)
                left = left[socket.Send(left)..];
            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return ValueTask.FromException(Explain(e, cancellationToken));
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }

    // Nothing else ends a call that waits in the kernel.
    private static CancellationTokenRegistration EndOn(Socket socket, CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static state => ((Socket)state!).Dispose(), socket);

    private static Exception Explain(Exception error, CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested
        ? new OperationCanceledException(cancellationToken)
        : new IOException(error.Message, error);
}
