using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code; null when a signal ended it.</param>
/// <param name="Signal">The signal that ended it; null when none did.</param>
/// <param name="TimedOut">Whether it was told to end because its time was over.</param>
/// <param name="Output">The first lines that it wrote, printable.</param>
/// <param name="LinesLeftOut">How many lines came after these.</param>
public sealed record ProgramEnd(int? ExitCode, int? Signal, bool TimedOut, ImmutableArray<string> Output, int LinesLeftOut);

/// <summary>
/// A program in a process group of its own, with nothing of this process but its working folder: its environment is what it is given, its
/// input is empty, both of its outputs are read here, and no other descriptor is open in it. When its time is over, it and all that it has
/// started are ended; what it leaves behind when it ends by itself is ended, too.
/// </summary>
public sealed class ChildProgram
{
    /// <summary>How long a program that was told to end (SIGTERM) may take until it is ended (SIGKILL).</summary>
    public static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(2);

    // As much as a pipe holds.
    private const int MaxLastReads = 16;

    private readonly Lock _lock = new();
    private readonly int _process;
    private readonly int _handle;
    private readonly int _output;
    private bool _isReaped;

    private ChildProgram(int process, int handle, int output) => (_process, _handle, _output) = (process, handle, output);

    /// <summary>Starts a program.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="arguments">What it is given behind its name.</param>
    /// <param name="environment">All of its environment.</param>
    /// <exception cref="Win32Exception">It can't be started.</exception>
    public static ChildProgram Start(string path, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var (output, theirs) = OpenPipe();
        try
        {
            var process = Spawn(path, [path, .. arguments], [.. environment.Select(pair => $"{pair.Key}={pair.Value}")], theirs);
            var handle = SystemCalls.OpenProcess(SystemCalls.PidFdOpen, process, 0);
            if (handle >= 0)
                return new ChildProgram(process, (int)handle, output);

            // Out of descriptors: what can't be waited for must not run.
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            _ = SystemCalls.Kill(-process, SystemCalls.SigKill);
            _ = SystemCalls.WaitForProcess(process, out _, 0);
            throw error;
        }
        catch
        {
            _ = SystemCalls.Close(output);
            throw;
        }
        finally
        {
            _ = SystemCalls.Close(theirs);
        }
    }

    /// <summary>
    /// Waits for its end; for one caller, once. Blocks for the timeout and <see cref="KillAfter"/>, longer only while the kernel can't end it.
    /// </summary>
    /// <param name="timeout">How long it may run.</param>
    /// <param name="maxLines">How many lines of its output are kept.</param>
    public ProgramEnd Wait(TimeSpan timeout, int maxLines)
    {
        var lines = new OutputLines(maxLines);
        var timedOut = WaitForEnd(timeout, lines);

        // Until it is reaped, nobody else gets the number of its group.
        Signal(SystemCalls.SigKill);
        lock (_lock)
        {
            _isReaped = true;
            var reaped = SystemCalls.WaitForProcess(_process, out var status, 0) == _process;
            for (var read = 0; read < MaxLastReads && Poll(0) is { HasOutput: true } && Read(lines); read++)
            {
                // What was written before the end, and not what somebody goes on writing who has left the group.
            }

            _ = SystemCalls.Close(_handle);
            _ = SystemCalls.Close(_output);
            int? signal = reaped && (status & 0x7f) != 0 ? status & 0x7f : null;
            int? exitCode = reaped && signal is null ? (status >> 8) & 0xff : null;
            return new ProgramEnd(exitCode, signal, timedOut, lines.Take(), lines.LeftOut);
        }
    }

    /// <summary>Tells it, and what it has started, to end. From any thread; nothing when it has.</summary>
    public void Terminate() => Signal(SystemCalls.SigTerm);

    /// <summary>Ends it, and what it has started. From any thread; nothing when it has ended.</summary>
    public void Kill() => Signal(SystemCalls.SigKill);

    private bool WaitForEnd(TimeSpan timeout, OutputLines lines)
    {
        var start = Stopwatch.GetTimestamp();
        var limit = (TimeSpan?)timeout;
        var timedOut = false;
        var isOpen = true;
        while (true)
        {
            var seen = Poll(limit is { } until ? Milliseconds(until - Stopwatch.GetElapsedTime(start)) : -1, isOpen);
            if (seen.HasOutput)
                isOpen = Read(lines);
            if (seen.HasEnded)
                return timedOut;
            if (limit is not { } over || Stopwatch.GetElapsedTime(start) < over)
                continue;
            Signal(timedOut ? SystemCalls.SigKill : SystemCalls.SigTerm);
            limit = timedOut ? null : over + KillAfter;
            timedOut = true;
        }
    }

