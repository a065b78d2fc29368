using System.Runtime.Serialization;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport.DotNetty;
using Akka.Serialization;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Certificates;
using MsLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace UsbIpCluster.Node;

/// <summary>
/// The actor system of the build on the Akka.NET packages (<c>-p:Akka=Packages</c>). The twin of <c>SubsetWiring.cs</c>. Overrides what
/// Akka.NET does by default and this product does not: down members by itself, hold joiners up, end the process, and read any type that a
/// peer names.
/// </summary>
internal static class Wiring
{
    /// <summary>Whether a running system shows a certificate that is newer than itself.</summary>
    public static bool TakesNewCertificates => false;

    /// <summary>A running system that is ready to join a cluster.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address can't be served (as the cause of Akka's own exception).</exception>
    public static ActorSystem CreateSystem(ClusterSettings settings, ILogger log)
    {
        AkkaLogger.Target = log;
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(Configure(settings)));
        var system = ActorSystem.Create(ClusterAddress.SystemName, settings.Tls is { } tls ? setup.And(Secure(tls)) : setup);
        ((ExtendedActorSystem)system).SystemActorOf(Props.Create(() => new Quarantined()), "quarantined");
        return system;
    }

    /// <summary>
    /// Mutual TLS, with the newest version that the transport has. It takes the certificate that is there when the system is made; whom it
    /// believes is asked for each connection.
    /// </summary>
    private static DotNettySslSetup Secure(ClusterTls tls) => new(
        tls.Current.Certificate,
        suppressValidation: false,
        requireMutualAuthentication: true,
        validateCertificateHostname: false,
        customValidator: (certificate, _, peer, _, log) =>
        {
            // What was connected to is given as an actor system's address, whoever connected as a socket's.
            var connected = peer.Contains("://", StringComparison.Ordinal);
            var role = connected ? CertificateRole.Server : CertificateRole.Client;
            // The transport disposes of it when the connection ends, also while it is judged: it would have no names then.
            using var shown = certificate is null ? null : new X509Certificate2(certificate);
            if (tls.Current.Trust.WhyNoNode(shown, role, DateTimeOffset.UtcNow) is { } wrong)
            {
                log.Warning("Closed a connection: {0} {1}", peer, wrong);
                return false;
            }

            if (connected)
                tls.Names.Learn(PlaceOf(new Uri(peer)), NodeCertificate.NamesOf(shown!));
            return true;
        });

    // The transport's own form, which is not that of an actor system's address: ssl.tcp://usbipcluster@host:port.
    private static NetworkAddress PlaceOf(Uri peer) => new(peer.Host.Trim('[', ']'), peer.Port);

    private static Config Configure(ClusterSettings settings) => ConfigurationFactory.ParseString($$"""
            akka {
              loggers = ["UsbIpCluster.Node.AkkaLogger, usbipcd"]
              loglevel = DEBUG
              stdout-loglevel = OFF
              log-dead-letters = off
              log-dead-letters-during-shutdown = off
              actor {
                provider = cluster
                serializers {
                  node = "UsbIpCluster.Node.NodeSerializer, usbipcd"
                  json = "UsbIpCluster.Node.RefusingSerializer, usbipcd"
                  proto = "UsbIpCluster.Node.RefusingSerializer, usbipcd"
                  daemon-create = "UsbIpCluster.Node.RefusingSerializer, usbipcd"
                }
                serialization-settings {
                  json.identifier = 1
                  proto.identifier = 2
                  daemon-create.identifier = 3
                }
                serialization-bindings {
                  "UsbIpCluster.Node.INodeMessage, usbipcd" = node
                }
              }
              remote.retry-gate-closed-for = 500ms
              remote.prune-quarantine-marker-after = 1s
              # Whose certificate is at an address is seen by who connects to it: each node has to connect to each other one.
              remote.use-passive-connections = off
              remote.dot-netty.tcp {
                enable-ssl = {{(settings.Tls is null ? "off" : "on")}}
                hostname = "{{settings.Listen.Address}}"
                port = {{settings.Listen.Port}}
                public-hostname = "{{settings.Address}}"
                public-port = {{settings.Listen.Port}}
                maximum-frame-size = {{ClusterSettings.MaxFrame}}b
                send-buffer-size = {{2 * ClusterSettings.MaxFrame}}b
                receive-buffer-size = {{2 * ClusterSettings.MaxFrame}}b
              }
              cluster {
                downing-provider-class = ""
                allow-weakly-up-members = 200ms
                retry-unsuccessful-join-after = 1s
                gossip-interval = 200ms
                leader-actions-interval = 200ms
                unreachable-nodes-reaper-interval = 200ms
                periodic-tasks-initial-delay = 100ms
                run-coordinated-shutdown-when-down = off
                failure-detector {
                  heartbeat-interval = {{ClusterSettings.HeartbeatInterval.TotalMilliseconds}}ms
                  acceptable-heartbeat-pause = {{ClusterSettings.AcceptablePause.TotalMilliseconds}}ms
                }
              }
              coordinated-shutdown {
                exit-clr = off
                terminate-actor-system = off
                run-by-clr-shutdown-hook = off
                run-by-actor-system-terminate = off
              }
            }
            """);
}

