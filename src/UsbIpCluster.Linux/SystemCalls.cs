using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>
/// The system calls that the framework has no exact equal of. A result of -1 means that <see cref="Marshal.GetLastPInvokeError"/> is the errno.
/// Numbers are those of the generic ABI, which x86-64 and arm64 share.
/// </summary>
internal static partial class SystemCalls
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int CloseOnExec = 0x80000;

    public const int NetlinkFamily = 16;
    public const int RawSocket = 3;
    public const int SocketDiagnosis = 4;
    public const int KobjectUevent = 15;

    public const int SocketLevel = 1;
    public const int ReceiveBuffer = 8;
    public const int PassCredentials = 16;
    public const int ReceiveBufferForce = 33;

    public const int ControlCredentials = 2;
    public const int DontWait = 0x40;
    public const int Truncated = 0x20;

    public const short PollIn = 1;

    public const int CurrentFolder = -100;

    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const nint PidFdOpen = 434;

    public const short SpawnInGroup = 0x02;
    public const short SpawnWithDefaultSignals = 0x04;
    public const short SpawnWithSignalMask = 0x08;

    // NS_GET_USERNS, include/uapi/linux/nsfs.h.
    public const nuint GetUserNamespace = 0xb701;

    [LibraryImport("libc.so.6", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int fd, byte* buffer, nint count);

    [LibraryImport("libc.so.6", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int fd, byte* buffer, nint count);

    [LibraryImport("libc.so.6", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport("libc.so.6", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc.so.6", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int fd, in NetlinkAddress address, int length);

    [LibraryImport("libc.so.6", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(int fd, int level, int option, in int value, int length);

    [LibraryImport("libc.so.6", EntryPoint = "recvmsg", SetLastError = true)]
    public static unsafe partial nint ReceiveMessage(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint value, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request);

    [LibraryImport("libc.so.6", EntryPoint = "poll", SetLastError = true)]
    public static unsafe partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc.so.6", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileStatus(int folder, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc.so.6", EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileAccess(int folder, string path, int mode, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc.so.6", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(ref int ends, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc.so.6", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitForProcess(int process, out int status, int options);

    [LibraryImport("libc.so.6", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint OpenProcess(nint call, nint process, nint flags);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int Spawn(
        out int process, string path, void* actions, void* attributes, nint* arguments, nint* environment);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_init")]
    public static unsafe partial int SpawnAttributesInit(void* attributes);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_destroy")]
    public static unsafe partial int SpawnAttributesDestroy(void* attributes);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setflags")]
    public static unsafe partial int SpawnSetFlags(void* attributes, short flags);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setpgroup")]
    public static unsafe partial int SpawnSetGroup(void* attributes, int group);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static unsafe partial int SpawnSetDefaultSignals(void* attributes, void* signals);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setsigmask")]
    public static unsafe partial int SpawnSetSignalMask(void* attributes, void* signals);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawn_file_actions_init")]
    public static unsafe partial int SpawnActionsInit(void* actions);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static unsafe partial int SpawnActionsDestroy(void* actions);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int SpawnAddOpen(void* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static unsafe partial int SpawnAddDuplicate(void* actions, int descriptor, int to);

    // glibc 2.34.
    [LibraryImport("libc.so.6", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static unsafe partial int SpawnAddCloseFrom(void* actions, int first);

    [LibraryImport("libc.so.6", EntryPoint = "sigfillset")]
    public static unsafe partial int FillSignals(void* signals);

    [LibraryImport("libc.so.6", EntryPoint = "sigemptyset")]
    public static unsafe partial int EmptySignals(void* signals);

    /// <summary>read(2).</summary>
    public static unsafe nint Read(int fd, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
            return Read(fd, start, buffer.Length);
    }

    /// <summary>One write(2).</summary>
    public static unsafe nint Write(int fd, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
            return Write(fd, start, value.Length);
    }

    /// <summary><c>struct sockaddr_nl</c> (include/uapi/linux/netlink.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct NetlinkAddress
    {
        public ushort Family;
        public ushort Padding;
        public uint PortId;
        public uint Groups;
    }

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary><c>struct msghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary><c>struct cmsghdr</c> with <c>struct ucred</c> behind it: the only control message that is asked for.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CredentialsMessage
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int ProcessId;
        public uint UserId;
        public uint GroupId;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    /// <summary>The length of <see cref="CredentialsMessage"/> without the padding behind it (CMSG_LEN).</summary>
    public static int CredentialsLength => Unsafe.SizeOf<nuint>() + (5 * sizeof(int));
}
