using System.Net.Sockets;
using Akka.Actor;
using Akka.Serialization;
using Akka.Subset;
using Microsoft.Extensions.Logging;
using AkkaLevel = Akka.Event.LogLevel;

namespace UsbIpCluster.Node;

/// <summary>The actor system of the build on <c>src/Akka.Subset</c>. The twin of <c>PackagesWiring.cs</c>.</summary>
internal static class Wiring
{
    /// <summary>Whether a running system shows a certificate that is newer than itself.</summary>
    public static bool TakesNewCertificates => true;

    /// <summary>A running system that is ready to join a cluster.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address can't be served.</exception>
    public static ActorSystem CreateSystem(ClusterSettings settings, ILogger log) => SubsetSystem.Create(
        ClusterAddress.SystemName,
        new SubsetSettings
        {
            Log = (level, source, text, cause) => log.Actors(LevelOf(level), cause, source, text),
            LogLevel = log.IsEnabled(LevelOf(AkkaLevel.DebugLevel)) ? AkkaLevel.DebugLevel : AkkaLevel.InfoLevel,
            Remote = new SubsetRemoteSettings
            {
                Listen = settings.Listen,
                PublicHost = settings.Address.ToString(),
                Serializers = [system => SerializerDetails.Create("node", new NodeSerializer(system), [typeof(INodeMessage)])],
                MaxFrameBytes = ClusterSettings.MaxFrame,
                Secure = settings.Tls is { } tls ? Secure(new TlsLink(tls, TimeProvider.System)) : null,
            },
            Cluster = new SubsetClusterSettings
            {
                HeartbeatInterval = ClusterSettings.HeartbeatInterval,
                AcceptablePause = ClusterSettings.AcceptablePause,
            },
        });

    private static Func<NetworkStream, Address?, CancellationToken, Task<Stream>> Secure(TlsLink link) => (connection, remote, deadline) =>
        remote is null ? link.AcceptAsync(connection, deadline) : link.ConnectAsync(connection, remote.ToString(), deadline);

    private static Microsoft.Extensions.Logging.LogLevel LevelOf(AkkaLevel level) => level switch
    {
        AkkaLevel.DebugLevel => Microsoft.Extensions.Logging.LogLevel.Debug,
        AkkaLevel.InfoLevel => Microsoft.Extensions.Logging.LogLevel.Information,
        AkkaLevel.WarningLevel => Microsoft.Extensions.Logging.LogLevel.Warning,
        _ => Microsoft.Extensions.Logging.LogLevel.Error,
    };
}
