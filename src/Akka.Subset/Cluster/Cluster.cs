namespace Akka.Cluster;

/// <summary>The cluster as a system takes part in it. What is asked for here happens later; the events tell when.</summary>
public class Cluster
{
    private readonly SubsetActorSystem _system;
    private readonly IActorRef _daemon;
    private volatile ClusterEvent.CurrentClusterState _state = new([], []);
    private volatile Member _self;

    internal Cluster(SubsetActorSystem system, Remote.Transport transport)
    {
        _system = system;
        SelfUniqueAddress = transport.Self;
        _self = new Member(SelfUniqueAddress, MemberStatus.Removed);
        _daemon = system.SystemActorOf(Props.Create<ClusterDaemon>(this, transport), "cluster");
        transport.ClusterFrames = (from, frame) =>
            _daemon.Tell(new ClusterDaemon.Received(from, ClusterMessage.FromFrame(frame, system.Name, system.Scheduler.Now)), ActorRefs.NoSender);
    }

    /// <summary>This system.</summary>
    public UniqueAddress SelfUniqueAddress { get; }

    /// <summary>Where this system is.</summary>
    public Address SelfAddress => SelfUniqueAddress.Address;

    /// <summary>This system as a member; with the status <see cref="MemberStatus.Removed"/> before it joins and after it was removed.</summary>
    public Member SelfMember => _self;

    /// <summary>The cluster as this node sees it now.</summary>
    public ClusterEvent.CurrentClusterState State => _state;

    /// <summary>True once this node has been removed: it can't join again, a new system can.</summary>
    public bool IsTerminated { get; private set; }

    internal SubsetClusterSettings Settings => _system.Settings.Cluster;

    /// <summary>The cluster of a system.</summary>
    /// <exception cref="InvalidOperationException">The system has no remoting.</exception>
    public static Cluster Get(ActorSystem system) => ((SubsetActorSystem)system).ClusterExtension
        ?? throw new InvalidOperationException($"The actor system '{system.Name}' has no remoting, so it can't be in a cluster");

    /// <summary>Joins the cluster of a member, once a second until it succeeds; joining oneself founds a cluster. A later call takes the
    /// place of an earlier one that has not succeeded; a member ignores it.</summary>
    public void Join(Address address) => _daemon.Tell(new ClusterDaemon.JoinTo(address), ActorRefs.NoSender);

    /// <summary>Joins the first of these that answers; when this node is the first of them and none answers for a while, it founds a cluster.</summary>
    public void JoinSeedNodes(IEnumerable<Address> seedNodes) => _daemon.Tell(new ClusterDaemon.JoinAnyOf([.. seedNodes]), ActorRefs.NoSender);

    /// <summary>Asks a member to leave. It will when it hears of it; the one that can't be reached must be downed.</summary>
    public void Leave(Address address) => _daemon.Tell(new ClusterDaemon.LeaveOf(address), ActorRefs.NoSender);

    /// <summary>Declares a member gone, at once and for good.</summary>
    public void Down(Address address) => _daemon.Tell(new ClusterDaemon.DownOf(address), ActorRefs.NoSender);

    /// <summary>Subscribes with the state so far as a <see cref="ClusterEvent.CurrentClusterState"/>.</summary>
    public void Subscribe(IActorRef subscriber, params Type[] to) =>
        Subscribe(subscriber, ClusterEvent.InitialStateAsSnapshot, to);

    /// <summary>Subscribes an actor to events, by their types.</summary>
    /// <exception cref="ArgumentException">There is no type, or one that is no event of the cluster.</exception>
    public void Subscribe(IActorRef subscriber, ClusterEvent.SubscriptionInitialStateMode initialStateMode, params Type[] to)
    {
        if (to.Length == 0 || !to.All(typeof(ClusterEvent.IClusterDomainEvent).IsAssignableFrom))
            throw new ArgumentException("at least one subtype of IClusterDomainEvent is needed, and nothing else", nameof(to));
        _daemon.Tell(new ClusterDaemon.Subscription(subscriber, initialStateMode, [.. to]), ActorRefs.NoSender);
    }

    /// <summary>Ends all subscriptions of an actor.</summary>
    public void Unsubscribe(IActorRef subscriber) => _daemon.Tell(new ClusterDaemon.Unsubscription(subscriber, null), ActorRefs.NoSender);

    /// <summary>Ends a subscription of an actor.</summary>
    public void Unsubscribe(IActorRef subscriber, Type to) => _daemon.Tell(new ClusterDaemon.Unsubscription(subscriber, to), ActorRefs.NoSender);

    internal void Publish(ClusterEvent.CurrentClusterState state, Member self)
    {
        (_state, _self) = (state, self);
        IsTerminated |= self.Status is MemberStatus.Removed;
    }
}
