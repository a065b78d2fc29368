namespace Akka.Cluster;

/// <summary>
/// A node's part in the cluster. <c>Outside -> Member -> Removed</c>: there is no way back, only a new actor system.
/// The protocol is described in README.md.
/// </summary>
internal sealed partial class ClusterDaemon : ReceiveActor, IWithTimers
{
    private static readonly object s_tick = new();
    private static readonly object s_again = new();
    private static readonly object s_retry = new();

    private readonly Cluster _cluster;
    private readonly Transport _transport;
    private readonly SubsetClusterSettings _settings;
    private readonly UniqueAddress _self;
    private readonly Peers _peers;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private MembershipTable _table = MembershipTable.Empty;

    public ClusterDaemon(Cluster cluster, Transport transport)
    {
        (_cluster, _transport, _settings, _self) = (cluster, transport, cluster.Settings, transport.Self);
        _peers = new Peers(_settings);
        if (cluster.IsTerminated)
            Become(Removed);
        else
            Become(() => Outside([], TimeSpan.MaxValue));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => Context.System.Scheduler.Now;

    private TimeSpan Clock => Context.System.Scheduler.MonotonicClock;

    /// <summary>A fault in here costs the membership, which the node hears of as any other removal.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        var status = _cluster.SelfMember.Status;
        _cluster.Publish(_cluster.State, new Member(_self, MemberStatus.Removed));
        Announce(new ClusterEvent.MemberRemoved(_cluster.SelfMember, status));
        base.PreRestart(reason, message);
    }

    private void Member()
    {
        Receive<object>(_ => Tick(), message => message == s_tick);
        Receive<object>(_ => Ask(_peers.Owing(Clock), HeartbeatKind.Repetition), message => message == s_again);
        Receive<LeaveOf>(leave =>
        {
            if (_table.At(leave.Address) is { } member)
                Update(_table.With(member.UniqueAddress, MemberStatus.Leaving, Now), tell: true);
        });
        Receive<DownOf>(down =>
        {
            if (_table.At(down.Address) is { } member)
                Remove(member.UniqueAddress, tell: true);
        });
        Receive<Received>(received =>
        {
            switch (received.Message)
            {
                case ClusterMessage.InitJoin: Send(received.From.Address, new ClusterMessage.InitJoinAck()); break;
                case ClusterMessage.Join: LetIn(received.From); break;
                case ClusterMessage.Gossip gossip: Merge(received.From, gossip.Table); break;
                case ClusterMessage.Heartbeat beat when beat.ToUid == _self.Uid: Heard(received.From, beat); break;
            }
        });
        Receive<JoinTo>(join => _log.Info("Trying to join [{0}] when already part of a cluster, ignoring", join.Address));
        Receive<JoinAnyOf>(_ => _log.Info("Trying to join seed nodes when already part of a cluster, ignoring"));
        Always();
    }

    private void Removed() => Always();

    private void Always()
    {
        Receive<Subscription>(subscription =>
        {
            if (subscription.Mode == ClusterEvent.InitialStateAsSnapshot)
                subscription.Subscriber.Tell(_cluster.State);
            else
                Events(MembershipTable.Empty, _table).Concat(_cluster.State.Unreachable.Select(member => new ClusterEvent.UnreachableMember(member)))
                    .Where(happened => subscription.To.Any(type => type.IsInstanceOfType(happened)))
                    .ToList().ForEach(happened => subscription.Subscriber.Tell(happened));
            foreach (var type in subscription.To)
                Context.System.EventStream.Subscribe(subscription.Subscriber, type);
        });
        Receive<Unsubscription>(end =>
        {
            if (end.To is null)
                Context.System.EventStream.Unsubscribe(end.Subscriber);
            else
                Context.System.EventStream.Unsubscribe(end.Subscriber, end.To);
        });
        ReceiveAny(_ => { });
    }

    private void Remove(UniqueAddress member, bool tell)
    {
        Update(_table.With(member, MemberStatus.Down, Now), tell);
        Update(_table.With(member, MemberStatus.Removed, Now), tell);
    }

    private void Merge(UniqueAddress from, MembershipTable other)
    {
        // A table without this incarnation is another cluster's, or from before this node joined.
        if (other.Status(_self) is null)
            return;
        var merged = _table.Merge(other, Now);
        if (merged.Digest != other.Digest)
            Send(from.Address, new ClusterMessage.Gossip(merged));
        Update(merged, tell: false);
    }

    private void Heard(UniqueAddress from, ClusterMessage.Heartbeat beat)
    {
        var isNews = _peers.IsNews(from, beat);
        if (_peers.Contains(from) && _peers.Heard(from, beat, Clock))
        {
            Publish();
            Announce(new ClusterEvent.ReachableMember(new Member(from, _table.Status(from)!.Value)));
        }

        if (_peers.Owing(Clock).Length == 0)
            Timers.Cancel(s_again);
        if (isNews && beat.Kind is HeartbeatKind.Question or HeartbeatKind.Repetition)
            Beat(from, HeartbeatKind.Answer, bothWays: beat.Kind == HeartbeatKind.Repetition);
        // One that does not belong here learns why from the table, one that missed something what it missed.
        if (!_peers.Contains(from) || (isNews && beat.Digest != _table.Digest))
            Send(from.Address, new ClusterMessage.Gossip(_table));
    }

