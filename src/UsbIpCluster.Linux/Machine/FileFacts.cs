using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>What a file or folder is, and whose.</summary>
/// <param name="IsFolder">Whether it is a folder.</param>
/// <param name="IsSocket">Whether it is a socket.</param>
/// <param name="Mode">Its permissions, the last nine bits.</param>
/// <param name="UserId">Its owner.</param>
/// <param name="GroupId">Its group.</param>
public sealed partial record FileFacts(bool IsFolder, bool IsSocket, int Mode, uint UserId, uint GroupId)
{
    private const int CurrentFolder = -100;
    private const int WriteAccess = 2;

    // STATX_TYPE, STATX_MODE, STATX_UID and STATX_GID, include/uapi/linux/stat.h, whose struct statx has one layout everywhere:
    // stx_uid is at 20, stx_gid at 24, stx_mode, 16 bits, at 28.
    private const uint Wanted = 0x1 | 0x2 | 0x8 | 0x10;
    private const int TypeMask = 0xF000;
    private const int TypeFolder = 0x4000;
    private const int TypeSocket = 0xC000;

    /// <summary>Of the file at a path; null when there is none, or it can't be seen.</summary>
    public static FileFacts? Of(string path)
    {
        Span<byte> status = stackalloc byte[256];
        if (FileStatus(CurrentFolder, path, 0, Wanted, ref MemoryMarshal.GetReference(status)) != 0)
            return null;
        var mode = MemoryMarshal.Read<ushort>(status[28..]);
        return new FileFacts(
            (mode & TypeMask) == TypeFolder,
            (mode & TypeMask) == TypeSocket,
            mode & 0x1FF,
            MemoryMarshal.Read<uint>(status[20..]),
            MemoryMarshal.Read<uint>(status[24..]));
    }

    /// <summary>Why this process can't write it, in the system's words; null when it can.</summary>
    public static string? WhyNotWritable(string path)
    {
        const int effectiveIds = 0x200;
        return FileAccess(CurrentFolder, path, WriteAccess, effectiveIds) == 0
            ? null
            : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileStatus(int folder, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc", EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileAccess(int folder, string path, int mode, int flags);
}
