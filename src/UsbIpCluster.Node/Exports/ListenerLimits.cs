namespace UsbIpCluster.Node;

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
