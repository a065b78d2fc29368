namespace UsbIpCluster.Node;

/// <summary>What strangers can cost the USB/IP port.</summary>
/// <param name="Connections">Connections whose request is being read or answered, of everybody.</param>
/// <param name="PerAddress">The same, of one address (of one /64 with IPv6).</param>
/// <param name="Rate">New connections a second that are served of one address; as many again at once after a pause.</param>
/// <param name="RequestTimeout">How long a client may take to say what it wants.</param>
internal sealed record ListenerLimits(int Connections, int PerAddress, int Rate, TimeSpan RequestTimeout);
