using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>What statx(2) says of what a path leads to, through links.</summary>
/// <param name="Type">What kind of file it is.</param>
/// <param name="Owner">The user who owns it.</param>
/// <param name="Group">The group that it is given to.</param>
/// <param name="Mode">The permission bits.</param>
public sealed record FileStatus(FileType Type, uint Owner, uint Group, UnixFileMode Mode)
{
    // struct statx of include/uapi/linux/stat.h, which has one layout everywhere.
    private const int Size = 256;
    private const int OwnerOffset = 20;
    private const int GroupOffset = 24;
    private const int ModeOffset = 28;
    private const uint WantTypeModeOwnerAndGroup = 0x1b;
    private const int WriteAccess = 2;
    private const int EffectiveIds = 0x200;
    private const int TypeMask = 0xf000;
    private const UnixFileMode Anybody = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Whether somebody may execute it.</summary>
    public bool IsExecutable => Type == FileType.Regular && (Mode & Anybody) != UnixFileMode.None;

    /// <summary>Whether nobody can change it but root and the user who runs this program.</summary>
    public bool IsOurs =>
        (Owner == 0 || Owner == SystemCalls.EffectiveUser())
        && (Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == UnixFileMode.None;

    /// <summary>Reads it; null when there is nothing, or nothing that can be looked at.</summary>
    public static FileStatus? Of(string path)
    {
        Span<byte> status = stackalloc byte[Size];
        if (SystemCalls.FileStatus(SystemCalls.CurrentFolder, path, 0, WantTypeModeOwnerAndGroup, ref MemoryMarshal.GetReference(status)) != 0)
            return null;
        int mode = MemoryMarshal.Read<ushort>(status[ModeOffset..]);
        var type = (mode & TypeMask) switch
        {
            0x8000 => FileType.Regular,
            0x4000 => FileType.Folder,
            0xc000 => FileType.Socket,
            _ => FileType.Other,
        };
        return new FileStatus(
            type,
            MemoryMarshal.Read<uint>(status[OwnerOffset..]),
            MemoryMarshal.Read<uint>(status[GroupOffset..]),
            (UnixFileMode)(mode & ~TypeMask));
    }

    /// <summary>Why this process can't write what is at a path, in the system's words; null when it can.</summary>
    public static string? WhyNotWritable(string path) =>
        SystemCalls.FileAccess(SystemCalls.CurrentFolder, path, WriteAccess, EffectiveIds) == 0
            ? null
            : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
}

/// <summary>Kinds of files.</summary>
public enum FileType
{
    /// <summary>A regular file.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A device, a pipe.</summary>
    Other,
}
