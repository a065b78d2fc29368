using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Event;
using Akka.Serialization;
using Akka.Subset;

namespace Akka.Contract.Remote;

/// <summary>Systems that reach each other, of the build at hand: here Akka.Subset.</summary>
internal static partial class Systems
{
    private static ActorSystem New(int port, int? publicPort, Action<string> log) => SubsetSystem.Create(Name, Settings(port, publicPort, log));

    internal static SubsetSettings Settings(int port, int? publicPort, Action<string> log) => new()
    {
        LogLevel = LogLevel.DebugLevel,
        Log = (level, source, message, cause) => log($"[{level}] [{source}] {message} {cause}"),
        Remote = new SubsetRemoteSettings
        {
            Listen = new IPEndPoint(IPAddress.Loopback, port),
            PublicPort = publicPort,
            Serializers = [system => SerializerDetails.Create("contract", new ContractSerializer((ExtendedActorSystem)system), [typeof(IContractMessage)])],
        },
        Cluster = new SubsetClusterSettings { HeartbeatInterval = Heartbeat, AcceptablePause = Pause, SeedTimeout = TimeSpan.FromSeconds(1) },
    };
}
