namespace UsbIpCluster.Linux;

/// <summary>Whether the kernel's uevents reach this process.</summary>
public static class UeventHearing
{
    private const uint KernelGroup = 1;
    private const int LeastBuffer = 4096;

    /// <summary>Why they don't, in words; null when they do.</summary>
    public static string? WhatIsWrong()
    {
        using var socket = NetlinkSocket.Open(SystemCalls.KobjectUevent, KernelGroup, LeastBuffer, out var failure);
        if (failure is not null || NetworkNamespace.HearsUevents())
            return failure;
        return "the kernel sends none to a network namespace of another user namespace than the first";
    }
}
