using System.Runtime.InteropServices;

namespace UsbIpCluster.Cli;

/// <summary>What there is between this process, its terminal and the shell that started it (credentials(7), termios(3)).</summary>
internal static partial class JobControl
{
    private const int StandardInput = 0;
    private const int SigStop = 19;
    private const int Now = 0;

    /// <summary>More than the C library's struct termios has.</summary>
    private const int ModesSize = 256;

    /// <summary>Whether a shell could continue this process. Nobody does that for the leader of a session, as after <c>ssh -t host usbipc watch</c>.</summary>
    public static bool CanBeStopped => SessionOf(0) != ProcessId();

    /// <summary>Whether another group of processes has the terminal.</summary>
    public static bool IsInBackground => ForegroundOf(StandardInput) >= 0 && !IsInForegroundOf(StandardInput);

    /// <summary>Whether this process is of the group that has a terminal: what is typed there reaches it.</summary>
    public static bool IsInForegroundOf(int terminal) => ForegroundOf(terminal) == Group();

    /// <summary>Stops this process until it is sent SIGCONT.</summary>
    public static void Stop() => _ = Kill(ProcessId(), SigStop);

    /// <summary>How the terminal reads lines and echoes; null when it does not say.</summary>
    public static byte[]? Modes()
    {
        var modes = new byte[ModesSize];
        return GetModes(StandardInput, ref MemoryMarshal.GetArrayDataReference(modes)) == 0 ? modes : null;
    }

    /// <summary>Sets what <see cref="Modes()"/> said.</summary>
    public static void Restore(byte[] modes) => _ = SetModes(StandardInput, Now, ref MemoryMarshal.GetArrayDataReference(modes));

    [LibraryImport("libc.so.6", EntryPoint = "getpid")]
    private static partial int ProcessId();

    [LibraryImport("libc.so.6", EntryPoint = "getpgrp")]
    private static partial int Group();

    [LibraryImport("libc.so.6", EntryPoint = "getsid")]
    private static partial int SessionOf(int process);

    [LibraryImport("libc.so.6", EntryPoint = "tcgetpgrp")]
    private static partial int ForegroundOf(int terminal);

    [LibraryImport("libc.so.6", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc.so.6", EntryPoint = "tcgetattr")]
    private static partial int GetModes(int terminal, ref byte modes);

    [LibraryImport("libc.so.6", EntryPoint = "tcsetattr")]
    private static partial int SetModes(int terminal, int when, ref byte modes);
}
