using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Signals.</summary>
internal enum Signal
{
    HangUp = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}

/// <summary>What only the kernel can do.</summary>
internal static partial class SystemCalls
{
    private const int NewNetwork = 0x40000000;
    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal to a process, or with a negative id to a process group; one that has ended already is no error.</summary>
    public static void Send(int processId, Signal signal)
    {
        if (Kill(processId, (int)signal) != 0 && Marshal.GetLastPInvokeError() != NoSuchProcess)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Puts the calling thread into a network namespace.</summary>
    public static void EnterNetwork(SafeFileHandle network)
    {
        if (SetNamespace(network, NewNetwork) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Asks something of a device that reads and writes don't do.</summary>
    public static void Control(SafeFileHandle device, uint request, byte[] argument)
    {
        if (DeviceControl(device, request, argument) < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int type);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int DeviceControl(SafeFileHandle device, nuint request, byte[] argument);
}
