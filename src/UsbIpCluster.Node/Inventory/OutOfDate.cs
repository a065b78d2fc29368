using System.Diagnostics.CodeAnalysis;
using EntryVersion = (long Incarnation, long Version);

namespace UsbIpCluster.Node;

/// <summary>
/// The members of which this node knows that it does not know all: they have not said yet what they have, or can't be reached, or a later
/// entry has been told of than the one that is here, or they were asked because what they said does not fit. By address.
/// </summary>
internal sealed class OutOfDate
{
    // What each of them has to say of itself at least; 0 where it only has to say it.
    private readonly Dictionary<string, EntryVersion> _least = new(StringComparer.Ordinal);

    // Those that are to be asked when it is time.
    private readonly HashSet<string> _doubted = new(StringComparer.Ordinal);
    private MembershipView _members = MembershipView.Empty;

    /// <summary>Their addresses.</summary>
    public IReadOnlyCollection<string> Addresses => _least.Keys;

    /// <summary>What the node at an address has to say of itself at least.</summary>
    public EntryVersion Least(string address) => _least.GetValueOrDefault(address);

    /// <summary>Whether the node at an address is one of them.</summary>
    public bool Contains(string? address) => address is not null && _least.ContainsKey(address);

    /// <summary>The members are others: what is no member has no entry, and who can't be reached, or could not be before, has to say it again.</summary>
    public void Meet(MembershipView members)
    {
        var before = _members;
        _members = members;
        foreach (var gone in _least.Keys.Where(address => !members.Contains(address)).ToArray())
            _least.Remove(gone);
        foreach (var address in members.Members.Keys.Where(address => !(before.IsReachable(address) && members.IsReachable(address))))
            Expect(address, default);
    }

    /// <summary>The node at an address has to say what it has, and at least this.</summary>
    public void Expect(string? address, EntryVersion version)
    {
        if (IsOther(address))
            _least[address] = version.CompareTo(Least(address)) > 0 ? version : Least(address);
    }

    /// <summary>What the node at an address says does not fit what is known, but may only be late: it is to be asked when it goes on.</summary>
    public void Doubt(string? address)
    {
        if (IsOther(address))
            _doubted.Add(address);
    }

    /// <summary>Those that were doubted since the last time, and can be asked now.</summary>
    public IReadOnlyList<string> TakeDoubted()
    {
        string[] doubted = [.. _doubted.Where(_members.IsReachable)];
        _doubted.Clear();
        foreach (var address in doubted)
            Expect(address, default);
        return doubted;
    }

    /// <summary>The node at an address has said that it has this, and so much is here, or was left out.</summary>
    public void Hear(string? address, EntryVersion version)
    {
        if (Contains(address) && _members.IsReachable(address!) && version.CompareTo(Least(address!)) >= 0)
            _least.Remove(address!);
    }

    /// <summary>The node at an address has answered, whatever it said: enough, unless something later has been told of since it was asked.</summary>
    /// <param name="address">Who has answered.</param>
    /// <param name="least">What was <see cref="Least"/> when it was asked.</param>
    public void HearAnswer(string address, EntryVersion least)
    {
        if (Least(address) == least)
            Hear(address, least);
    }

    private bool IsOther([NotNullWhen(true)] string? address) => address is not null && address != _members.Self && _members.Contains(address);
}
