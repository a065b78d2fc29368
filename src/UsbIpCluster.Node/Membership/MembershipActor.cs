using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace UsbIpCluster.Node;

/// <summary>
/// Brings this node into the cluster and keeps the list of its members. Publishes <see cref="Changed"/> on the event stream.
/// <code>
/// Knocking --(member up: self)--> Member
///    |  no seeds, or nobody answers for FormAfter and this node comes first among its seeds: forms a cluster of its own
/// </code>
/// </summary>
internal sealed class MembershipActor : ReceiveActor, IWithTimers
{
    /// <summary>The members have changed: published on the event stream.</summary>
    public sealed record Changed(MembershipView View, MembershipView Previous);

    /// <summary>Asks for the members as they are; answered with a <see cref="MembershipView"/>.</summary>
    public sealed record GetMembers;

    /// <summary>How long a node knocks at its seeds before it forms a cluster of its own.</summary>
    public static readonly TimeSpan FormAfter = TimeSpan.FromSeconds(3);

    /// <summary>How long it waits for one seed before it knocks at the next.</summary>
    public static readonly TimeSpan KnockInterval = TimeSpan.FromSeconds(1);

    private const string KnockTimer = "knock";

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ImmutableArray<NetworkAddress> _seeds;
    private MembershipView _view;
    private int _knocks;

    public MembershipActor(ImmutableArray<NetworkAddress> seeds)
    {
        var self = _cluster.SelfAddress.ToString();
        _seeds = [.. seeds.Where(seed => seed.ToString() != ClusterAddress.Place(self).ToString())];
        _view = MembershipView.Empty with { Self = self };
        Become(Knocking);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent));
        if (_seeds.IsEmpty)
        {
            _cluster.Join(_cluster.SelfAddress);
            return;
        }

        Self.Tell(new Knock());
        Timers.StartPeriodicTimer(KnockTimer, new Knock(), KnockInterval);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Knocking()
    {
        Receive<Knock>(_ => KnockAtNext());
        Receive<Resolved>(resolved => Join(resolved.EndPoints));
        Receive<NotResolved>(not => _log.Warning("a seed is not known: {0}", not.Error.Message));
        Always();
    }

    private void Member()
    {
        Timers.Cancel(KnockTimer);
        Receive<Knock>(_ => { });
        Receive<Resolved>(_ => { });
        Receive<NotResolved>(_ => { });
        Always();
    }

    private void Always()
    {
        Receive<GetMembers>(_ => Sender.Tell(_view));
        Receive<ClusterEvent.MemberRemoved>(removed => Show(_view.Members.Remove(removed.Member.Address.ToString())));
        Receive<ClusterEvent.IMemberEvent>(change => Put(change.Member));
        Receive<ClusterEvent.UnreachableMember>(lost => SetReachable(lost.Member, reachable: false));
        Receive<ClusterEvent.ReachableMember>(back => SetReachable(back.Member, reachable: true));
    }

    private void KnockAtNext()
    {
        var waited = KnockInterval * _knocks;
        if (waited >= FormAfter && ComesFirst())
        {
            _log.Info("no seed answered for {0} s: forming a cluster", waited.TotalSeconds);
            Timers.Cancel(KnockTimer);
            _cluster.Join(_cluster.SelfAddress);
            return;
        }

        if (waited == FormAfter)
            _log.Warning("no seed has answered for {0} s: this node works alone, and goes on knocking", waited.TotalSeconds);
        _seeds[_knocks++ % _seeds.Length].ResolveAsync(CancellationToken.None)
            .PipeTo(Self, success: found => new Resolved(found), failure: error => new NotResolved(error));
    }

    // A member has one address, and a seed may have several names for it: the addresses of a name are tried in turn.
    private void Join(IReadOnlyList<IPEndPoint> endPoints)
    {
        if (endPoints.Count == 0)
            return;
        var self = _cluster.SelfAddress;
        var seed = ClusterAddress.At(endPoints[_knocks / _seeds.Length % endPoints.Count], self);
        if (seed != self)
            _cluster.Join(seed);
    }

    // Nodes that have each other as seeds and start together must agree on who forms the cluster: the lowest address does. A name can't be
    // compared with an address, so a node with a seed that is one leaves it to others.
    private bool ComesFirst()
    {
        var self = ClusterAddress.Place(_view.Self).ToString();
        return _seeds.All(seed => seed.EndPoint is not null && string.CompareOrdinal(self, seed.ToString()) < 0);
    }

    private void Put(Member member)
    {
        var address = member.Address.ToString();
        var reachable = !_view.Members.TryGetValue(address, out var known) || known.Reachable;
        Show(_view.Members.SetItem(address, new MemberState(member.Status.ToString().ToLowerInvariant(), reachable)));
        if (address == _view.Self && member.Status is MemberStatus.Up or MemberStatus.WeaklyUp)
            Become(Member);
    }

    private void SetReachable(Member member, bool reachable)
    {
        var address = member.Address.ToString();
        if (_view.Members.TryGetValue(address, out var known))
            Show(_view.Members.SetItem(address, known with { Reachable = reachable }));
    }

    private void Show(ImmutableSortedDictionary<string, MemberState> members)
    {
        if (ReferenceEquals(members, _view.Members))
            return;
        var previous = _view;
        _view = _view with { Members = members };
        Context.System.EventStream.Publish(new Changed(_view, previous));
    }

    private sealed record Knock;

    private sealed record Resolved(IReadOnlyList<IPEndPoint> EndPoints);

    private sealed record NotResolved(Exception Error);
}
