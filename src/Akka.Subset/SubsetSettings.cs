namespace Akka.Subset;

/// <summary>What Akka.NET reads from its configuration. Only the file that chooses between the two speaks of it.</summary>
public sealed record SubsetSettings
{
    /// <summary>Takes each log entry: level, source, text, cause. Called on the thread that logs; it must return soon and not throw.</summary>
    public Action<LogLevel, string, string, Exception?>? Log { get; init; }

    /// <summary>The least level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.InfoLevel;

    /// <summary>How many messages an actor handles before it lets others run.</summary>
    public int Throughput { get; init; } = 30;

    /// <summary>The clock of the scheduler, of heartbeats and of deadlines.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How the system is reached and reaches others; null for a system that neither is nor does.</summary>
    public SubsetRemoteSettings? Remote { get; init; }

    /// <summary>How the cluster keeps together; where there is remoting there is a cluster to join.</summary>
    public SubsetClusterSettings Cluster { get; init; } = new();

    /// <summary>Takes the place of the scheduler, for virtual time.</summary>
    public IScheduler? Scheduler { get; init; }
}

/// <summary>How a cluster keeps together.</summary>
public sealed record SubsetClusterSettings
{
    /// <summary>How often one of two members asks the other whether it lives.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How soon a member that does not answer is asked again.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After how much silence a member counts as unreachable.</summary>
    public TimeSpan AcceptablePause { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a node asks to be let in.</summary>
    public TimeSpan JoinRetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long the first of the seed nodes founds a cluster.</summary>
    public TimeSpan SeedTimeout { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>Creating systems with settings.</summary>
public static class SubsetSystem
{
    /// <summary>A running system.</summary>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address can't be listened on.</exception>
    public static ActorSystem Create(string name, SubsetSettings settings) => new SubsetActorSystem(name, settings);

    /// <summary>What the system's remoting has counted; all zero without remoting.</summary>
    public static SubsetRemoteStatistics RemoteStatistics(ActorSystem system) => ((SubsetActorSystem)system).Transport?.Statistics ?? default;
}
