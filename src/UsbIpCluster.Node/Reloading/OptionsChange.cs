using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>What differs between the options of a daemon that runs and those that it has read again.</summary>
/// <param name="Taken">The options that it runs with from now on: of the new ones, those that can change while it runs.</param>
/// <param name="Changed">The keys of these that have changed.</param>
/// <param name="NeedRestart">The keys that have changed, too, and hold after a restart.</param>
internal sealed record OptionsChange(NodeOptions Taken, ImmutableArray<string> Changed, ImmutableArray<string> NeedRestart)
{
    private static readonly (string Key, Func<NodeOptions, NodeOptions, bool> IsSame)[] Live =
    [
        ("exports", (one, other) => one.Exports.AsSpan().SequenceEqual(other.Exports.AsSpan())),
        ("plainClients", (one, other) => one.PlainClients.AsSpan().SequenceEqual(other.PlainClients.AsSpan())),
        ("limits.connections", (one, other) => one.Limits.Connections == other.Limits.Connections),
        ("limits.perAddress", (one, other) => one.Limits.PerAddress == other.Limits.PerAddress),
        ("limits.rate", (one, other) => one.Limits.Rate == other.Limits.Rate),
        ("limits.requestTimeout", (one, other) => one.Limits.RequestTimeout == other.Limits.RequestTimeout),
        ("keepalive.userTimeout", (one, other) => one.KeepAlive.UserTimeout == other.KeepAlive.UserTimeout),
        ("keepalive.idle", (one, other) => one.KeepAlive.KeepAliveIdle == other.KeepAlive.KeepAliveIdle),
        ("keepalive.interval", (one, other) => one.KeepAlive.KeepAliveInterval == other.KeepAlive.KeepAliveInterval),
        ("keepalive.probes", (one, other) => one.KeepAlive.KeepAliveProbes == other.KeepAlive.KeepAliveProbes),
        ("hooks.directory", (one, other) => one.Hooks.Directory == other.Hooks.Directory),
        ("hooks.timeout", (one, other) => one.Hooks.Timeout == other.Hooks.Timeout),
        ("log.level", (one, other) => one.LogLevel == other.LogLevel),
    ];

    private static readonly (string Key, Func<NodeOptions, NodeOptions, bool> IsSame)[] Fixed =
    [
        ("node", (one, other) => one.Node == other.Node),
        ("state", (one, other) => one.State == other.State),
        ("control", (one, other) => one.Control == other.Control),
        ("listen", (one, other) => one.Listen.Equals(other.Listen)),
        ("advertise", (one, other) => one.Advertise.AsSpan().SequenceEqual(other.Advertise.AsSpan())),
        ("cluster.listen", (one, other) => one.ClusterListen.Equals(other.ClusterListen)),
        ("cluster.tls", (one, other) => one.Tls == other.Tls),
        ("cluster.seeds", (one, other) => one.Seeds.AsSpan().SequenceEqual(other.Seeds.AsSpan())),
        ("cluster.removeAfter", (one, other) => one.RemoveAfter == other.RemoveAfter),
        ("exporters", (one, other) => one.Exporters.AsSpan().SequenceEqual(other.Exporters.AsSpan())),
        ("simulated.devices", (one, other) => one.SimulatedDevices == other.SimulatedDevices),
        ("hostController", (one, other) => one.HostController == other.HostController),
        ("http.listen", (one, other) => Equals(one.HttpListen, other.HttpListen)),
        ("log.format", (one, other) => one.LogFormat == other.LogFormat),
    ];

    /// <summary>All keys, of both kinds.</summary>
    public static IEnumerable<string> Keys => Live.Concat(Fixed).Select(key => key.Key);

    /// <summary>What differs.</summary>
    /// <param name="running">What the daemon runs with.</param>
    /// <param name="read">What it has read now.</param>
    public static OptionsChange Between(NodeOptions running, NodeOptions read)
    {
        var taken = running with
        {
            Exports = read.Exports,
            PlainClients = read.PlainClients,
            Limits = read.Limits,
            KeepAlive = read.KeepAlive,
            Hooks = read.Hooks,
            LogLevel = read.LogLevel,
        };
        return new OptionsChange(taken, Different(Live, running, read), Different(Fixed, running, read));
    }

    private static ImmutableArray<string> Different(
        (string Key, Func<NodeOptions, NodeOptions, bool> IsSame)[] keys, NodeOptions running, NodeOptions read) =>
        [.. keys.Where(key => !key.IsSame(running, read)).Select(key => key.Key)];
}
