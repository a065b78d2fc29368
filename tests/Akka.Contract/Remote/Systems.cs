using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Contract.Remote;

internal static partial class Systems
{
    public const string Name = "contract";

    public static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1.5);

    public static ActorSystem Create(int port = 0, int? publicPort = null, ConcurrentQueue<string>? log = null) =>
        New(port, publicPort, line => log?.Enqueue(line));

    public static Address AddressOf(ActorSystem system) => Cluster.Cluster.Get(system).SelfAddress;

    public static ActorSelection Select(ActorSystem from, ActorSystem on, string name) =>
        from.ActorSelection(new RootActorPath(AddressOf(on)) / "user" / name);
}
