using System.Globalization;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Cli.Running;

/// <summary>
/// Signals that would end this process are passed on to its child instead, and the child's end is waited for. Those that come before there
/// is one are passed on as soon as there is. One that whoever started this process has it ignore (<c>nohup</c>) both ignore.
/// </summary>
internal sealed class PassedOnSignals : IDisposable
{
    // signal(7).
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const int UserDefined1 = 10;
    private const int UserDefined2 = 12;
    private const int Alarm = 14;

    private static readonly (PosixSignal Signal, int Number)[] Signals =
    [
        (PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, Interrupt), (PosixSignal.SIGQUIT, Quit), (PosixSignal.SIGTERM, 15),
        ((PosixSignal)UserDefined1, UserDefined1), ((PosixSignal)UserDefined2, UserDefined2), ((PosixSignal)Alarm, Alarm),
    ];

    private readonly Lock _lock = new();
    private readonly List<int> _early = [];
    private readonly Func<bool> _isInForeground;
    private readonly PosixSignalRegistration[] _registrations;
    private ChildProcess? _child;

    /// <summary>Begins to take them.</summary>
    public PassedOnSignals()
        : this(IsInForeground) => _registrations =
    [
        .. Signals.Where(signal => !IsIgnored(signal.Number)).Select(signal => PosixSignalRegistration.Create(signal.Signal, context =>
        {
            context.Cancel = true;
            PassOn(signal.Number);
        })),
    ];

    /// <summary>Takes only those that it is told of.</summary>
    /// <param name="isInForeground">Whether what is typed on a terminal reaches this process.</param>
    internal PassedOnSignals(Func<bool> isInForeground) => (_isInForeground, _registrations) = (isInForeground, []);

    /// <summary>This is the child.</summary>
    public void To(ChildProcess child)
    {
        lock (_lock)
        {
            _child = child;
            foreach (var number in _early)
                child.Send(number);
        }
    }

    /// <summary>Takes them no longer.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    /// <summary>This one has come.</summary>
    internal void PassOn(int number)
    {
        lock (_lock)
        {
            // What came before the child, the keyboard has not sent to it.
            if (_child is null)
                _early.Add(number);
            else if (number is not (Interrupt or Quit) || !_isInForeground())
                _child.Send(number);
        }
    }

    // proc_pid_status(5): a bit for each signal, the first of them in the lowest. Whoever is executed inherits what is ignored.
    internal static bool IsIgnored(int number)
    {
        const string field = "SigIgn:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line.AsSpan(field.Length).Trim(), NumberStyles.AllowHexSpecifier, null, out var ignored)
            && (ignored >> (number - 1) & 1) != 0;
    }

    // Ctrl-C and Ctrl-\ go to every process of the terminal's foreground group, the child too; many programs take a second one for "at
    // once". Who sent a signal the runtime does not tell, so in the foreground both are taken for the keyboard's.
    private static bool IsInForeground()
    {
        try
        {
            using var terminal = File.OpenHandle("/dev/tty");
            return JobControl.IsInForegroundOf((int)terminal.DangerousGetHandle());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
