namespace Akka.Cluster;

/// <summary>How far a member is. It only ever moves on.</summary>
public enum MemberStatus
{
    /// <summary>Let in, but not at work yet.</summary>
    Joining = 0,

    /// <summary>A full member.</summary>
    Up = 1,

    /// <summary>Told to leave.</summary>
    Leaving = 2,

    /// <summary>Leaving, and known to do so.</summary>
    Exiting = 3,

    /// <summary>Declared gone.</summary>
    Down = 4,

    /// <summary>No member any more, nor ever again as this incarnation.</summary>
    Removed = 5,

    /// <summary>Not used here, where joining is never held up.</summary>
    WeaklyUp = 6,
}

/// <summary>An actor system in one incarnation: after a restart the same address has another uid.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Uid">Which incarnation; random.</param>
public sealed record UniqueAddress(Address Address, int Uid) : IComparable<UniqueAddress>
{
    /// <inheritdoc/>
    public int CompareTo(UniqueAddress? other) =>
        other is null ? 1 : Address.CompareTo(other.Address) is var byAddress and not 0 ? byAddress : Uid.CompareTo(other.Uid);
}

/// <summary>A member of the cluster. Two are equal when their unique addresses are.</summary>
public class Member : IComparable<Member>
{
    internal Member(UniqueAddress uniqueAddress, MemberStatus status) => (UniqueAddress, Status) = (uniqueAddress, status);

    /// <summary>Which incarnation of which system.</summary>
    public UniqueAddress UniqueAddress { get; }

    /// <summary>Where it is.</summary>
    public Address Address => UniqueAddress.Address;

    /// <summary>How far it is.</summary>
    public MemberStatus Status { get; }

    /// <summary>None: roles are not used.</summary>
    public ImmutableHashSet<string> Roles => [];

    /// <inheritdoc/>
    public int CompareTo(Member? other) => UniqueAddress.CompareTo(other?.UniqueAddress);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Member other && UniqueAddress.Equals(other.UniqueAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => UniqueAddress.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"Member(address = {Address}, Uid={UniqueAddress.Uid} status = {Status})";
}
