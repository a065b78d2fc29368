using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

/// <summary>The command on a pseudo terminal (pty(7)) of its own, as the leader of a session: what it writes is seen here, and keys are typed here.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const int CloseOnExec = 0x80000;
    private const nuint SetWindowSize = 0x5414;

    private static readonly string[] Usbipc = ["dotnet", Path.Combine(AppContext.BaseDirectory, "usbipc.dll")];

    private readonly int _terminal;
    private readonly FileStream _stream;
    private readonly StringBuilder _written = new();
    private readonly Process _process;
    private int _width;

    private PseudoTerminal(int terminal, Process process)
    {
        _terminal = terminal;
        _stream = new FileStream(new SafeFileHandle(terminal, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
        _process = process;
        new Thread(Read) { IsBackground = true }.Start();
    }

    /// <summary>Everything that it has written, escape sequences included.</summary>
    public string Written
    {
        get
        {
            lock (_written)
                return _written.ToString();
        }
    }

    /// <summary>The lines of what is on the screen, colours left out: every frame begins in the upper left corner.</summary>
    public string[] Screen
    {
        get
        {
            var written = Written;
            var frames = written.Split("\e[H");
            // The last one may not have come to its last line yet.
            var frame = frames.Last(text => text.Contains("\e[J", StringComparison.Ordinal) || text == frames[0]);
            return [.. frame.Split('\n').Select(line => Drawn(line.TrimEnd('\r')))];
        }
    }

    /// <summary>
    /// The state of the shell's only job, as proc_pid_stat(5) has it: T when all its threads are stopped, of which one reads keys. Null when
    /// there is none.
    /// </summary>
    public char? StateOfJob
    {
        get
        {
            try
            {
                var shell = _process.Id.ToString(CultureInfo.InvariantCulture);
                var job = File.ReadAllText($"/proc/{shell}/task/{shell}/children").Trim();
                if (job.Length == 0)
                    return null;
                var states = Directory.GetDirectories($"/proc/{job}/task").Select(thread => File.ReadAllText(Path.Combine(thread, "stat")))
                    .Select(stat => stat[stat.LastIndexOf(')') + 2])
                    .ToArray();
                return Array.TrueForAll(states, state => state == 'T') ? 'T' : states[0];
            }
            catch (IOException)
            {
                // It has just ended.
                return null;
            }
        }
    }

    /// <summary>Starts the command.</summary>
    public static PseudoTerminal Start(int width, int height, params string[] arguments) => StartAny(width, height, [.. Usbipc, .. arguments]);

    /// <summary>Starts a shell with job control, for commands to be typed.</summary>
    public static PseudoTerminal StartShell(int width, int height) => StartAny(width, height, ["sh", "-i"]);

    /// <summary>Waits until the screen shows something.</summary>
    public async Task ShowsAsync(Func<string[], bool> expected, string what)
    {
        var start = Stopwatch.GetTimestamp();
        while (!expected(Screen))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Eventually.Deadline, $"{what}, but the screen shows:\n{string.Join('\n', Screen)}");
            await Task.Delay(10);
        }
    }

    /// <summary>Waits until a line of the screen contains all of these.</summary>
    public Task ShowsAsync(params string[] texts) => ShowsAsync(
        screen => screen.Any(line => texts.All(text => line.Contains(text, StringComparison.Ordinal))), $"expected {string.Join(" … ", texts)}");

    /// <summary>Types.</summary>
    public void Type(string text) => _stream.Write(Encoding.UTF8.GetBytes(text));

    /// <summary>Types the command into the shell.</summary>
    public void TypeCommand(params string[] arguments) => Type(string.Join(' ', Usbipc.Concat(arguments)) + "\n");

    /// <summary>Gives the terminal another size; the kernel tells the command (SIGWINCH).</summary>
    public void Resize(int width, int height)
    {
        _width = width;
        Resize(_terminal, width, height);
    }

    /// <summary>Sends a signal to the command.</summary>
    public void Send(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Eventually.Deadline);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _stream.Dispose();
    }

    private static PseudoTerminal StartAny(int width, int height, string[] command)
    {
        var terminal = Check(OpenTerminal(ReadWrite | NoControllingTerminal | CloseOnExec));
        Check(Grant(terminal));
        Check(Unlock(terminal));
        Span<byte> name = stackalloc byte[64];
        if (NameOf(terminal, ref MemoryMarshal.GetReference(name), (nuint)name.Length) != 0)
            throw new InvalidOperationException("the pseudo terminal has no name");
        var path = Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]);
        Resize(terminal, width, height);
        var start = new ProcessStartInfo("sh", ["-c", "exec setsid --ctty \"$@\" < \"$0\" > \"$0\" 2>&1", path, .. command]) { UseShellExecute = false };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");

        // What still runs when its terminal goes is killed, and the runtime's own files for debuggers would stay behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment.Remove("ENV");
        return new PseudoTerminal(terminal, Process.Start(start)!) { _width = width };
    }

    private static void Resize(int terminal, int width, int height)
    {
        var size = new WindowSize { Rows = (ushort)height, Columns = (ushort)width };
        Check(Control(terminal, SetWindowSize, ref size));
    }

    private static int Check(int result) => result >= 0 ? result : throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());

    /// <summary>What is seen of a line. The cursor does not leave a full one (no wrapping): what erases from there on erases its last cell.</summary>
    private string Drawn(string line)
    {
        var (cells, from) = (new StringBuilder(), 0);
        foreach (var sequence in Sequence().EnumerateMatches(line))
        {
            cells.Append(line, from, sequence.Index - from);
            from = sequence.Index + sequence.Length;
            if (line[from - 1] is 'K' or 'J' && cells.Length >= _width)
                cells.Length = _width - 1;
        }

        return cells.Append(line, from, line.Length - from).ToString();
    }

    private void Read()
    {
        var (buffer, decoder, text) = (new byte[4096], Encoding.UTF8.GetDecoder(), new char[4100]);
        try
        {
            while (_stream.Read(buffer) is var count and > 0)
            {
                lock (_written)
                    _written.Append(text, 0, decoder.GetChars(buffer, 0, count, text, 0));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // Nobody has the other end open any more (EIO).
        }
    }

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Sequence();

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(int terminal);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(int terminal);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    private static partial int NameOf(int terminal, ref byte name, nuint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int terminal, nuint request, ref WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
