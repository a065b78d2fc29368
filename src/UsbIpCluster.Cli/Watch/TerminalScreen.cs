using System.Runtime.InteropServices;
using System.Text;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Watch;

/// <summary>
/// The process's terminal: its alternate screen, so that what was there before is there again afterwards, however the process ends, short of
/// being killed.
/// </summary>
internal sealed class TerminalScreen : IScreen
{
    // DEC private modes, as xterm has them: the alternate screen, no cursor, and no wrapping, should a terminal think a character wider.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l\e[2J";
    private const string Leave = "\e[?7h\e[?25h\e[?1049l" + PlainKeys;

    // The runtime's console, which reads the keys, switches the keypad to its application mode, and never back.
    private const string PlainKeys = "\e[?1l\e>";

    private readonly Lock _lock = new();
    private readonly Stream _output;
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly byte[]? _modes = JobControl.Modes();
    private Action<WatchInput> _observer = _ => { };
    private Place _place = Place.Taken;

    private TerminalScreen(Stream output)
    {
        _output = output;
        Write(Enter);

        // These end the process when the handler has returned.
        foreach (var ending in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
            On(ending, GiveBack);

        // This one would stop nothing: the runtime leaves it at the handler.
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context =>
        {
            context.Cancel = true;
            Lend();
        }));
        On(PosixSignal.SIGCONT, TakeBack);
        On(PosixSignal.SIGWINCH, () => _observer(new WatchInput.Resized()));
    }

    private enum Place
    {
        Taken,

        // The process is stopped, and the shell has the terminal.
        Lent,
        Left,
    }

    /// <inheritdoc/>
    public (int Width, int Height) Size
    {
        get
        {
            var (width, height) = StandardStream.SizeOf(1);
            return (AtLeastOne(width, 80), AtLeastOne(height, 24));
        }
    }

    /// <summary>Takes the terminal over.</summary>
    /// <param name="output">Leads to it.</param>
    /// <exception cref="ControlException">Another process has it.</exception>
    public static TerminalScreen Open(Stream output) => JobControl.IsInBackground
        ? throw new ControlException(ControlError.Usage, "watch needs the terminal's foreground", "start it without &")
        : new(output);

    /// <inheritdoc/>
    public void Listen(Action<WatchInput> observer)
    {
        _observer = observer;

        // Nothing ends a read of a key but a key: the thread ends with the process.
        new Thread(ReadKeys) { IsBackground = true, Name = "keys" }.Start();
    }

    /// <inheritdoc/>
    public void Show(IReadOnlyList<string> lines)
    {
        // Erased first, written then: after a line of the full width the cursor is still on its last cell.
        var text = new StringBuilder("\e[H");
        for (var i = 0; i < lines.Count; i++)
            text.Append(i < lines.Count - 1 ? "\e[K" : "\e[J").Append(lines[i]).Append(i < lines.Count - 1 ? "\r\n" : "");
        lock (_lock)
        {
            if (_place == Place.Taken)
                Write(text.ToString());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        GiveBack();
    }

    private static int AtLeastOne(int size, int otherwise) => size > 0 ? size : otherwise;

    private void On(PosixSignal signal, Action handle) => _signals.Add(PosixSignalRegistration.Create(signal, _ => handle()));

    private void ReadKeys()
    {
        try
        {
            while (true)
            {
                var key = Console.ReadKey(intercept: true);
                _observer(new WatchInput.KeyPressed(key.Key, key.KeyChar));
            }
        }
        catch (Exception error) when (error is InvalidOperationException or IOException)
        {
            // The terminal has gone; the signal of that ends the process.
        }
    }

    private void GiveBack()
    {
        lock (_lock)
        {
            if (_place == Place.Taken)
                Write(Leave);
            _place = Place.Left;
        }
    }

    private void Lend()
    {
        lock (_lock)
        {
            if (_place == Place.Left || !JobControl.CanBeStopped)
                return;
            if (_place == Place.Taken)
            {
                Write(Leave);

                // A key is being read, without line or echo; not every shell sets that right. Continued, the runtime sets it again.
                if (_modes is { } modes)
                    JobControl.Restore(modes);
            }

            _place = Place.Lent;
            JobControl.Stop();
        }
    }

    private void TakeBack()
    {
        lock (_lock)
        {
            if (_place != Place.Lent)
                return;
            if (JobControl.IsInBackground)
            {
                // Continued with bg: the terminal is still the shell's.
                JobControl.Stop();
                return;
            }

            _place = Place.Taken;
            Write(Enter);
        }

        _observer(new WatchInput.Resized());
    }

    private void Write(string text) => _output.Write(Encoding.UTF8.GetBytes(text));
}
