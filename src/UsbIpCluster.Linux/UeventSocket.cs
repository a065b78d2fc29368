using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>
/// What the kernel tells over netlink, read by one thread and told to everybody who subscribes: uevents (NETLINK_KOBJECT_UEVENT, the
/// kernel's group) and closed TCP connections (NETLINK_SOCK_DIAG, the groups of destroyed sockets). Where one of the sockets can't be
/// opened, or hears nothing, this says so; its readers poll then.
/// </summary>
public sealed class UeventSocket : IUeventSource
{
    private const uint KernelGroup = 1;

    // SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY, include/uapi/linux/sock_diag.h.
    private const uint ClosedTcpGroups = 1 | 4;

    // A hub full of devices that goes at once is several hundred messages of about 500 bytes.
    private const int BufferSize = 4 * 1024 * 1024;

    // On a host that closes connections all the time, this often.
    private static readonly TimeSpan ClosedInterval = TimeSpan.FromMilliseconds(10);

    private readonly TimeProvider _clock;
    private readonly Action<string> _log;
    private readonly Subscribers<UeventSignal> _subscribers;
    private readonly NetlinkSocket? _uevents;
    private readonly NetlinkSocket? _closed;
    private readonly int _stop;
    private readonly Thread? _reader;
    private readonly byte[] _buffer = new byte[Uevent.MaxSize];
    private volatile string? _degraded;
    private volatile bool _tellsClosed;
    private DateTimeOffset? _closedAt;
    private long _closedTold;
    private long _refused;
    private int _disposed;

    /// <summary>Opens the sockets and starts the thread.</summary>
    /// <param name="clock">What tells an event's time.</param>
    /// <param name="log">Told in one line what an operator should know; called from any thread.</param>
    public UeventSocket(TimeProvider clock, Action<string> log)
        : this(clock, log, BufferSize, SystemCalls.KobjectUevent, SystemCalls.SocketDiagnosis)
    {
    }

    internal UeventSocket(TimeProvider clock, Action<string> log, int bufferSize, int ueventProtocol, int closedProtocol)
    {
        _clock = clock;
        _log = log;
        _subscribers = new Subscribers<UeventSignal>(log);
        _uevents = NetlinkSocket.Open(ueventProtocol, KernelGroup, bufferSize, out var noUevents);
        _closed = NetlinkSocket.Open(closedProtocol, ClosedTcpGroups, bufferSize, out var noClosed);
        if (noUevents is null && !NetworkNamespace.HearsUevents())
            noUevents = "the kernel sends none to a network namespace of another user namespace than the first, as this one is";
        if (noUevents is not null)
            Degrade(noUevents);
        if (noClosed is not null)
            log($"closed connections are not told ({noClosed}); sessions are polled instead");

        _stop = SystemCalls.EventFd(0, SystemCalls.CloseOnExec);
        if (_stop < 0)
        {
            Degrade($"eventfd: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
            _uevents?.Dispose();
            _closed?.Dispose();
            return;
        }

        _reader = new Thread(Read) { IsBackground = true, Name = "uevents" };
        _reader.Start();
        if (_closed is not null)
            ProvokeClosed();
    }

    /// <inheritdoc/>
    public string? Degraded => _degraded;

    /// <inheritdoc/>
    public bool TellsClosedConnections => _tellsClosed;

    /// <summary>How many messages were refused because they did not come from the kernel, or are no uevents.</summary>
    internal long Refused => Interlocked.Read(ref _refused);

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<UeventSignal> observer) => _subscribers.Add(observer);

