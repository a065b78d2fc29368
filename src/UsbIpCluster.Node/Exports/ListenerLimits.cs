using System.Collections.Immutable;
using System.Net;

namespace UsbIpCluster.Node;

/// <summary>Who is served on the USB/IP port, and how; it outlives the listener's actor.</summary>
/// <param name="limits">What strangers can cost it, at the start.</param>
/// <param name="plainClients">Who may import without a lease, at the start.</param>
internal sealed class ListenerSettings(ListenerLimits limits, ImmutableArray<IPNetwork> plainClients)
{
    /// <summary>What strangers can cost it now; the <see cref="UsbIpListener"/> is told of new limits.</summary>
    public ListenerLimits Limits { get; set; } = limits;

    /// <summary>Who may import without a lease now, besides the cluster's nodes.</summary>
    public ImmutableArray<IPNetwork> PlainClients { get; set; } = plainClients;
}

/// <summary>What strangers can cost the USB/IP port.</summary>
/// <param name="Connections">Connections whose request is being read or answered, of everybody.</param>
/// <param name="PerAddress">The same, of one address (of one /64 with IPv6).</param>
/// <param name="Rate">New connections a second that are served of one address; twice as many at once after a pause.</param>
/// <param name="RequestTimeout">How long a client may take to say what it wants.</param>
internal sealed record ListenerLimits(int Connections, int PerAddress, int Rate, TimeSpan RequestTimeout)
{
    /// <summary>With a second for the answer, every connection that is no session is closed within 5 s.</summary>
    public static ListenerLimits Default { get; } = new(Connections: 64, PerAddress: 16, Rate: 100, TimeSpan.FromSeconds(4));
}
