using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>The members of the cluster as this node sees them, by cluster address; immutable.</summary>
/// <param name="Self">This node's own address.</param>
/// <param name="Members">Every member that is up or joining, this node included, and whether it can be reached.</param>
internal sealed record MembershipView(string Self, ImmutableSortedDictionary<string, MemberState> Members)
{
    /// <summary>Before anything is known.</summary>
    public static MembershipView Empty { get; } = new("", ImmutableSortedDictionary<string, MemberState>.Empty);

    /// <summary>The reachable members but this node.</summary>
    public IEnumerable<string> Others => Members.Where(m => m.Value.Reachable && m.Key != Self).Select(m => m.Key);

    /// <summary>Whether it is a member.</summary>
    public bool Contains(string address) => Members.ContainsKey(address);

    /// <summary>Whether it is a member that can be reached.</summary>
    public bool IsReachable(string address) => Members.TryGetValue(address, out var state) && state.Reachable;
}

/// <summary>A member's place in the cluster.</summary>
/// <param name="Status">joining, up, leaving, exiting or down.</param>
/// <param name="Reachable">Whether this node hears it.</param>
/// <param name="UnreachableSince">Since when this node does not hear it.</param>
internal sealed record MemberState(string Status, bool Reachable, DateTimeOffset? UnreachableSince = null);
