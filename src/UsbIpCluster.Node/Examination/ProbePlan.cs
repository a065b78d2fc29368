using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>What a node tries when it is examined: both ports of every other member, as this node knows them from itself.</summary>
internal static class ProbePlan
{
    /// <summary>How many endpoints of a node are tried; an importer would try more.</summary>
    public const int MaxEndpoints = 4;

    /// <summary>The attempts that are to be made, without outcomes.</summary>
    public static ImmutableArray<Probe> Of(MembershipView members, InventoryView nodes)
    {
        var entries = nodes.Nodes.Values.Select(node => node.Entry).ToLookup(entry => entry.Address, StringComparer.Ordinal);
        return
        [
            .. members.Members.Keys.Where(address => address != members.Self)
                .SelectMany(address => Of(address, entries[address].FirstOrDefault()))
                .Take(ExaminationDone.MaxProbes),
        ];
    }

    private static IEnumerable<Probe> Of(string address, NodeEntry? entry) =>
    [
        new Probe(address, Door.Cluster, ClusterAddress.Place(address), null),
        .. (entry?.Endpoints ?? []).Take(MaxEndpoints).Select(endpoint => new Probe(address, Door.UsbIp, endpoint, null)),
    ];
}
