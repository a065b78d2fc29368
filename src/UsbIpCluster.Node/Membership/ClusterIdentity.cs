using System.Text.Json.Serialization;

namespace UsbIpCluster.Node;

/// <summary>
/// Which cluster a member is in. Of two that meet, the nodes of the younger one join the older. The order is total and never changes, so it
/// does not matter how far clocks are apart.
/// </summary>
/// <param name="FormedAt">When it was formed, by its founder's clock.</param>
/// <param name="Id">Random: tells clusters apart that were formed at one moment.</param>
/// <param name="First">
/// The lowest address of its members, of those whom the one who says it reaches: tells the halves of a cluster apart that have removed each other.
/// </param>
internal sealed record ClusterIdentity(
    [property: JsonRequired] DateTimeOffset FormedAt, [property: JsonRequired] Guid Id, [property: JsonRequired] string First)
{
    /// <summary>Whether both were formed as one.</summary>
    public bool IsSameAs(ClusterIdentity other) => FormedAt == other.FormedAt && Id == other.Id;

    /// <summary>Whether the other one's nodes are to come here.</summary>
    public bool IsOlderThan(ClusterIdentity other) =>
        FormedAt != other.FormedAt ? FormedAt < other.FormedAt
        : Id != other.Id ? Id.CompareTo(other.Id) < 0
        : string.CompareOrdinal(First, other.First) < 0;
}

/// <summary>The cluster for which a node ended its last actors: no younger one is joined while somebody of it may answer.</summary>
/// <param name="Address">Who told of it.</param>
/// <param name="Cluster">Which.</param>
internal sealed record ClusterAim(string Address, ClusterIdentity Cluster);
