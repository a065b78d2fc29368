using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Control;

/// <summary>What Unix sockets need and the runtime does not offer.</summary>
internal static partial class Posix
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const short PollError = 0x8;
    private const short PollHangUp = 0x10;
    private const int TypeMask = 0xF000;
    private const int TypeSocket = 0xC000;

    /// <summary>Who connected: <c>struct ucred</c>, unix(7). The user's name is not in it.</summary>
    public static ControlCaller PeerOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return new ControlCaller(
            MemoryMarshal.Read<int>(credentials), MemoryMarshal.Read<uint>(credentials[4..]), MemoryMarshal.Read<uint>(credentials[8..]), null);
    }

    /// <summary>
    /// A user's name, from wherever this host keeps its users (getpwuid_r(3): several threads may ask); null when there is none. It may
    /// take as long as a directory server takes.
    /// </summary>
    public static string? UserNameOf(uint id)
    {
        // struct passwd of pwd.h starts with the pointer to the name, and is smaller than this everywhere. The name itself is in the strings,
        // which are on the stack and so do not move; an entry that is longer than they are is none.
        Span<nint> entry = stackalloc nint[16];
        Span<byte> strings = stackalloc byte[16 * 1024];
        return GetUser(id, ref MemoryMarshal.GetReference(entry), ref MemoryMarshal.GetReference(strings), (nuint)strings.Length, out var found) == 0
            && found != 0
            ? Marshal.PtrToStringUTF8(entry[0])
            : null;
    }

    /// <summary>
    /// Whether the peer has closed its end altogether. A read cannot tell: it ends as well when the peer has only shut down its sending
    /// side, as <c>echo ... | socat</c> does while it waits for the answer.
    /// </summary>
    public static bool HasHungUp(Socket socket)
    {
        var poll = new PollFd { Fd = (int)socket.Handle };
        return Poll(ref poll, 1, 0) > 0 && (poll.Returned & (PollHangUp | PollError)) != 0;
    }

    /// <summary>Whether a path is a socket. Opening it to find out would block on a pipe.</summary>
    public static bool IsSocket(string path)
    {
        // struct statx of linux/stat.h has one layout everywhere: stx_mode is 16 bits at offset 28.
        const int currentFolder = -100;
        const uint wantType = 1;
        Span<byte> status = stackalloc byte[256];
        return FileStatus(currentFolder, path, 0, wantType, ref MemoryMarshal.GetReference(status)) == 0
            && (MemoryMarshal.Read<ushort>(status[28..]) & TypeMask) == TypeSocket;
    }

    /// <summary>Gives a file to a group, where there is such a group.</summary>
    /// <param name="path">The file.</param>
    /// <param name="group">The group's name.</param>
    /// <param name="problem">What the kernel says against it.</param>
    /// <returns>False when there is such a group, and the file can't be given to it.</returns>
    public static bool TryGiveToGroup(string path, string group, [NotNullWhen(false)] out string? problem)
    {
        const uint keepOwner = uint.MaxValue;
        problem = TryFindGroup(group, out var id) && ChangeOwner(path, keepOwner, id) != 0 ? Marshal.GetLastPInvokeErrorMessage() : null;
        return problem is null;
    }

    private static bool TryFindGroup(string name, out uint id)
    {
        // struct group of grp.h: two pointers, then the id. The static memory behind it is read at once.
        var group = GetGroup(name);
        id = group == 0 ? 0 : (uint)Marshal.ReadInt32(group, 2 * nint.Size);
        return group != 0;
    }

    [LibraryImport("libc.so.6", EntryPoint = "poll")]
    private static partial int Poll(ref PollFd descriptors, nuint count, int milliseconds);

    [LibraryImport("libc.so.6", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileStatus(int folder, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc.so.6", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc.so.6", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetGroup(string name);

    [LibraryImport("libc.so.6", EntryPoint = "getpwuid_r")]
    private static partial int GetUser(uint id, ref nint entry, ref byte strings, nuint length, out nint found);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }
}
