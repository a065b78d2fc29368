using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>
/// Which nodes' certificates are shown at which cluster addresses, as this node has seen them there when it connected. Whoever says that it
/// is another node is not believed.
/// </summary>
internal sealed class PeerNames
{
    // Far more than a cluster has nodes: beyond it, what is known is learnt anew.
    private const int Most = 4096;

    private readonly ConcurrentDictionary<NetworkAddress, ImmutableArray<NodeName>> _names = new();

    /// <summary>This certificate was shown at this address.</summary>
    public void Learn(NetworkAddress place, ImmutableArray<NodeName> names)
    {
        if (_names.Count >= Most)
            _names.Clear();
        _names[place] = names;
    }

    /// <summary>For whom the certificate is that is shown at a node's cluster address; null when none has been seen there.</summary>
    public ImmutableArray<NodeName>? At(string address) => _names.TryGetValue(ClusterAddress.Place(address), out var names) ? names : null;
}
