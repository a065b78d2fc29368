namespace Akka.Cluster;

/// <summary>What a cluster tells its subscribers. A member's status may skip a step: then so do its events.</summary>
public static class ClusterEvent
{
    /// <summary>The state so far as the events that led to it.</summary>
    public const SubscriptionInitialStateMode InitialStateAsEvents = SubscriptionInitialStateMode.InitialStateAsEvents;

    /// <summary>The state so far as one <see cref="CurrentClusterState"/>.</summary>
    public const SubscriptionInitialStateMode InitialStateAsSnapshot = SubscriptionInitialStateMode.InitialStateAsSnapshot;

    /// <summary>How a new subscriber is told the state so far.</summary>
    public enum SubscriptionInitialStateMode
    {
        /// <summary>As one <see cref="CurrentClusterState"/>.</summary>
        InitialStateAsSnapshot,

        /// <summary>As events.</summary>
        InitialStateAsEvents,
    }

    /// <summary>Any event of the cluster.</summary>
    public interface IClusterDomainEvent : IDeadLetterSuppression;

    /// <summary>A member came, went on, or went.</summary>
    public interface IMemberEvent : IClusterDomainEvent
    {
        /// <summary>The member, as it is now.</summary>
        Member Member { get; }
    }

    /// <summary>A member can no longer, or can again, be reached from here.</summary>
    public interface IReachabilityEvent : IClusterDomainEvent;

    /// <summary>The cluster as this node sees it.</summary>
    public sealed class CurrentClusterState(ImmutableSortedSet<Member> members, ImmutableHashSet<Member> unreachable)
    {
        /// <summary>The members, also those that can't be reached.</summary>
        public ImmutableSortedSet<Member> Members { get; } = members;

        /// <summary>The members that can't be reached from here.</summary>
        public ImmutableHashSet<Member> Unreachable { get; } = unreachable;
    }

    /// <summary>An event with its member.</summary>
    public abstract class MemberStatusChange(Member member) : IMemberEvent
    {
        /// <inheritdoc/>
        public Member Member { get; } = member;

        /// <inheritdoc/>
        public override string ToString() => $"{GetType().Name}({Member})";
    }

    /// <summary>An event with its member.</summary>
    public abstract class ReachabilityEvent(Member member) : IReachabilityEvent
    {
        /// <summary>The member.</summary>
        public Member Member { get; } = member;

        /// <inheritdoc/>
        public override string ToString() => $"{GetType().Name}({Member})";
    }

    /// <summary>A member was let in.</summary>
    public sealed class MemberJoined(Member member) : MemberStatusChange(member);

    /// <summary>A member is at work.</summary>
    public sealed class MemberUp(Member member) : MemberStatusChange(member);

    /// <summary>A member was told to leave.</summary>
    public sealed class MemberLeft(Member member) : MemberStatusChange(member);

    /// <summary>A member is leaving.</summary>
    public sealed class MemberExited(Member member) : MemberStatusChange(member);

    /// <summary>A member was declared gone.</summary>
    public sealed class MemberDowned(Member member) : MemberStatusChange(member);

    /// <summary>A member is none any more. When it is this node, its actor system must be replaced before it can join again.</summary>
    public sealed class MemberRemoved(Member member, MemberStatus previousStatus) : MemberStatusChange(member)
    {
        /// <summary>What it was before.</summary>
        public MemberStatus PreviousStatus { get; } = previousStatus;
    }

    /// <summary>A member can't be reached from here.</summary>
    public sealed class UnreachableMember(Member member) : ReachabilityEvent(member);

    /// <summary>A member can be reached from here again.</summary>
    public sealed class ReachableMember(Member member) : ReachabilityEvent(member);
}
