using System.Runtime.InteropServices;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>
/// Standard output or error, written with write(2). The runtime's own stream for it takes a closed pipe for success, so that
/// <c>usbipc events --follow | head -1</c> would never end.
/// </summary>
/// <param name="descriptor">1 or 2.</param>
/// <param name="forgiving">Whether what can't be written is dropped: for standard error, where that could not be reported either.</param>
internal sealed partial class StandardStream(int descriptor, bool forgiving) : UnseekableStream
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const nuint GetWindowSize = 0x5413;
    private const short Writable = 0x4;

    /// <summary>Whether a descriptor is a terminal's. The runtime's console knows, too, but is long in coming.</summary>
    public static bool IsTerminal(int descriptor) => IsATty(descriptor) == 1;

    /// <summary>
    /// A terminal's size, in columns and lines; zeros when it does not know it. The runtime's console, when asked, would switch the terminal's
    /// keypad over, and switch it back never.
    /// </summary>
    public static (int Width, int Height) SizeOf(int descriptor)
    {
        var size = default(WindowSize);
        return Control(descriptor, GetWindowSize, ref size) == 0 ? (size.Columns, size.Rows) : default;
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    /// <exception cref="ReaderGoneException">Whoever read this output has closed it.</exception>
    /// <exception cref="IOException">The system said no.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Write(descriptor, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == TryAgain)
                WaitUntilWritable();
            if (error is TryAgain or Interrupted)
                continue;
            if (forgiving)
                return;
            throw error == BrokenPipe
                ? new ReaderGoneException()
                : new IOException($"can't write the output: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Another program that shares this terminal or pipe may have made it non-blocking.</summary>
    private void WaitUntilWritable()
    {
        var poll = new PollFd { Descriptor = descriptor, Events = Writable };
        _ = Poll(ref poll, 1, -1);
    }

    [LibraryImport("libc.so.6", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ref byte buffer, nuint count);

    [LibraryImport("libc.so.6", EntryPoint = "isatty")]
    private static partial int IsATty(int descriptor);

    [LibraryImport("libc.so.6", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ref WindowSize size);

    [LibraryImport("libc.so.6", EntryPoint = "poll")]
    private static partial int Poll(ref PollFd descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}

/// <summary>Whoever read the output has closed it, as <c>head</c> does when it has seen enough.</summary>
internal sealed class ReaderGoneException() : IOException("the output is closed");
