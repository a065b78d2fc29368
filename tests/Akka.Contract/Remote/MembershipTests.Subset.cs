using Akka.Actor;
using Akka.Cluster;

namespace Akka.Contract.Remote;

/// <summary>Where this project's cluster promises more than Akka.NET's.</summary>
public sealed class MembershipTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly List<ActorSystem> _systems = [];
    private readonly List<Proxy> _proxies = [];

    [Fact]
    public async Task A_node_is_let_in_while_a_member_is_unreachable()
    {
        var (first, second, third) = (Node(), Node(), Node());
        await Together(first, second);
        ((ExtendedActorSystem)_systems[1]).Abort();
        await Until(() => first.State.Unreachable.Count == 1);
        third.Join(first.SelfAddress);
        await Until(() => third.SelfMember.Status == MemberStatus.Up && Up(first) == 3);
    }

    [Fact]
    public async Task A_node_that_was_downed_while_it_was_cut_off_learns_of_it_when_the_cut_is_over()
    {
        var (first, second) = (Proxied(), Proxied());
        await Together(first, second);
        var events = CreateTestProbe(_systems[1]);
        second.Subscribe(events.Ref, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.MemberRemoved));
        events.ExpectMsg<ClusterEvent.CurrentClusterState>(Soon);
        _proxies.ForEach(proxy => proxy.Cut());
        await Until(() => first.State.Unreachable.Count == 1);
        first.Down(second.SelfAddress);
        await Until(() => first.State.Members.Count == 1);
        _proxies.ForEach(proxy => proxy.Heal());
        events.ExpectMsg<ClusterEvent.MemberRemoved>(removed => removed.Member.UniqueAddress == second.SelfUniqueAddress, Soon);
        Assert.True(second.IsTerminated);
    }

    [Fact]
    public async Task What_was_decided_on_two_sides_of_a_cut_holds_on_both_sides_afterwards()
    {
        var (first, second, third, fourth) = (Proxied(), Proxied(), Proxied(), Proxied());
        await Together(first, second, third, fourth);
        _proxies.ForEach(proxy => proxy.Cut());
        await Until(() => first.State.Unreachable.Count == 3 && second.State.Unreachable.Count == 3);
        first.Down(third.SelfAddress);
        second.Down(fourth.SelfAddress);
        await Until(() => first.State.Members.Count == 3 && second.State.Members.Count == 3);
        _proxies.ForEach(proxy => proxy.Heal());
        await Until(() => new[] { first, second }.All(cluster => cluster.State is { Members.Count: 2, Unreachable.Count: 0 }));
        await Until(() => third.IsTerminated && fourth.IsTerminated);
    }

    [Fact]
    public async Task Members_stay_in_touch_while_one_of_their_two_connections_stands_still()
    {
        var (first, second) = (Proxied(), Proxied());
        await Together(first, second);
        await Until(() => new[] { first, second }.All(cluster => cluster.State.Members.All(member => member.Status == MemberStatus.Up)));
        var unreachable = CreateTestProbe(_systems[0]);
        foreach (var cluster in new[] { first, second })
            cluster.Subscribe(unreachable.Ref, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember));
        _proxies[1].Hold();
        unreachable.ExpectNoMsg(3 * Systems.Pause);
        _proxies[0].Hold();
        unreachable.ExpectMsg<ClusterEvent.UnreachableMember>(Soon);
        unreachable.ExpectMsg<ClusterEvent.UnreachableMember>(Soon);
    }

    [Fact]
    public async Task A_member_of_another_cluster_is_not_taken_in()
    {
        var (first, second) = (Node(), Node());
        first.Join(first.SelfAddress);
        second.Join(second.SelfAddress);
        await Until(() => Up(first) == 1 && Up(second) == 1);
        second.Join(first.SelfAddress);
        var third = Node();
        third.Join(first.SelfAddress);
        await Until(() => Up(first) == 2);
        Assert.Equal(1, Up(second));
    }

    [Fact]
    public void A_system_without_remoting_has_no_cluster() => Assert.Throws<InvalidOperationException>(() => Cluster.Cluster.Get(Sys));

    protected override void AfterAll()
    {
        Task.WaitAll([.. _systems.Select(system => system.Terminate())], Soon);
        _proxies.ForEach(proxy => proxy.Dispose());
        base.AfterAll();
    }

    private static int Up(Cluster.Cluster cluster) => cluster.State.Members.Count(member => member.Status == MemberStatus.Up);

    private Task Until(Func<bool> condition) => AwaitConditionAsync(condition, Soon, TimeSpan.FromMilliseconds(20));

    private async Task Together(params Cluster.Cluster[] clusters)
    {
        foreach (var cluster in clusters)
            cluster.Join(clusters[0].SelfAddress);
        await Until(() => clusters.All(cluster => Up(cluster) == clusters.Length));
    }

    private Cluster.Cluster Proxied()
    {
        var proxy = new Proxy();
        _proxies.Add(proxy);
        proxy.Target = Proxy.FreePort();
        return Node(proxy.Target, proxy.Port);
    }

    private Cluster.Cluster Node(int port = 0, int? publicPort = null)
    {
        _systems.Add(Systems.Create(port, publicPort));
        return Cluster.Cluster.Get(_systems[^1]);
    }
}
