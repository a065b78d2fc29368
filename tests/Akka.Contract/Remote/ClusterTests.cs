using Akka.Actor;
using Akka.Cluster;
using Akka.TestKit;

namespace Akka.Contract.Remote;

public sealed class ClusterTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly List<ActorSystem> _systems = [];
    private readonly List<Proxy> _proxies = [];

    [Fact]
    public void A_node_that_joins_itself_is_up()
    {
        var (cluster, events) = Node();
        cluster.Join(cluster.SelfAddress);
        Expect<ClusterEvent.MemberUp>(events, cluster);
        AwaitCondition(() => cluster.SelfMember.Status == MemberStatus.Up, Soon);
        Assert.Equal([cluster.SelfUniqueAddress], cluster.State.Members.Select(member => member.UniqueAddress));
    }

    [Fact]
    public void A_node_that_joins_is_up_for_itself_and_for_the_others()
    {
        var (first, second) = TwoNodes();
        AwaitCondition(() => Up(first) == 2 && Up(second) == 2, Soon);

        // The state is read from another subscriber than the one that has told of it.
        static int Up((Cluster.Cluster Cluster, TestProbe Events) node) =>
            node.Cluster.State.Members.Count(member => member.Status == MemberStatus.Up);
    }

    [Fact]
    public void A_node_can_join_through_any_member()
    {
        var (first, second) = TwoNodes();
        var third = Node();
        third.Cluster.Join(second.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberUp>(third.Events, first.Cluster, second.Cluster, third.Cluster);
        Expect<ClusterEvent.MemberUp>(first.Events, third.Cluster);
        Expect<ClusterEvent.MemberUp>(second.Events, third.Cluster);
    }

    [Fact]
    public void A_later_join_takes_the_place_of_one_that_does_not_succeed()
    {
        var (first, second) = (Node(), Node());
        first.Cluster.Join(first.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberUp>(first.Events, first.Cluster);
        second.Cluster.Join(new Address("akka.tcp", Systems.Name, "127.0.0.1", 1));
        second.Cluster.Join(first.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberUp>(first.Events, second.Cluster);
    }

    [Fact]
    public void A_node_that_joins_before_there_is_a_cluster_is_let_in_later()
    {
        var (first, second) = (Node(), Node());
        second.Cluster.Join(first.Cluster.SelfAddress);
        first.Cluster.Join(first.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberUp>(first.Events, first.Cluster, second.Cluster);
    }

    [Fact]
    public void Seed_nodes_make_one_cluster()
    {
        var nodes = new[] { Node(), Node(), Node() };
        var seeds = nodes.Take(2).Select(node => node.Cluster.SelfAddress).ToArray();
        foreach (var node in nodes)
            node.Cluster.JoinSeedNodes(seeds);
        foreach (var node in nodes)
            Expect<ClusterEvent.MemberUp>(node.Events, [.. nodes.Select(other => other.Cluster)]);
    }

    [Fact]
    public void A_subscriber_gets_the_state_so_far_as_a_snapshot_or_as_events()
    {
        var (first, second) = TwoNodes();
        var (snapshot, events) = (CreateTestProbe(_systems[0]), CreateTestProbe(_systems[0]));
        first.Cluster.Subscribe(snapshot.Ref, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        Assert.Equal(2, snapshot.ExpectMsg<ClusterEvent.CurrentClusterState>(Soon).Members.Count);
        first.Cluster.Subscribe(events.Ref, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Expect<ClusterEvent.MemberUp>(events, first.Cluster, second.Cluster);
    }

    [Fact]
    public void A_node_that_leaves_is_removed_for_itself_and_for_the_others()
    {
        var (first, second) = TwoNodes();
        second.Cluster.Leave(second.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberRemoved>(first.Events, second.Cluster);
        Expect<ClusterEvent.MemberRemoved>(second.Events, second.Cluster);
        AwaitCondition(() => second.Cluster.IsTerminated && first.Cluster.State.Members.Count == 1, Soon);
    }

    [Fact]
    public void A_node_can_be_made_to_leave_by_another()
    {
        var (first, second) = TwoNodes();
        first.Cluster.Leave(second.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberRemoved>(first.Events, second.Cluster);
        Expect<ClusterEvent.MemberRemoved>(second.Events, second.Cluster);
    }

    [Fact]
    public void A_node_that_is_downed_while_it_can_be_reached_is_removed_for_itself_and_for_the_others()
    {
        var (first, second) = TwoNodes();
        first.Cluster.Down(second.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberRemoved>(first.Events, second.Cluster);
        Expect<ClusterEvent.MemberRemoved>(second.Events, second.Cluster);
        AwaitCondition(() => second.Cluster.IsTerminated, Soon);
    }

    [Fact]
    public void Who_has_unsubscribed_is_told_nothing_more()
    {
        var (first, second) = TwoNodes();
        first.Cluster.Unsubscribe(first.Events.Ref);
        var still = CreateTestProbe(_systems[0]);
        first.Cluster.Subscribe(still.Ref, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        second.Cluster.Leave(second.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberRemoved>(still, second.Cluster);
        first.Events.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_killed_node_is_unreachable_and_stays_a_member_until_it_is_downed()
    {
        var (first, second) = TwoNodes();
        ((ExtendedActorSystem)_systems[1]).Abort();
        Expect<ClusterEvent.UnreachableMember>(first.Events, second.Cluster);
        AwaitCondition(() => first.Cluster.State is { Members.Count: 2, Unreachable.Count: 1 }, Soon);
        first.Cluster.Down(second.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberRemoved>(first.Events, second.Cluster);
        AwaitCondition(() => first.Cluster.State is { Members.Count: 1, Unreachable.Count: 0 }, Soon);
    }

    [Fact]
    public void Nodes_that_were_cut_from_each_other_find_each_other_again()
    {
        var (first, second) = (Proxied(), Proxied());
        Join(first, second);
        _proxies.ForEach(proxy => proxy.Cut());
        Expect<ClusterEvent.UnreachableMember>(first.Events, second.Cluster);
        Expect<ClusterEvent.UnreachableMember>(second.Events, first.Cluster);
        _proxies.ForEach(proxy => proxy.Heal());
        Expect<ClusterEvent.ReachableMember>(first.Events, second.Cluster);
        Expect<ClusterEvent.ReachableMember>(second.Events, first.Cluster);
        AwaitCondition(() => first.Cluster.State.Unreachable.IsEmpty && second.Cluster.State.Unreachable.IsEmpty, Soon);
    }

    [Fact]
    public async Task A_node_that_comes_back_at_its_address_replaces_its_old_incarnation()
    {
        var (first, second) = TwoNodes();
        var (address, old) = (second.Cluster.SelfAddress, second.Cluster.SelfUniqueAddress);
        ((ExtendedActorSystem)_systems[1]).Abort();
        await _systems[1].WhenTerminated.WaitAsync(Soon);
        var again = Node(address.Port!.Value);
        Assert.NotEqual(old, again.Cluster.SelfUniqueAddress);
        again.Cluster.Join(first.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberRemoved>(first.Events, second.Cluster);
        Expect<ClusterEvent.MemberUp>(first.Events, again.Cluster);
        AwaitCondition(
            () => first.Cluster.State.Members.Select(member => member.UniqueAddress).ToHashSet()
                .SetEquals([first.Cluster.SelfUniqueAddress, again.Cluster.SelfUniqueAddress]), Soon);
    }

    protected override void AfterAll()
    {
        Task.WaitAll([.. _systems.Select(system => system.Terminate())], Soon);
        _proxies.ForEach(proxy => proxy.Dispose());
        base.AfterAll();
    }

    private static void Expect<TEvent>(TestProbe events, params Cluster.Cluster[] members)
        where TEvent : ClusterEvent.IClusterDomainEvent
    {
        var missing = members.Select(member => member.SelfUniqueAddress).ToHashSet();
        while (missing.Count > 0)
        {
            events.FishForMessage<TEvent>(happened => happened switch
            {
                ClusterEvent.IMemberEvent change => missing.Remove(change.Member.UniqueAddress),
                ClusterEvent.ReachabilityEvent change => missing.Remove(change.Member.UniqueAddress),
                _ => false,
            }, Soon);
        }
    }

    private ((Cluster.Cluster Cluster, TestProbe Events) First, (Cluster.Cluster Cluster, TestProbe Events) Second) TwoNodes()
    {
        var (first, second) = (Node(), Node());
        Join(first, second);
        return (first, second);
    }

    private static void Join((Cluster.Cluster Cluster, TestProbe Events) first, (Cluster.Cluster Cluster, TestProbe Events) second)
    {
        first.Cluster.Join(first.Cluster.SelfAddress);
        second.Cluster.Join(first.Cluster.SelfAddress);
        Expect<ClusterEvent.MemberUp>(first.Events, first.Cluster, second.Cluster);
        Expect<ClusterEvent.MemberUp>(second.Events, first.Cluster, second.Cluster);
    }

    private (Cluster.Cluster Cluster, TestProbe Events) Proxied()
    {
        var proxy = new Proxy();
        _proxies.Add(proxy);
        proxy.Target = Proxy.FreePort();
        return Node(proxy.Target, proxy.Port);
    }

    private (Cluster.Cluster Cluster, TestProbe Events) Node(int port = 0, int? publicPort = null)
    {
        var system = Systems.Create(port, publicPort);
        _systems.Add(system);
        var (cluster, events) = (Cluster.Cluster.Get(system), CreateTestProbe(system));
        cluster.Subscribe(
            events.Ref, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        return (cluster, events);
    }
}
