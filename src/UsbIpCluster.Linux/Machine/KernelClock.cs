using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>Whether somebody keeps the machine's clock right.</summary>
public enum ClockState
{
    /// <summary>A time service (systemd-timesyncd, chrony, ntpd, or the host of a virtual machine by one of them) does.</summary>
    Synchronized,

    /// <summary>Nobody does.</summary>
    Unsynchronized,

    /// <summary>This process may not ask.</summary>
    Unknown,
}

/// <summary>The kernel's clock, as <c>adjtimex(2)</c> tells of it. It is the whole machine's, whatever container one asks from.</summary>
public static partial class KernelClock
{
    // TIME_ERROR and STA_UNSYNC, include/uapi/linux/timex.h.
    private const int TimeError = 5;
    private const int StatusUnsynchronized = 0x40;

    // struct timex has 208 bytes on 64 bits; modes is its first int, and status is at 40.
    private const int Size = 256;
    private const int StatusOffset = 40;

    /// <summary>Asks the kernel; changes nothing.</summary>
    public static ClockState Read()
    {
        Span<byte> timex = stackalloc byte[Size];
        timex.Clear();
        var result = AdjustTime(ref MemoryMarshal.GetReference(timex));
        return Judge(result, MemoryMarshal.Read<int>(timex[StatusOffset..]));
    }

    internal static ClockState Judge(int result, int status) => result switch
    {
        < 0 => ClockState.Unknown,
        TimeError => ClockState.Unsynchronized,
        _ => (status & StatusUnsynchronized) != 0 ? ClockState.Unsynchronized : ClockState.Synchronized,
    };

    [LibraryImport("libc.so.6", EntryPoint = "adjtimex")]
    private static partial int AdjustTime(ref byte timex);
}
