using System.Runtime.CompilerServices;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace UsbIpCluster.Node;

/// <summary>The log of an actor system, with ids and fields, which Akka.NET's own has not.</summary>
internal static class ActorLogs
{
    private static readonly ConditionalWeakTable<ActorSystem, ILogger> Logs = [];

    /// <summary>From now on, the actors of this system log there.</summary>
    public static void LogTo(this ActorSystem system, ILogger log) => Logs.AddOrUpdate(system, log);

    /// <summary>Where an actor logs; nowhere while its system has no log.</summary>
    public static ILogger Logger(this IActorContext context) =>
        Logs.TryGetValue(context.System, out var log) ? log : NullLogger.Instance;
}
