using System.Runtime.InteropServices;

namespace UsbIpCluster.Cli.Running;

/// <summary>
/// A command that has this process's standard streams, process group and terminal, as a shell's child has: Ctrl-C and Ctrl-Z work. The
/// runtime's own <c>Process</c> would hand down that SIGPIPE is ignored, and <c>yes | head</c> inside the command would complain.
/// </summary>
internal sealed partial class ChildProcess
{
    private const int NoEntry = 2;
    private const int Interrupted = 4;
    private const int NotAProgram = 8;
    private const int NotADirectory = 20;

    private const short SetSignalDefaults = 0x4;
    private const short SetSignalMask = 0x8;
    private const int BrokenPipe = 13;
    private const int ChildEnded = 17;
    private const nint DefaultHandler = 0;

    // posix_spawnattr_t and sigset_t are 336 and 128 bytes in glibc, and no larger elsewhere.
    private const int AttributesSize = 512;
    private const int SignalSetSize = 128;

    private readonly int _id;

    private ChildProcess(int id) => _id = id;

    /// <summary>Starts it; a name without a slash is looked for in PATH.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Each <c>NAME=VALUE</c>.</param>
    /// <exception cref="CommandException">The system can't.</exception>
    public static ChildProcess Start(IReadOnlyList<string> command, IEnumerable<string> environment)
    {
        Span<byte> attributes = stackalloc byte[AttributesSize];
        Span<byte> signals = stackalloc byte[SignalSetSize];
        ref var spawn = ref MemoryMarshal.GetReference(attributes);
        ref var set = ref MemoryMarshal.GetReference(signals);
        _ = AttributesInit(ref spawn);

        // Whoever started this process may have it ignore the end of children: then the system forgets their exit codes.
        if (PassedOnSignals.IsIgnored(ChildEnded))
            _ = SetHandler(ChildEnded, DefaultHandler);
        try
        {
            _ = EmptySet(ref set);
            _ = SetMask(ref spawn, ref set);
            _ = AddToSet(ref set, BrokenPipe);
            _ = SetDefaults(ref spawn, ref set);
            _ = SetFlags(ref spawn, SetSignalDefaults | SetSignalMask);
            string?[] arguments = [.. command, null];
            string?[] variables = [.. environment, null];
            var error = Spawn(out var id, command[0], 0, ref spawn, arguments, variables);
            return error == 0 ? new ChildProcess(id) : throw Explain(command[0], error);
        }
        finally
        {
            _ = AttributesDestroy(ref spawn);
        }
    }

    /// <summary>Its exit code, once it has ended: 128 and the signal's number when that was its end.</summary>
    public Task<int> WaitAsync() =>
        Task.Factory.StartNew(Wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Sends it a signal. It is this process's child until it is waited for, so the number is nobody else's.</summary>
    public void Send(int signal) => _ = Kill(_id, signal);

    private int Wait()
    {
        int status;
        while (WaitFor(_id, out status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() is var error and not Interrupted)
            {
                throw new CommandException(
                    CommandException.NotExecutable, $"its end can't be awaited: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }

        // wait(2): the exit code is in the second byte, a signal that was its end in the first seven bits.
        return (status & 0x7f) is var signal and not 0 ? 128 + signal : (status >> 8) & 0xff;
    }

    private static CommandException Explain(string program, int error) => (error is NoEntry or NotADirectory, program.Contains('/')) switch
    {
        (true, false) => new CommandException(CommandException.NotFound, $"{program}: command not found"),
        (true, true) => new CommandException(CommandException.NotFound, $"{program}: {Marshal.GetPInvokeErrorMessage(error)}"),
        _ => new CommandException(CommandException.NotExecutable, $"{program}: {Marshal.GetPInvokeErrorMessage(error)}{Hint(error)}"),
    };

    // A shell would run such a script by itself.
    private static string Hint(int error) =>
        error == NotAProgram ? "; the first line of a script has to name its interpreter (#!)" : "";

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(
        out int id, string file, nint actions, ref byte attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(ref byte attributes);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(ref byte attributes);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(ref byte attributes, short flags);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(ref byte attributes, ref byte signals);

    [LibraryImport("libc.so.6", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(ref byte attributes, ref byte signals);

    [LibraryImport("libc.so.6", EntryPoint = "sigemptyset")]
    private static partial int EmptySet(ref byte signals);

    [LibraryImport("libc.so.6", EntryPoint = "sigaddset")]
    private static partial int AddToSet(ref byte signals, int signal);

    [LibraryImport("libc.so.6", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitFor(int id, out int status, int options);

    [LibraryImport("libc.so.6", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);

    [LibraryImport("libc.so.6", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);
}
