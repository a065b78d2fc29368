using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>System calls that only tests make.</summary>
internal static partial class TestCalls
{
    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Dup(int fd);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    public static partial nint SendTo(int fd, ReadOnlySpan<byte> message, nint length, int flags, ReadOnlySpan<byte> address, int size);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    public static bool IsRoot => EffectiveUser() == 0;

    /// <summary>Holds on to a socket by its descriptor as the kernel does: closing the descriptor leaves the connection open.</summary>
    public static Socket? Hold(int fd)
    {
        var copy = Dup(fd);
        if (copy < 0)
            return null;
        var socket = new Socket(new SafeSocketHandle(copy, ownsHandle: true));
        if (socket.SocketType == SocketType.Stream)
            return socket;
        socket.Dispose();
        return null;
    }
}

/// <summary>A test of this machine's kernel that only root can make.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!TestCalls.IsRoot)
            Skip = "only root can do this";
    }
}
