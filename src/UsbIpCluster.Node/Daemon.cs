using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;
using UsbIpCluster.Doctor;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>
/// The composition root: makes every part of a node, in order, and stops them in the opposite order. Live sessions are not touched by
/// either.
/// </summary>
internal sealed class Daemon : IAsyncDisposable
{
    // As long as the system allows: a connection that finds it full is tried again by its client's kernel, a second later.
    private const int Backlog = 4096;

    private readonly Stack<Func<Task>> _stop = new();
    private readonly EventLog _events = new();
    private readonly ILogger _log;
    private NodeWatcher _watcher = null!;
    private Func<NodeOptions, CancellationToken, Task>? _take;

    private Daemon(ILogger log) => _log = log;

    /// <summary>This program's version.</summary>
    public static string Version { get; } =
        typeof(Daemon).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Starts a node.</summary>
    /// <exception cref="ConfigurationException">Its certificate can't be used.</exception>
    /// <exception cref="StartException">It can't start: a port is taken, another daemon runs, the state folder can't be made.</exception>
    public static async Task<Daemon> StartAsync(NodeOptions options, ILogger log)
    {
        var daemon = new Daemon(log);
        try
        {
            await daemon.ComposeAsync(options);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tells a service manager how the daemon is, until it stops.</summary>
    public void ReportTo(ServiceManager manager)
    {
        if (ServiceStatus.Start(manager, _watcher, _events) is { } status)
            _stop.Push(() => Done(status.Dispose));
        if (Watchdog.Start(manager, _watcher, _log) is { } watchdog)
            _stop.Push(() => watchdog.DisposeAsync().AsTask());
    }

    /// <summary>Takes from options what can change while the node runs (<see cref="OptionsChange"/>). No session notices.</summary>
    public Task TakeAsync(NodeOptions options, CancellationToken cancellationToken) => _take!(options, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_stop.TryPop(out var stop))
            await stop();
    }

    private async Task ComposeAsync(NodeOptions options)
    {
        var log = _log;
        var state = OpenState(options.State);
        var started = DateTimeOffset.UtcNow;
        var tls = options.Tls is { } files ? ClusterTls.Load(files, options.Node, started) : null;

        var listener = Listen(options.Listen);
        _stop.Push(() => Done(listener.Dispose));

        var backends = await Backends.StartAsync(options, log);
        _stop.Push(() => backends.DisposeAsync().AsTask());

        var sysfs = new Sysfs();
        var hooks = new HookRunner(busId => DeviceNode.Of(sysfs, busId));
        _stop.Push(() => hooks.DisposeAsync().AsTask());

        var address = LocalAddress.Of(options.ClusterListen, options.Seeds);
        var endpoints = options.Advertise.IsEmpty
            ? [.. LocalAddress.AllOf(options.Listen, address, options.Seeds).Select(own => new NetworkAddress(own.ToString(), options.Listen.Port))]
            : options.Advertise;
        var metrics = new NodeMetrics();
        _events.Observe(row =>
        {
            EventLines.Write(log, row, options.Node.Value);
            metrics.Events.Add(row.Kind);
        });
        var entry = new NodeEntry(
            options.Node,
            Incarnation: 0,
            Version: 0,
            Address: "",
            Version,
            started,
            Attachments: 0,
            Draining: false,
            [],
            NodeSerializer.Minor,
            [.. endpoints.Take(ProbePlan.MaxEndpoints)]);
        var attachments = new AttachmentSettings(options.Node, options.KeepAlive, state) { Metrics = metrics };
        var foundation = new NodeFoundation(
            entry,
            tls,
            _events,
            new MembershipSettings(options.Seeds, new KnownMembersFile(state), options.RemoveAfter),
            new ExportSettings(options.Node, endpoints, options.Exports, state) { Metrics = metrics },
            attachments,
            backends.Exporters,
            backends.HostController,
            listener,
            new ListenerSettings(options.Limits, options.PlainClients),
            new HookSettings(options.Hooks, hooks.RunAsync),
            metrics);
        var rehearsed = Task.Run(() => Rehearsal.Run(entry));
        var node = await NodeSystem.StartAsync(() => StartSystem(options, address, tls, log), foundation, log);
        _stop.Push(() => node.DisposeAsync().AsTask());

        _watcher = new NodeWatcher(() => node.Present);
        _take = (next, cancelled) =>
        {
            backends.Take(next.KeepAlive);
            return node.TakeAsync(next, cancelled);
        };

        await rehearsed;
        var facts = Facts(options, tls, backends, started);
        var doctor = new DoctorDesk(
            () => DoctorDesk.SettingsOf(options, foundation.Serving),
            options.Seeds,
            () => new DaemonFacts(backends.HostController is not null, tls?.Current.Ends),
            Prober.WhyNotAsync);
        var ports = new LocalPorts(backends.HostController, attachments.Holders);
        var control = StartControl(options, new ControlHandler(() => node.Present, _events, facts, doctor, ports), log);
        _stop.Push(() => control.DisposeAsync().AsTask());

        if (options.HttpListen is { } http)
        {
            Func<DateTimeOffset>? certificateEnds = tls is null ? null : () => tls.Current.Ends;
            var pages = new Pages(_watcher, new MetricsPage(metrics, facts.Daemon, certificateEnds), options.Control);
            var server = await StartHttpAsync(http, pages);
            _stop.Push(() => server.DisposeAsync().AsTask());
            log.HttpServing(http.ToString());
        }

        log.Serving(
            options.Node.Value,
            Version,
            options.Listen.ToString(),
            node.Entry.Address,
            options.Control,
            backends.Exporters.IsEmpty ? "none" : string.Join(", ", backends.Exporters.Select(exporter => exporter.Backend)),
            backends.HostController?.Backend ?? "none");
    }

    private static StateFolder OpenState(string path)
    {
        try
        {
            return StateFolder.Open(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"the state folder {path} can't be made: {error.Message}", "run as root, or choose another one with --state", error);
        }
    }

    private static Socket Listen(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new StartException(
                $"USB/IP can't be served on {endPoint}: {error.Message}",
                error.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? "stop the usbipd that has the port, or choose another one with --listen"
                    : "choose an address of this host with --listen",
                error);
        }
    }

