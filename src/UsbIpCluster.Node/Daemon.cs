using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;

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

    private Daemon()
    {
    }

    /// <summary>This program's version.</summary>
    public static string Version { get; } =
        typeof(Daemon).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Starts a node.</summary>
    /// <exception cref="ConfigurationException">Its certificate can't be used.</exception>
    /// <exception cref="StartException">It can't start: a port is taken, another daemon runs, the state folder can't be made.</exception>
    public static async Task<Daemon> StartAsync(NodeOptions options, ILoggerFactory logs)
    {
        var daemon = new Daemon();
        try
        {
            await daemon.ComposeAsync(options, logs);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_stop.TryPop(out var stop))
            await stop();
    }

    private async Task ComposeAsync(NodeOptions options, ILoggerFactory logs)
    {
        var log = logs.CreateLogger("usbipcd");
        var state = OpenState(options.State);
        var started = DateTimeOffset.UtcNow;
        var tls = options.Tls is { } files ? ClusterTls.Load(files, options.Node, started) : null;

        var listener = Listen(options.Listen);
        _stop.Push(() => Done(listener.Dispose));

        var backends = await Backends.StartAsync(options, log);
        _stop.Push(() => backends.DisposeAsync().AsTask());

        var address = LocalAddress.Of(options.ClusterListen, options.Seeds);
        var endpoints = options.Advertise.IsEmpty
            ? [.. LocalAddress.AllOf(options.Listen, address, options.Seeds).Select(own => new NetworkAddress(own.ToString(), options.Listen.Port))]
            : options.Advertise;
        var events = new EventLog();
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
            NodeSerializer.Minor);
        var foundation = new NodeFoundation(
            entry,
            tls,
            events,
            new MembershipSettings(options.Seeds, new KnownMembersFile(state), options.RemoveAfter),
            new ExportSettings(options.Node, endpoints, options.Exports, state),
            new AttachmentSettings(options.Node, options.KeepAlive, state),
            backends.Exporters,
            backends.HostController,
            listener,
            options.Limits,
            options.PlainClients);
        var rehearsed = Task.Run(() => Rehearsal.Run(entry));
        var node = await NodeSystem.StartAsync(() => StartSystem(options, address, tls, logs), foundation, log);
        _stop.Push(() => node.DisposeAsync().AsTask());

        await rehearsed;
        var control = StartControl(options, new ControlHandler(() => node.Present, events, DescribeVersion(options, started)), log);
        _stop.Push(() => control.DisposeAsync().AsTask());

        log.LogInformation(
            "{Node} {Version} serves USB/IP on {Listen}, the cluster on {Cluster}, and commands at {Control}; exporters: {Exporters}; host controller: {HostController}",
            options.Node,
            Version,
            options.Listen,
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

    private static ActorSystem StartSystem(NodeOptions options, IPAddress address, ClusterTls? tls, ILoggerFactory logs)
    {
        try
        {
            return Wiring.CreateSystem(new ClusterSettings(options.ClusterListen, address, tls), logs.CreateLogger("cluster"));
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
                    Report = (line, error) => log.LogWarning(error, "{Line}", line),
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

    private static VersionRow DescribeVersion(NodeOptions options, DateTimeOffset started) => new(
        Version, options.Node.Value, Environment.ProcessId, RuntimeInformation.FrameworkDescription, "1.1.1", started);

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
