namespace Akka.Cluster;

/// <summary>What is known of one incarnation.</summary>
/// <param name="Status">How far it is; the further one wins when two tables meet.</param>
/// <param name="RemovedAt">When it was removed, in seconds since 1970; 0 before.</param>
internal readonly record struct MemberState(MemberStatus Status, long RemovedAt);

/// <summary>
/// Who belongs to the cluster. Every incarnation has one entry whose status only moves on, so tables merge entry by entry, in any order
/// and any number of times, to the same result. The removed ones are kept so that an old table can't bring them back: the last four of
/// each address, for a day.
/// </summary>
internal sealed class MembershipTable
{
    private const int KeptForEachAddress = 4;
    private const int MaxEntries = 4096;
    private static readonly TimeSpan s_keptFor = TimeSpan.FromDays(1);

    private readonly ImmutableSortedDictionary<UniqueAddress, MemberState> _entries;

    private MembershipTable(ImmutableSortedDictionary<UniqueAddress, MemberState> entries)
    {
        _entries = entries;
        Digest = entries.Aggregate(14695981039346656037UL, (hash, entry) => Mix(hash, entry.Key, entry.Value));
    }

    public static MembershipTable Empty { get; } = new(ImmutableSortedDictionary<UniqueAddress, MemberState>.Empty);

    /// <summary>Equal for equal tables; for different ones all but surely different.</summary>
    public ulong Digest { get; }

    /// <summary>Those that have not been removed.</summary>
    public IEnumerable<Member> Members => _entries.Where(entry => entry.Value.Status != MemberStatus.Removed)
        .Select(entry => new Member(entry.Key, entry.Value.Status));

    public MemberStatus? Status(UniqueAddress member) => _entries.TryGetValue(member, out var state) ? state.Status : null;

    /// <summary>The incarnation at an address that has not been removed.</summary>
    public Member? At(Address address) => Members.FirstOrDefault(member => member.Address == address);

    /// <summary>The table in which a member is at least this far.</summary>
    public MembershipTable With(UniqueAddress member, MemberStatus status, DateTimeOffset now)
    {
        var removedAt = status == MemberStatus.Removed ? now.ToUnixTimeSeconds() : 0;
        return Pruned(_entries.SetItem(member, Further(_entries.GetValueOrDefault(member), new MemberState(status, removedAt))), now);
    }

    /// <summary>The table with what either of the two knows.</summary>
    public MembershipTable Merge(MembershipTable other, DateTimeOffset now)
    {
        if (other.Digest == Digest)
            return this;
        var merged = _entries.ToBuilder();
        foreach (var (member, state) in other._entries)
            merged[member] = merged.TryGetValue(member, out var known) ? Further(known, state) : state;
        return Pruned(merged.ToImmutable(), now);
    }

    /// <summary>Appends a count (32 bits) and for each entry host, port, uid, status and time of removal. All are of the same system name.</summary>
    public WireWriter Write(WireWriter writer)
    {
        writer.Int32(_entries.Count);
        foreach (var (member, state) in _entries)
        {
            writer.Text(member.Address.Host!).Int32(member.Address.Port!.Value).Int32(member.Uid)
                .Byte((byte)state.Status).Int64(state.RemovedAt);
        }

        return writer;
    }

    /// <exception cref="WireException">It is no table.</exception>
    public static MembershipTable Read(ref WireReader reader, string system, DateTimeOffset now)
    {
        var count = reader.Int32();
        if (count is < 0 or > MaxEntries)
            throw new WireException($"a table of {count} members");
        var entries = ImmutableSortedDictionary.CreateBuilder<UniqueAddress, MemberState>();
        for (var i = 0; i < count; i++)
        {
            var text = $"akka.tcp://{system}@{reader.Text(256)}:{(uint)reader.Int32()}";
            var (uid, status, removedAt) = (reader.Int32(), (MemberStatus)reader.Byte(), reader.Int64());
            if (!Address.TryParse(text, out var address) || status > MemberStatus.Removed)
                throw new WireException($"a member that is none: {text}, status {status}");
            if ((status == MemberStatus.Removed) != (removedAt != 0) || removedAt < 0)
                throw new WireException($"a member removed at {removedAt} with the status {status}");
            entries[new UniqueAddress(address, uid)] = new MemberState(status, removedAt);
        }

        return Pruned(entries.ToImmutable(), now);
    }

    private static MemberState Further(MemberState one, MemberState other) =>
        one.Status != other.Status ? (one.Status > other.Status ? one : other)
        : one.RemovedAt <= other.RemovedAt ? one : other;

    private static MembershipTable Pruned(ImmutableSortedDictionary<UniqueAddress, MemberState> entries, DateTimeOffset now)
    {
        var oldest = (now - s_keptFor).ToUnixTimeSeconds();
        var superfluous = entries.Where(entry => entry.Value.Status == MemberStatus.Removed)
            .GroupBy(entry => entry.Key.Address)
            .SelectMany(ofAddress => ofAddress.OrderByDescending(entry => entry.Value.RemovedAt).ThenBy(entry => entry.Key.Uid)
                .Where((entry, rank) => rank >= KeptForEachAddress || entry.Value.RemovedAt < oldest));
        return new MembershipTable(entries.RemoveRange(superfluous.Select(entry => entry.Key).ToArray()));
    }

    private static ulong Mix(ulong hash, UniqueAddress member, MemberState state)
    {
        foreach (var character in $"{member.Address.Host} {member.Address.Port} {member.Uid} {(int)state.Status} {state.RemovedAt}\n")
            hash = (hash ^ character) * 1099511628211UL;
        return hash;
    }
}