    /// <summary>
    /// Asks for a sign of life, and soon again where none comes: TCP takes what is lost for lost when it hears of something that was sent
    /// later. Its own time for that grows with each loss, to more than a second where many are lost.
    /// </summary>
    private void Ask(UniqueAddress[] members, HeartbeatKind kind)
    {
        foreach (var member in members)
            Beat(member, kind, bothWays: kind == HeartbeatKind.Repetition);
        if (_peers.Owing(Clock).Length > 0)
            Timers.StartSingleTimer(s_again, s_again, _settings.AnswerTime);
    }

    private void Beat(UniqueAddress to, HeartbeatKind kind, bool bothWays)
    {
        // One look at the clock: an answer to it is no older than the question.
        var now = Clock;
        var beat = new ClusterMessage.Heartbeat(to.Uid, now.Ticks, _peers.Send(to, kind, now), _table.Digest, kind);
        Send(to.Address, beat);
        if (bothWays)
            _transport.SendBack(to, beat.ToFrame());
    }

    private void Tick()
    {
        Ask(_peers.Due(Clock), HeartbeatKind.Question);
        var missing = _peers.Missing(Clock);
        if (missing.Length > 0)
            Publish();
        foreach (var member in missing)
            Announce(new ClusterEvent.UnreachableMember(new Member(member, _table.Status(member)!.Value)));
        foreach (var gone in _table.Members.Where(member => member.Status == MemberStatus.Exiting && !_peers.IsReachable(member.UniqueAddress)).ToArray())
            Update(_table.With(gone.UniqueAddress, MemberStatus.Removed, Now), tell: true);
    }

    /// <summary>Takes a new table, tells of what changed, and does what is up to this node alone.</summary>
    private void Update(MembershipTable table, bool tell)
    {
        if (_cluster.IsTerminated)
            return;
        foreach (var other in table.Members.Where(member => member.Address == _self.Address && member.UniqueAddress != _self).ToArray())
            table = table.With(other.UniqueAddress, MemberStatus.Removed, Now);
        if (table.Digest == _table.Digest)
            return;

        var old = _table;
        _table = table;
        _peers.Keep(table.Members.Select(member => member.UniqueAddress).Where(member => member != _self), Clock);
        Publish();
        foreach (var happened in Events(old, table))
            Announce(happened);
        if (tell)
            Broadcast();

        switch (table.Status(_self))
        {
            case MemberStatus.Leaving: Update(table.With(_self, MemberStatus.Exiting, Now), tell: true); break;
            case MemberStatus.Exiting or MemberStatus.Down: Update(table.With(_self, MemberStatus.Removed, Now), tell: true); break;
            case MemberStatus.Removed:
                Timers.CancelAll();
                Become(Removed);
                break;
        }
    }

    private void Broadcast()
    {
        var gossip = new ClusterMessage.Gossip(_table).ToFrame();
        foreach (var member in _peers.All)
            _transport.Send(member.Address, gossip);
    }

    private void Send(Address to, ClusterMessage message) =>
        _transport.Send(to, message.ToFrame(), expendable: message is ClusterMessage.Heartbeat or ClusterMessage.InitJoin);

    private void Publish()
    {
        var members = _table.Members.ToImmutableSortedSet();
        _cluster.Publish(
            new ClusterEvent.CurrentClusterState(members, [.. members.Where(member => !_peers.IsReachable(member.UniqueAddress))]),
            new Member(_self, _table.Status(_self) ?? MemberStatus.Removed));
    }

    private void Announce(ClusterEvent.IClusterDomainEvent happened)
    {
        _log.Info("{0}", happened);
        Context.System.EventStream.Publish(happened);
    }

    /// <summary>What happened between two tables: first who went, then who came or went on.</summary>
    private static IEnumerable<ClusterEvent.IClusterDomainEvent> Events(MembershipTable old, MembershipTable table)
    {
        foreach (var gone in old.Members.Where(member => table.Status(member.UniqueAddress) is null or MemberStatus.Removed))
            yield return new ClusterEvent.MemberRemoved(new Member(gone.UniqueAddress, MemberStatus.Removed), gone.Status);
        foreach (var member in table.Members.Where(member => old.Status(member.UniqueAddress) != member.Status))
        {
            yield return member.Status switch
            {
                MemberStatus.Joining => new ClusterEvent.MemberJoined(member),
                MemberStatus.Up => new ClusterEvent.MemberUp(member),
                MemberStatus.Leaving => new ClusterEvent.MemberLeft(member),
                MemberStatus.Exiting => new ClusterEvent.MemberExited(member),
                _ => new ClusterEvent.MemberDowned(member),
            };
        }
    }

    internal sealed record Received(UniqueAddress From, ClusterMessage Message);

    internal sealed record JoinTo(Address Address);

    internal sealed record JoinAnyOf(ImmutableArray<Address> Seeds);

    internal sealed record LeaveOf(Address Address);

    internal sealed record DownOf(Address Address);

    internal sealed record Subscription(IActorRef Subscriber, ClusterEvent.SubscriptionInitialStateMode Mode, ImmutableArray<Type> To);

    internal sealed record Unsubscription(IActorRef Subscriber, Type? To);
}
