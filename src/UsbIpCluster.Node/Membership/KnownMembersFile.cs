using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>The members that this node has last known, in the state folder: where it knocks besides its seeds.</summary>
internal sealed class KnownMembersFile(StateFolder state)
{
    /// <summary>How many are kept.</summary>
    public const int Max = 64;

    private readonly StateFile<KeptMembers> _file = new(state, "members.json");

    /// <summary>The members, the last one that came first.</summary>
    /// <param name="report">Told of what can't be used.</param>
    public ImmutableArray<NetworkAddress> Read(Action<string> report)
    {
        var kept = _file.Read(out var problem);
        if (problem is not null)
            report($"{problem}; the members are known again when they are met");
        return kept is null ? [] : [.. kept.Members.Where(member => member is not null).Distinct().Take(Max)];
    }

    /// <summary>Writes them; completes when they are on the disk.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">They could not be written.</exception>
    public Task WriteAsync(ImmutableArray<NetworkAddress> members) => _file.WriteAsync(new KeptMembers(members));
}
