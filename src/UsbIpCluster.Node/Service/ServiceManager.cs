using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace UsbIpCluster.Node;

/// <summary>Tells the service manager how the daemon is, where there is one: sd_notify(3). From any thread.</summary>
internal sealed class ServiceManager
{
    /// <summary>How long a service manager may take for what it must not miss.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string? _socket;

    private ServiceManager(string? socket, TimeSpan? watchdog) => (_socket, Watchdog) = (socket, watchdog);

    /// <summary>Whether somebody listens.</summary>
    public bool IsThere => _socket is not null;

    /// <summary>How long the daemon may say nothing until it counts as hung; null when nobody looks at that.</summary>
    public TimeSpan? Watchdog { get; }

    /// <summary>The service manager that has started this process.</summary>
    public static ServiceManager OfEnvironment() => Of(Environment.GetEnvironmentVariable, Environment.ProcessId);

    /// <summary>The service manager that these variables name, to the process of this id.</summary>
    public static ServiceManager Of(Func<string, string?> variable, int processId)
    {
        var socket = variable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(socket))
            return new ServiceManager(null, null);

        // Meant for another process: this one has inherited the variable from it.
        var isMeant = variable("WATCHDOG_PID") is not { Length: > 0 } watched || watched == processId.ToString(CultureInfo.InvariantCulture);
        TimeSpan? watchdog = isMeant && long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0
            ? TimeSpan.FromMicroseconds(Math.Min(time, TimeSpan.FromDays(1).TotalMicroseconds))
            : null;
        return new ServiceManager(socket, watchdog);
    }

    /// <summary>The daemon serves.</summary>
    public void Ready() => Send("READY=1", waits: true);

    /// <summary>The daemon reads its configuration again; <see cref="Ready"/> follows.</summary>
    public void Reloading() => Send(
        $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)}", waits: true);

    /// <summary>The daemon is stopping.</summary>
    public void Stopping() => Send("STOPPING=1", waits: true);

    /// <summary>The daemon lives.</summary>
    public void Alive() => Send("WATCHDOG=1", waits: false);

    /// <summary>How the daemon is, in one line.</summary>
    public void Status(string line) => Send($"STATUS={line}", waits: false);

    // What is said again, or only for people, never waits for a service manager that does not read.
    private void Send(string state, bool waits)
    {
        if (_socket is null)
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Blocking = waits;
            socket.SendTimeout = (int)Patience.TotalMilliseconds;
            // A leading @ stands for the NUL of an abstract socket's name.
            socket.SendTo(
                Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(_socket[0] == '@' ? "\0" + _socket[1..] : _socket));
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            // A service manager that does not listen, or where no socket can be, is none.
        }
    }
}