    private void Signal(int signal)
    {
        lock (_lock)
        {
            if (!_isReaped)
                _ = SystemCalls.Kill(-_process, signal);
        }
    }

    private bool Read(OutputLines lines)
    {
        Span<byte> buffer = stackalloc byte[4096];
        var length = SystemCalls.Read(_output, buffer);
        if (length <= 0)
            return false;
        lines.Add(buffer[..(int)length]);
        return true;
    }

    private unsafe (bool HasEnded, bool HasOutput) Poll(int milliseconds, bool withOutput = true)
    {
        var entries = stackalloc SystemCalls.PollEntry[2];
        entries[0] = new SystemCalls.PollEntry { Fd = _handle, Events = SystemCalls.PollIn };

        // One with a negative number is left out.
        entries[1] = new SystemCalls.PollEntry { Fd = withOutput ? _output : -1, Events = SystemCalls.PollIn };
        return SystemCalls.Poll(entries, 2, milliseconds) > 0 ? (entries[0].Returned != 0, entries[1].Returned != 0) : (false, false);
    }

    private static int Milliseconds(TimeSpan time) => (int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, int.MaxValue);

    private static (int Ours, int Theirs) OpenPipe()
    {
        Span<int> ends = stackalloc int[2];
        return SystemCalls.Pipe(ref MemoryMarshal.GetReference(ends), SystemCalls.CloseOnExec) == 0
            ? (ends[0], ends[1])
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    // posix_spawn(3), since between a fork and an exec of one's own no managed code may run.
    private static unsafe int Spawn(string path, string[] arguments, string[] environment, int output)
    {
        // posix_spawnattr_t and posix_spawn_file_actions_t have 336 and 80 bytes.
        var attributes = stackalloc byte[1024];
        var actions = stackalloc byte[1024];
        var every = stackalloc byte[128];
        var none = stackalloc byte[128];
        using var argumentList = new TextList(arguments);
        using var environmentList = new TextList(environment);
        _ = SystemCalls.SpawnAttributesInit(attributes);
        _ = SystemCalls.SpawnActionsInit(actions);
        try
        {
            // What this process ignores or blocks (SIGPIPE), the program does not.
            _ = SystemCalls.FillSignals(every);
            _ = SystemCalls.EmptySignals(none);
            _ = SystemCalls.SpawnSetDefaultSignals(attributes, every);
            _ = SystemCalls.SpawnSetSignalMask(attributes, none);
            _ = SystemCalls.SpawnSetGroup(attributes, 0);
            _ = SystemCalls.SpawnSetFlags(
                attributes, SystemCalls.SpawnInGroup | SystemCalls.SpawnWithDefaultSignals | SystemCalls.SpawnWithSignalMask);
            var process = 0;
            var error = SystemCalls.SpawnAddOpen(actions, 0, "/dev/null", SystemCalls.ReadOnly, 0);
            for (var descriptor = 1; error == 0 && descriptor <= 2; descriptor++)
                error = SystemCalls.SpawnAddDuplicate(actions, output, descriptor);
            if (error == 0)
                error = CloseAllBehind(2, actions);
            if (error == 0)
                error = SystemCalls.Spawn(out process, path, actions, attributes, argumentList.Start, environmentList.Start);
            return error == 0 ? process : throw new Win32Exception(error);
        }
        finally
        {
            _ = SystemCalls.SpawnActionsDestroy(actions);
            _ = SystemCalls.SpawnAttributesDestroy(attributes);
        }
    }

    // This process opens everything with close-on-exec; what it was started with may be open, too. Not every C library can close that.
    private static unsafe int CloseAllBehind(int last, void* actions)
    {
        try
        {
            return SystemCalls.SpawnAddCloseFrom(actions, last + 1);
        }
        catch (EntryPointNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>Texts as <c>char *const[]</c>.</summary>
    private sealed unsafe class TextList : IDisposable
    {
        private readonly nint[] _texts;
        private GCHandle _pin;

        public TextList(IEnumerable<string> texts)
        {
            _texts = [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];
            _pin = GCHandle.Alloc(_texts, GCHandleType.Pinned);
        }

        public nint* Start => (nint*)_pin.AddrOfPinnedObject();

        public void Dispose()
        {
            _pin.Free();
            foreach (var text in _texts)
                Marshal.FreeCoTaskMem(text);
        }
    }
}