    /// <summary>Ends the thread, and waits for it unless this is called from an observer.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _ = SystemCalls.Write(_stop, BitConverter.GetBytes(1UL));
        if (_reader != Thread.CurrentThread)
            _reader?.Join();
    }

    /// <summary>
    /// The kernel tells of closed sockets only with the module inet_diag. Closing one shows whether it does: the message, when it comes,
    /// sets <see cref="TellsClosedConnections"/>.
    /// </summary>
    private static void ProvokeClosed()
    {
        foreach (var family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            try
            {
                new Socket(family, SocketType.Stream, ProtocolType.Tcp).Dispose();
            }
            catch (SocketException)
            {
                // A host without that family has no connections of it.
            }
        }
    }

    private void Read()
    {
        try
        {
            while (Wait() && (_uevents is null || ReadUevents()) && ReadClosed())
                TellClosed();
        }
        finally
        {
            _uevents?.Dispose();
            _closed?.Dispose();
            _ = SystemCalls.Close(_stop);
        }
    }

    /// <summary>Waits for messages, or until a closed connection may be told; false when it is time to end.</summary>
    private unsafe bool Wait()
    {
        // poll(2) passes over negative descriptors.
        var entries = stackalloc SystemCalls.PollEntry[3];
        entries[0] = new SystemCalls.PollEntry { Fd = _stop, Events = SystemCalls.PollIn };
        entries[1] = new SystemCalls.PollEntry { Fd = _uevents?.Descriptor ?? -1, Events = SystemCalls.PollIn };
        entries[2] = new SystemCalls.PollEntry { Fd = _closed?.Descriptor ?? -1, Events = SystemCalls.PollIn };
        var timeout = _closedAt is null ? -1 : (int)Math.Ceiling(UntilClosedMayBeTold().TotalMilliseconds);
        if (SystemCalls.Poll(entries, 3, timeout) < 0 && Marshal.GetLastPInvokeError() is not KernelError.Interrupted and var errno)
        {
            Degrade($"waiting for uevents: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
            _tellsClosed = false;
            return false;
        }

        return Volatile.Read(ref _disposed) == 0;
    }

    /// <summary>Tells every uevent that is there; false when the socket is of no use any more.</summary>
    private bool ReadUevents()
    {
        while (Volatile.Read(ref _disposed) == 0)
        {
            var read = _uevents!.Read(_buffer, out var length, out var errno);
            var now = _clock.GetUtcNow();
            switch (read)
            {
                case NetlinkRead.Message when Uevent.TryParse(_buffer.AsSpan(0, length), out var uevent):
                    _subscribers.Tell(new UeventSignal.Happened(uevent, now));
                    break;
                case NetlinkRead.Message or NetlinkRead.Refused:
                    Interlocked.Increment(ref _refused);
                    break;
                case NetlinkRead.Lost:
                    _log("uevents came faster than they were read and some are lost; everything is read again");
                    _subscribers.Tell(new UeventSignal.Lost(now));
                    break;
                case NetlinkRead.Empty:
                    return true;
                default:
                    Degrade($"reading uevents: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
                    _tellsClosed = false;
                    return false;
            }
        }

        return true;
    }

    /// <summary>Takes note of closed connections; false when the socket is of no use any more.</summary>
    private bool ReadClosed()
    {
        while (_closed is not null && Volatile.Read(ref _disposed) == 0)
        {
            switch (_closed.Read(_buffer, out _, out var errno))
            {
                // Not which connection: the kernel forgets one end of it when it is reset, and adopted sessions are not known here.
                case NetlinkRead.Message or NetlinkRead.Lost:
                    _tellsClosed = true;
                    _closedAt ??= _clock.GetUtcNow();
                    break;
                case NetlinkRead.Refused:
                    Interlocked.Increment(ref _refused);
                    break;
                case NetlinkRead.Empty:
                    return true;
                default:
                    Degrade($"reading closed connections: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})");
                    _tellsClosed = false;
                    return false;
            }
        }

        return true;
    }

    private void TellClosed()
    {
        if (_closedAt is not { } time || UntilClosedMayBeTold() > TimeSpan.Zero)
            return;
        _closedAt = null;
        _closedTold = Stopwatch.GetTimestamp();
        _subscribers.Tell(new UeventSignal.ConnectionClosed(time));
    }

    private TimeSpan UntilClosedMayBeTold()
    {
        var left = ClosedInterval - Stopwatch.GetElapsedTime(_closedTold);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Degrade(string reason)
    {
        _degraded = reason;
        _log($"no uevents: {reason}; devices and ports are polled instead");
        _subscribers.Tell(new UeventSignal.Lost(_clock.GetUtcNow()));
    }
}