    private static ActorSystem StartSystem(NodeOptions options, IPAddress address, ClusterTls? tls, ILogger log)
    {
        try
        {
            var system = Wiring.CreateSystem(new ClusterSettings(options.ClusterListen, address, tls), log);
            system.LogTo(log);
            return system;
        }
        catch (Exception error) when (error.GetBaseException() is SocketException socket)
        {
            throw new StartException(
                $"the cluster can't be served on {options.ClusterListen}: {socket.Message}",
                "is another usbipcd running? Choose another address with --cluster",
                error);
        }
    }

    private static ControlServer StartControl(NodeOptions options, ControlHandler handler, ILogger log)
    {
        try
        {
            return ControlServer.Start(
                new ControlServerOptions
                {
                    Path = options.Control,
                    Report = (line, error) => log.ControlTrouble(error, line),
                },
                handler);
        }
        catch (ControlException error)
        {
            throw new StartException(error.Message, error.Hint ?? "choose another socket with --control", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartException(error.Message, "run as root, or choose another socket with --control", error);
        }
    }

    private static async Task<HttpServer> StartHttpAsync(IPEndPoint listen, Pages pages)
    {
        try
        {
            return await HttpServer.StartAsync(listen, pages);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new StartException($"HTTP can't be served on {listen}: {error.Message}", "choose another port with http.listen", error);
        }
    }

    private static NodeFacts Facts(NodeOptions options, ClusterTls? tls, Backends backends, DateTimeOffset started) => new(
        new VersionRow(Version, options.Node.Value, Environment.ProcessId, RuntimeInformation.FrameworkDescription, "1.1.1", started),
        options.Listen.ToString(),
        !options.Seeds.IsEmpty,
        [.. backends.Exporters.Select(exporter => exporter.Backend)],
        backends.HostController?.Backend,
        tls,
        () => backends.Missing);

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
