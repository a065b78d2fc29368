using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>
/// Waits for any of many sockets, on one thread, with poll(2). It leaves no trace on them: what it has watched can be given to the kernel.
/// The sockets are those of the thread that waits, and nobody else closes them.
/// </summary>
public sealed unsafe class SocketPoll : IDisposable
{
    private readonly int _bell;
    private SystemCalls.PollEntry[] _entries = new SystemCalls.PollEntry[16];

    /// <exception cref="Win32Exception">There is no descriptor left.</exception>
    public SocketPoll()
    {
        _bell = SystemCalls.EventFd(0, SystemCalls.CloseOnExec);
        if (_bell < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Ends this wait of the other thread, or its next one, and every one after it.</summary>
    public void Ring() => _ = SystemCalls.Write(_bell, BitConverter.GetBytes(1L));

    /// <summary>Waits until one of the sockets has something to read, was closed by its peer, or has a connection to accept.</summary>
    /// <param name="sockets">The sockets; none is fine.</param>
    /// <param name="timeout">How long at most; null for ever.</param>
    public void Wait(IReadOnlyList<Socket> sockets, TimeSpan? timeout)
    {
        var count = sockets.Count + 1;
        if (_entries.Length < count)
            _entries = new SystemCalls.PollEntry[2 * count];
        _entries[0] = new SystemCalls.PollEntry { Fd = _bell, Events = SystemCalls.PollIn };
        for (var i = 1; i < count; i++)
            _entries[i] = new SystemCalls.PollEntry { Fd = (int)sockets[i - 1].SafeHandle.DangerousGetHandle(), Events = SystemCalls.PollIn };

        var milliseconds = timeout is { } time ? (int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, int.MaxValue) : -1;
        fixed (SystemCalls.PollEntry* entries = _entries)
        {
            if (SystemCalls.Poll(entries, (nuint)count, milliseconds) >= 0)
                return;
        }

        // Interrupted, or out of memory: nothing is known to be ready, and the caller comes again.
        Array.Clear(_entries);
    }

    /// <summary>What the last wait has seen of the socket that was at that place.</summary>
    public bool IsReady(int index) => _entries[index + 1].Returned != 0;

    /// <inheritdoc/>
    public void Dispose() => _ = SystemCalls.Close(_bell);
}
