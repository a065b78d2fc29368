using System.Runtime.InteropServices;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>The error numbers that the kernel's USB/IP files answer with, and what they mean to a caller.</summary>
internal static class KernelError
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int NoDeviceOrAddress = 6;
    public const int Again = 11;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int NoDevice = 19;
    public const int NotADirectory = 20;
    public const int InvalidArgument = 22;
    public const int ReadOnlyFileSystem = 30;
    public const int NoBufferSpace = 105;

    /// <summary>Whether a file is absent: never there, or its device or its process went while it was opened or read.</summary>
    public static bool IsAbsent(int errno) => errno is NoEntry or NoProcess or NoDevice or NoDeviceOrAddress or NotADirectory;

    /// <summary>An error number as the exception for it: NoPermission, or Refused for what no rule covers.</summary>
    /// <param name="errno">The system's answer.</param>
    /// <param name="tried">What was tried, as the start of a sentence.</param>
    /// <param name="hint">What may help when it is no question of permission.</param>
    public static DeviceException Of(int errno, string tried, string? hint = null)
    {
        var message = $"{tried}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
        return errno switch
        {
            NotPermitted or AccessDenied => new DeviceException(DeviceError.NoPermission, message, "run usbipcd as root"),
            ReadOnlyFileSystem => new DeviceException(
                DeviceError.NoPermission, message, "mount /sys writable (in a container: --privileged; in a unit: no ProtectKernelTunables)"),
            _ => new DeviceException(DeviceError.Refused, message, hint),
        };
    }
}
