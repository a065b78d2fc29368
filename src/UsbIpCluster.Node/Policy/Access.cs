using System.Collections.Immutable;
using System.Net;

namespace UsbIpCluster.Node;

/// <summary>What a device's policy says of somebody who asks.</summary>
internal enum Verdict
{
    /// <summary>Yes.</summary>
    Allowed,

    /// <summary>No.</summary>
    Denied,

    /// <summary>It depends on the address from which the session comes, which is not known yet.</summary>
    Undecided,
}

/// <summary>Who may have a device. <see cref="Deny"/> goes before <see cref="Allow"/>; an empty <see cref="Allow"/> is everybody.</summary>
internal sealed record Access(ImmutableArray<AccessRule> Allow, ImmutableArray<AccessRule> Deny)
{
    /// <summary>Everybody.</summary>
    public static Access Open { get; } = new([], []);

    /// <summary>Nobody.</summary>
    public static Access Closed { get; } = new([], [new AccessRule("*", null, null)]);

    /// <summary>May an importer have it?</summary>
    /// <param name="node">The importer's node.</param>
    /// <param name="user">The user who asked, as that node says; null when it does not say.</param>
    /// <param name="address">Where the data connection comes from; null while there is none.</param>
    public Verdict ForLease(NodeName node, string? user, IPAddress? address)
    {
        var denied = Any(Deny, node, user, address);
        if (denied is true)
            return Verdict.Denied;
        var allowed = Allow.IsEmpty ? true : Any(Allow, node, user, address);
        return allowed is false ? Verdict.Denied : allowed is true && denied is false ? Verdict.Allowed : Verdict.Undecided;
    }

    /// <summary>
    /// May a plain USB/IP client have it? It is no node and no user: where nodes or users decide, only an address that is written out lets it
    /// in. A denial that names its address together with a node or user counts: nobody can tell that it is not the one who is meant.
    /// </summary>
    public bool ForPlainClient(IPAddress address)
    {
        if (Deny.Any(rule => rule.Covers(address)))
            return false;
        return Allow.Any(rule => rule.IsNetworkOnly && rule.Covers(address)) || (Allow.IsEmpty && Deny.All(rule => rule.IsNetworkOnly));
    }

    /// <inheritdoc/>
    public bool Equals(Access? other) =>
        other is not null && Allow.AsSpan().SequenceEqual(other.Allow.AsSpan()) && Deny.AsSpan().SequenceEqual(other.Deny.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Allow.Length, Allow.FirstOrDefault(), Deny.Length, Deny.FirstOrDefault());

    private static bool? Any(ImmutableArray<AccessRule> rules, NodeName node, string? user, IPAddress? address)
    {
        bool? any = false;
        foreach (var rule in rules)
        {
            switch (rule.Matches(node, user, address))
            {
                case true:
                    return true;
                case null:
                    any = null;
                    break;
            }
        }

        return any;
    }
}
