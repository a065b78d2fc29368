using System.Runtime.InteropServices;
using System.Text;

namespace UsbIpCluster.Cli.Watch;

/// <summary>
/// The process's terminal: its alternate screen, so that what was there before is there again afterwards, however the process ends, short of
/// being killed.
/// </summary>
internal sealed class TerminalScreen : IScreen
{
    // DEC private modes, as xterm has them: the alternate screen, no cursor, and no wrapping, should a terminal think a character wider.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l\e[2J";
    private const string Leave = "\e[?7h\e[?25h\e[?1049l";

    private readonly Lock _lock = new();
    private readonly Stream _output;
    private readonly List<PosixSignalRegistration> _signals = [];
    private Action<WatchInput> _observer = _ => { };
    private Place _place = Place.Taken;

    private TerminalScreen(Stream output)
    {
        _output = output;
        Write(Enter);

        // These end the process, or stop it, when the handler has returned.
        foreach (var ending in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
            On(ending, () => Give(Place.Left));
        On(PosixSignal.SIGTSTP, () => Give(Place.Lent));
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
    public (int Width, int Height) Size => (AtLeastOne(Console.WindowWidth, 80), AtLeastOne(Console.WindowHeight, 24));

    /// <summary>Takes the terminal over.</summary>
    /// <param name="output">Leads to it.</param>
    public static TerminalScreen Open(Stream output) => new(output);

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
        var text = new StringBuilder("\e[H");
        for (var i = 0; i < lines.Count; i++)
            text.Append(lines[i]).Append("\e[K").Append(i < lines.Count - 1 ? "\r\n" : "\e[J");
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
        Give(Place.Left);
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

    private void Give(Place to)
    {
        lock (_lock)
        {
            if (_place == Place.Taken)
                Write(Leave);
            if (_place != Place.Left)
                _place = to;
        }
    }

    private void TakeBack()
    {
        lock (_lock)
        {
            if (_place != Place.Lent)
                return;
            _place = Place.Taken;
            Write(Enter);
        }

        _observer(new WatchInput.Resized());
    }

    private void Write(string text) => _output.Write(Encoding.UTF8.GetBytes(text));
}