/// <summary>
/// Takes the places of Akka.NET's serializers that read any type which a peer names, by their identifiers: for JSON, for protocol buffers,
/// and for actors to be created here.
/// </summary>
internal sealed class RefusingSerializer : Serializer
{
    /// <param name="system">The system.</param>
    /// <param name="settings">Those of the serializer whose place it takes.</param>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => Identifier = settings.GetInt("identifier");

    /// <inheritdoc/>
    public override int Identifier { get; }

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType().Name} is not sent between nodes");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException("a message that names its own type is refused");
}

/// <summary>
/// Ends a system that another node has removed. That node neither hears it nor answers it any more, and says so to whoever connects; only a
/// new actor system can join again.
/// </summary>
internal sealed class Quarantined : ReceiveActor
{
    public Quarantined() => Receive<ThisActorSystemQuarantinedEvent>(said =>
    {
        Context.GetLogger().Warning("{0} has removed this node from its cluster", said.RemoteAddress);
        Context.System.Terminate();
    });

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
}

/// <summary>
/// Brings Akka.NET's log to the daemon's. Whoever can't be reached, or is refused, is tried or comes again and again: what remoting says of
/// that is said once, and what it adds for those who debug it is not shown at all.
/// </summary>
internal sealed class AkkaLogger : ReceiveActor
{
    private readonly SaidOnce _said = new();

    public AkkaLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(entry =>
        {
            var level = LevelOf(entry);
            Target?.Actors(level, IsOfRemoting(entry) ? null : entry.Cause, entry.LogSource, entry.Message.ToString());
        });
    }

    /// <summary>Where to; one system runs in a process, and Akka.NET makes its loggers itself.</summary>
    public static ILogger? Target { get; set; }

    private MsLogLevel LevelOf(LogEvent entry) => entry.LogLevel() switch
    {
        Akka.Event.LogLevel.DebugLevel => MsLogLevel.Debug,
        Akka.Event.LogLevel.InfoLevel => IsNews(entry) ? MsLogLevel.Information : MsLogLevel.Debug,
        Akka.Event.LogLevel.WarningLevel => IsNews(entry) ? MsLogLevel.Warning : MsLogLevel.Debug,
        _ => IsOfTransport(entry) ? MsLogLevel.Debug : MsLogLevel.Error,
    };

    private bool IsNews(LogEvent entry) => !IsOfRemoting(entry) || _said.IsFirst(entry.Message.ToString() ?? "");

    private static bool IsOfRemoting(LogEvent entry) =>
        IsOfTransport(entry)
        || entry.LogSource.StartsWith("remoting", StringComparison.Ordinal)
        || entry.LogSource.Contains("/system/endpointManager", StringComparison.Ordinal);

    private static bool IsOfTransport(LogEvent entry) => entry.LogClass.Namespace == typeof(DotNettySslSetup).Namespace;
}
