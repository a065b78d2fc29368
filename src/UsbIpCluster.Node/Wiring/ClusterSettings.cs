using System.Net;

namespace UsbIpCluster.Node;

/// <summary>What a wiring needs to make an actor system.</summary>
/// <param name="Listen">Where the cluster is served.</param>
/// <param name="Address">Under which address other nodes reach it; with the port of <paramref name="Listen"/>.</param>
/// <param name="Tls">What protects it; null for nothing.</param>
internal sealed record ClusterSettings(IPEndPoint Listen, IPAddress Address, ClusterTls? Tls)
{
    /// <summary>How often a node lets its peers hear of it.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromMilliseconds(700);

    /// <summary>How long a node may be silent before it counts as unreachable.</summary>
    public static readonly TimeSpan AcceptablePause = TimeSpan.FromSeconds(3.5);

    /// <summary>The largest message between nodes, in bytes: an entry of some thousand devices.</summary>
    public const int MaxFrame = 1024 * 1024;
}
