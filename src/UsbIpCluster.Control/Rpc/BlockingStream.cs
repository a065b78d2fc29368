using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace UsbIpCluster.Control.Rpc;

/// <summary>
/// A Unix socket whose reads and writes are done when they return: what awaits them never leaves its thread. A command that asks one question
/// has nothing else to do meanwhile, and of the start of such a process the runtime's own sockets, with their event loop, timers and threads,
/// would be a sixth.
/// </summary>
internal sealed partial class BlockingStream : UnseekableStream
{
    // How long the kernel waits at most until this looks whether the time is over or the wait was given up.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);

    private readonly SafeFileHandle _socket;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly TimeSpan _patience;

    private BlockingStream(SafeFileHandle socket, TimeSpan patience) => (_socket, _patience) = (socket, patience);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <summary>Connects to a socket; who is too busy to accept is waited for.</summary>
    /// <param name="path">The socket's path: 1 to 107 bytes of UTF-8.</param>
    /// <param name="patience">How long all that is done with the stream may take together, this included.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The path is empty or too long.</exception>
    /// <exception cref="SocketException">It can't be connected.</exception>
    /// <exception cref="TimeoutException">The patience is over.</exception>
    public static BlockingStream Connect(string path, TimeSpan patience, CancellationToken cancellationToken)
    {
        // struct sockaddr_un of unix(7): the family in the machine's byte order, then the path with a zero at its end.
        Span<byte> address = stackalloc byte[2 + 108];
        if (path.Length == 0 || !Encoding.UTF8.TryGetBytes(path, address[2..^1], out var length))
            throw new ArgumentException("a Unix socket's path has 1 to 107 bytes", nameof(path));
        MemoryMarshal.Write(address, (short)UnixFamily);
        var stream = new BlockingStream(Open(), patience);
        try
        {
            while (Connect(stream._socket, ref MemoryMarshal.GetReference(address), 2 + length + 1) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error is not (Errno.Interrupted or Errno.TryAgain))
                    throw Refused(error);
                stream.EndIfOver(cancellationToken);
            }

            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="TimeoutException">The patience is over.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            EndIfOver(cancellationToken);
            var read = Receive(_socket, ref MemoryMarshal.GetReference(buffer.Span), (nuint)buffer.Length, 0);
            if (read >= 0)
                return new ValueTask<int>((int)read);
            ThrowUnlessAgain();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="TimeoutException">The patience is over.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (var left = buffer.Span; !left.IsEmpty;)
        {
            EndIfOver(cancellationToken);
            var written = Send(_socket, ref MemoryMarshal.GetReference(left), (nuint)left.Length, NoSignal);
            if (written >= 0)
                left = left[(int)written..];
            else
                ThrowUnlessAgain();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _socket.Dispose();
        base.Dispose(disposing);
    }

    private static SafeFileHandle Open()
    {
        var descriptor = Create(UnixFamily, StreamSocket | CloseOnExec, 0);
        if (descriptor < 0)
            throw NoSocket();
        var socket = new SafeFileHandle(descriptor, ownsHandle: true);
        // struct timeval of a 64-bit machine: seconds, microseconds.
        Span<long> turn = [0, (long)Turn.TotalMicroseconds];
        foreach (var option in (ReadOnlySpan<int>)[ReceiveTimeout, SendTimeout])
            _ = SetOption(socket, SocketLevel, option, ref MemoryMarshal.GetReference(turn), 2 * sizeof(long));
        return socket;
    }

    private void EndIfOver(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_patience != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(_start) > _patience)
            throw new TimeoutException();
    }

    // What a method mentions is loaded when it begins: an exception's type, and its assembly, only where it is thrown.
    private static SocketException Refused(int error) =>
        new((int)(error is Errno.AccessDenied or Errno.NotPermitted ? SocketError.AccessDenied : SocketError.ConnectionRefused));

    private static SocketException NoSocket() => new((int)SocketError.TooManyOpenSockets);

    private static void ThrowUnlessAgain()
    {
        var error = Marshal.GetLastPInvokeError();
        if (error is not (Errno.Interrupted or Errno.TryAgain))
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    // include/uapi/asm-generic/errno-base.h
    private static class Errno
    {
        public const int NotPermitted = 1;
        public const int Interrupted = 4;
        public const int TryAgain = 11;
        public const int AccessDenied = 13;
    }

    // bits/socket.h, bits/socket_type.h, asm-generic/socket.h
    private const int UnixFamily = 1;
    private const int StreamSocket = 1;
    private const int CloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;
    private const int SocketLevel = 1;
    private const int ReceiveTimeout = 20;
    private const int SendTimeout = 21;

    [LibraryImport("libc.so.6", EntryPoint = "socket", SetLastError = true)]
    private static partial int Create(int family, int type, int protocol);

    [LibraryImport("libc.so.6", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeFileHandle socket, int level, int option, ref long value, int length);

    [LibraryImport("libc.so.6", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(SafeFileHandle socket, ref byte address, int length);

    [LibraryImport("libc.so.6", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeFileHandle socket, ref byte buffer, nuint length, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle socket, ref byte buffer, nuint length, int flags);
}
