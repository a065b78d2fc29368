using Akka.Actor;
using Akka.Cluster;

namespace UsbIpCluster.Node;

/// <summary>The cluster of an actor system.</summary>
internal sealed class ClusterLink(ActorSystem system) : IClusterLink
{
    private readonly Cluster _cluster = Cluster.Get(system);

    /// <inheritdoc/>
    public string Self => _cluster.SelfAddress.ToString();

    /// <inheritdoc/>
    public void Join(string address) => _cluster.Join(Address.Parse(address));

    /// <inheritdoc/>
    public void Down(string address) => _cluster.Down(Address.Parse(address));

    /// <inheritdoc/>
    public ICanTell MembershipAt(string address) => system.ActorSelection($"{address}/user/node/membership");

    /// <inheritdoc/>
    public Props Watcher(IActorRef membership) => Props.Create(() => new ClusterWatcher(membership));

    private sealed class ClusterWatcher : ReceiveActor
    {
        private readonly Cluster _cluster = Cluster.Get(Context.System);

        public ClusterWatcher(IActorRef membership)
        {
            Receive<ClusterEvent.MemberRemoved>(removed => membership.Tell(
                new MembershipActor.Gone(removed.Member.Address.ToString(), IsSelf(removed.Member))));
            Receive<ClusterEvent.IMemberEvent>(
                change => change.Member.Status == MemberStatus.Down && IsSelf(change.Member),
                change => membership.Tell(new MembershipActor.Gone(change.Member.Address.ToString(), IsSelf: true)));
            Receive<ClusterEvent.IMemberEvent>(change => membership.Tell(new MembershipActor.Seen(
                change.Member.Address.ToString(),
                change.Member.Status.ToString().ToLowerInvariant(),
                change.Member.Status is MemberStatus.Up or MemberStatus.WeaklyUp)));
            Receive<ClusterEvent.UnreachableMember>(lost => membership.Tell(
                new MembershipActor.Heard(lost.Member.Address.ToString(), Reachable: false)));
            Receive<ClusterEvent.ReachableMember>(back => membership.Tell(
                new MembershipActor.Heard(back.Member.Address.ToString(), Reachable: true)));
        }

        protected override void PreStart() => _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent));

        protected override void PostStop() => _cluster.Unsubscribe(Self);

        // Of an earlier incarnation at this node's address one is told, too.
        private bool IsSelf(Member member) => member.UniqueAddress.Equals(_cluster.SelfUniqueAddress);
    }
}
