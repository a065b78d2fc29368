using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>What a reading of a netlink socket gave.</summary>
internal enum NetlinkRead
{
    /// <summary>A message of the kernel.</summary>
    Message,

    /// <summary>A message that some process sent, or one that was cut off: not to be believed.</summary>
    Refused,

    /// <summary>Messages came faster than they were read (ENOBUFS), and some are lost.</summary>
    Lost,

    /// <summary>Nothing more for now.</summary>
    Empty,

    /// <summary>The socket is of no use any more.</summary>
    Failed,
}

/// <summary>
/// A netlink socket that has joined multicast groups of the kernel. Any process of this host may send to such a group too, so the
/// sender is looked at: only the kernel has port 0, and its messages carry the credentials of root.
/// </summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private readonly uint _groups;
    private int _fd;

    private NetlinkSocket(int fd, uint groups)
    {
        _fd = fd;
        _groups = groups;
    }

    public int Descriptor => _fd;

    /// <summary>Opens a socket; null and a reason where the system does not allow that.</summary>
    /// <param name="protocol">NETLINK_*, include/uapi/linux/netlink.h.</param>
    /// <param name="groups">The groups as bits.</param>
    /// <param name="bufferSize">Room for unread messages, in bytes.</param>
    /// <param name="failure">What was tried and what the system said.</param>
    public static NetlinkSocket? Open(int protocol, uint groups, int bufferSize, out string? failure)
    {
        failure = null;
        var fd = SystemCalls.Socket(SystemCalls.NetlinkFamily, SystemCalls.RawSocket | SystemCalls.CloseOnExec, protocol);
        if (fd < 0)
        {
            failure = LastError($"opening a netlink socket of protocol {protocol}");
            return null;
        }

        // Without the privilege to go beyond rmem_max the system's bound stays: then ENOBUFS comes earlier, and is dealt with.
        if (SystemCalls.SetSocketOption(fd, SystemCalls.SocketLevel, SystemCalls.ReceiveBufferForce, bufferSize, sizeof(int)) < 0)
            _ = SystemCalls.SetSocketOption(fd, SystemCalls.SocketLevel, SystemCalls.ReceiveBuffer, bufferSize, sizeof(int));
        var address = new SystemCalls.NetlinkAddress { Family = SystemCalls.NetlinkFamily, Groups = groups };
        if (SystemCalls.SetSocketOption(fd, SystemCalls.SocketLevel, SystemCalls.PassCredentials, 1, sizeof(int)) >= 0
            && SystemCalls.Bind(fd, address, Unsafe.SizeOf<SystemCalls.NetlinkAddress>()) >= 0)
            return new NetlinkSocket(fd, groups);

        failure = LastError($"joining the groups 0x{groups:x} of netlink protocol {protocol}");
        _ = SystemCalls.Close(fd);
        return null;
    }

    /// <summary>Reads one message if one is there.</summary>
    /// <param name="buffer">Room for the longest message.</param>
    /// <param name="length">The message's size, in bytes.</param>
    /// <param name="errno">Why it failed.</param>
    public NetlinkRead Read(byte[] buffer, out int length, out int errno)
    {
        var sender = default(SystemCalls.NetlinkAddress);
        var credentials = default(SystemCalls.CredentialsMessage);
        var header = default(SystemCalls.MessageHeader);
        nint received;
        fixed (byte* start = buffer)
        {
            var vector = new SystemCalls.IoVector { Base = start, Length = (nuint)buffer.Length };
            header.Name = &sender;
            header.NameLength = (uint)sizeof(SystemCalls.NetlinkAddress);
            header.Vectors = &vector;
            header.VectorCount = 1;
            header.Control = &credentials;
            header.ControlLength = (nuint)sizeof(SystemCalls.CredentialsMessage);
            received = SystemCalls.ReceiveMessage(_fd, &header, SystemCalls.DontWait);
        }

        errno = received < 0 ? Marshal.GetLastPInvokeError() : 0;
        length = (int)Math.Max(received, 0);
        return errno switch
        {
            KernelError.Again or KernelError.Interrupted => NetlinkRead.Empty,
            KernelError.NoBufferSpace => NetlinkRead.Lost,
            not 0 => NetlinkRead.Failed,
            _ => IsFromKernel(sender, credentials) && (header.Flags & SystemCalls.Truncated) == 0 ? NetlinkRead.Message : NetlinkRead.Refused,
        };
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
            _ = SystemCalls.Close(fd);
    }

    private bool IsFromKernel(in SystemCalls.NetlinkAddress sender, in SystemCalls.CredentialsMessage credentials) =>
        sender is { Family: SystemCalls.NetlinkFamily, PortId: 0 }
        && (sender.Groups & _groups) != 0
        && credentials is { Level: SystemCalls.SocketLevel, Type: SystemCalls.ControlCredentials, UserId: 0 }
        && credentials.Length >= (nuint)SystemCalls.CredentialsLength;

    private static string LastError(string tried)
    {
        var errno = Marshal.GetLastPInvokeError();
        return $"{tried}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
    }
}
