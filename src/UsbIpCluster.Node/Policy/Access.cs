using System.Collections.Immutable;
using System.IO.Enumeration;
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

/// <summary>Who is meant by one line of a policy: all that is said must be true.</summary>
/// <param name="Node">The importer's node, by a name with <c>*</c> and <c>?</c>; null for any.</param>
/// <param name="User">The user there; null for any.</param>
/// <param name="Network">The address of the data connection; null for any.</param>
internal sealed record AccessRule(string? Node, string? User, IPNetwork? Network)
{
    /// <summary>Whether it is about addresses alone, and so says something of plain USB/IP clients too.</summary>
    public bool IsNetworkOnly => this is { Node: null, User: null, Network: not null };

    /// <summary>Whether this is about the importer; null when that depends on an address that is not known yet.</summary>
    public bool? Matches(NodeName node, string? user, IPAddress? address)
    {
        if (Node is not null && !FileSystemName.MatchesSimpleExpression(Node, node.Value, ignoreCase: true))
            return false;
        if (User is not null && User != user)
            return false;
        return Network is null ? true : address is null ? null : Network.Value.Contains(address);
    }
}

/// <summary>Who may have a device. <see cref="Deny"/> goes before <see cref="Allow"/>; an empty <see cref="Allow"/> is everybody.</summary>
internal sealed record Access(ImmutableArray<AccessRule> Allow, ImmutableArray<AccessRule> Deny)
{
    /// <summary>Everybody.</summary>
    public static Access Open { get; } = new([], []);

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
    /// May a plain USB/IP client have it? It is no node and no user: where nodes or users decide, only an address that is written out lets it in.
    /// </summary>
    public bool ForPlainClient(IPAddress address)
    {
        if (Deny.Any(rule => rule.IsNetworkOnly && rule.Network!.Value.Contains(address)))
            return false;
        return Allow.Any(rule => rule.IsNetworkOnly && rule.Network!.Value.Contains(address))
            || (Allow.IsEmpty && Deny.All(rule => rule.IsNetworkOnly));
    }

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

/// <summary>What the configuration exports: every local device that matches, under a name, for those who may have it.</summary>
internal sealed record ExportRule(Selector Match, string? Name, Access Access);
