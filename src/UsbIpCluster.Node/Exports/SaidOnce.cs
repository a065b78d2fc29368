using System.Net;

namespace UsbIpCluster.Node;

/// <summary>Of which addresses something has been logged: once is enough, and a flood from many addresses is not to fill the log either.</summary>
internal sealed class SaidOnce
{
    private const int Most = 1024;

    private readonly HashSet<IPAddress> _addresses = [];

    /// <summary>Whether it is to be said of this address now.</summary>
    public bool IsFirst(IPAddress address) => _addresses.Count < Most && _addresses.Add(Admission.NetworkOf(address));
}
