using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>What the membership of a node needs to know.</summary>
/// <param name="Seeds">Where it knocks.</param>
/// <param name="Known">Where it knocks as well: the members that it has last known.</param>
/// <param name="RemoveAfter">How long a member may be unreachable until it is removed.</param>
internal sealed record MembershipSettings(ImmutableArray<NetworkAddress> Seeds, KnownMembersFile Known, TimeSpan RemoveAfter);

/// <summary>
/// Brings this node into a cluster, keeps the list of its members, and brings clusters together that were formed apart. Publishes
/// <see cref="Changed"/> on the event stream.
/// <code>
///   Outside --(a member answers: joined it)--> Newcomer --(a member tells which cluster it is)--> Inside
///      '----(nobody does for FormAfter: formed one)--------------------------------------------------^
///   Newcomer, Inside --(removed)-----------------------------------.
///   Inside ------------(an older cluster answers, or knocks)-------+--> Over: begins anew, Outside, in another actor system
/// </code>
/// A knock is a plain message, and no part of the membership: it says in which cluster the one who knocks is, and is answered with the
/// other's. Every state answers, and every state but the last goes on knocking. Only an answer to a knock of this node's own moves it: who can
/// be heard but not reached would draw it away from those who can.
/// </summary>
internal sealed partial class MembershipActor : ReceiveActor, IWithTimers
{
    /// <summary>The members have changed: published on the event stream.</summary>
    public sealed record Changed(MembershipView View, MembershipView Previous);

    /// <summary>Asks for the members as they are; answered with a <see cref="MembershipView"/>.</summary>
    public sealed record GetMembers;

    /// <summary>Remove a member that can't be reached. Answered with <see cref="Gone"/>, or a failure.</summary>
    public sealed record Remove(string Address);

    /// <summary>From the cluster: a member as it is now.</summary>
    public sealed record Seen(string Address, string Status, bool IsUp);

    /// <summary>From the cluster: a member is none any more.</summary>
    /// <param name="Address">Where it was.</param>
    /// <param name="IsSelf">Whether it is this node, in this incarnation.</param>
    public sealed record Gone(string Address, bool IsSelf);

    /// <summary>From the cluster: a member can no longer, or can again, be reached from here.</summary>
    public sealed record Heard(string Address, bool Reachable);

    /// <summary>From node to node: this is my cluster, which is yours?</summary>
    /// <param name="Question">Comes back with the answer.</param>
    /// <param name="From">The address of the one who asks.</param>
    /// <param name="Cluster">Its cluster; null while it has none, or does not know it yet.</param>
    /// <param name="KnowsYou">Whether the one who is asked is a member of it.</param>
    public sealed record Knock(Guid Question, string From, ClusterIdentity? Cluster, bool KnowsYou) : INodeMessage;

    /// <summary>From node to node: answers a <see cref="Knock"/> with the same about the one who was asked.</summary>
    public sealed record KnockAnswer(Guid Question, string From, ClusterIdentity? Cluster, bool KnowsYou) : INodeMessage;

    /// <summary>How long a node looks for others before it forms a cluster of its own.</summary>
    public static readonly TimeSpan FormAfter = TimeSpan.FromSeconds(3);

    /// <summary>How much longer it looks when it has met another that looks, and whose address comes before its own: that one forms it.</summary>
    public static readonly TimeSpan HeadStart = TimeSpan.FromSeconds(2);

    /// <summary>How often a node without a cluster knocks.</summary>
    public static readonly TimeSpan KnockInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often a member knocks at those who are not in its cluster, for as long as it lives.</summary>
    public static readonly TimeSpan InsideInterval = TimeSpan.FromSeconds(2);

    /// <summary>How long a newcomer asks which cluster it is in. When nobody knows any more, it gives it a new identity.</summary>
    public static readonly TimeSpan NewcomerPatience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a node of the same cluster may deny that this one is in it: news of who came takes a moment, what lasts longer is a removal.
    /// </summary>
    public static readonly TimeSpan DenialPatience = TimeSpan.FromSeconds(3);

    private const string Tick = "tick";

    private readonly ILogger _log = Context.Logger();
    private readonly MembershipSettings _settings;
    private readonly IClusterLink _link;
    private readonly ClusterAim? _aim;
    private readonly Action<NewBeginning> _beginAnew;
    private readonly Doors _doors;

    // Nobody knows it who has got no knock of this node.
    private readonly Guid _question = Guid.NewGuid();
    private readonly Dictionary<string, TimeSpan> _unreachableSince = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<IActorRef>> _removers = new(StringComparer.Ordinal);
    private MembershipView _view;

    // This node's time, which every wait is measured by. It goes on with each look, so setting the machine's clock changes no wait.
    private TimeSpan _time;

    /// <param name="settings">Of this node.</param>
    /// <param name="link">The cluster.</param>
    /// <param name="aim">The cluster that this node is to join; null when any will do.</param>
    /// <param name="beginAnew">Ends this actor system, and begins with another one.</param>
    public MembershipActor(MembershipSettings settings, IClusterLink link, ClusterAim? aim, Action<NewBeginning> beginAnew)
    {
        _settings = settings;
        _link = link;
        _beginAnew = beginAnew;
        _view = MembershipView.Empty with { Self = link.Self };
        _doors = new Doors(link.Self, settings.Seeds, settings.Known.Read(_log.MembersUnreadable));
        if (aim is not null)
            _doors.Remember([aim.Address]);
        _aim = aim;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private IEnumerable<string> Fellows => _view.Others;

    protected override void PreStart()
    {
        Context.ActorOf(_link.Watcher(Self));
        BecomeOutside(_aim);
    }

    private void Over() => Always();

    private void OnLook(Action look) => Receive<Look>(due =>
    {
        _time += due.Passed;
        look();
    });

    private void LookEvery(TimeSpan interval) => Timers.StartPeriodicTimer(Tick, new Look(interval), interval);

    private void Always()
    {
        Receive<GetMembers>(_ => Sender.Tell(_view));
        Receive<Seen>(seen => Put(seen.Address, seen.Status));
        Receive<Gone>(OnGone);
        Receive<Heard>(OnHeard);
        Receive<Remove>(OnRemove);
        Receive<Resolved>(resolved => _doors.Put(resolved.Seed, resolved.EndPoints));
        Receive<NotResolved>(not => _log.SeedUnknown(not.Seed.ToString(), not.Error.Message));
        Receive<NotKept>(not => _log.MembersNotKept(not.Error.Message));
        Receive<Look>(_ => { });
        Receive<Knock>(knock => Answer(knock, null));
        Receive<KnockAnswer>(_ => { });
    }

    private void BeginAnew(string reason, ClusterAim? aim)
    {
        Timers.Cancel(Tick);
        Become(Over);
        _beginAnew(new NewBeginning(reason, aim));
    }

    // --- The members ---

    private void Put(string address, string status)
    {
        var known = _view.Members.GetValueOrDefault(address) ?? new MemberState(status, Reachable: true);
        Show(_view.Members.SetItem(address, known with { Status = status }));
    }

    private void OnGone(Gone gone)
    {
        if (gone.IsSelf || gone.Address != _view.Self)
            Forget(gone.Address);
        foreach (var asker in _removers.Remove(gone.Address, out var askers) ? askers : [])
            asker.Tell(gone);
    }

    private void Forget(string address)
    {
        _unreachableSince.Remove(address);
        Show(_view.Members.Remove(address));
    }

    private void OnHeard(Heard heard)
    {
        if (!_view.Members.TryGetValue(heard.Address, out var known))
            return;
        if (heard.Reachable)
            _unreachableSince.Remove(heard.Address);
        else
            _unreachableSince.TryAdd(heard.Address, _time);
        DateTimeOffset? since = heard.Reachable ? null : known.UnreachableSince ?? Context.System.Scheduler.Now;
        Show(_view.Members.SetItem(heard.Address, known with { Reachable = heard.Reachable, UnreachableSince = since }));
    }

    private void Show(ImmutableSortedDictionary<string, MemberState> members)
    {
        if (ReferenceEquals(members, _view.Members))
            return;
        var previous = _view;
        _view = _view with { Members = members };
        if (_doors.Remember(members.Keys))
            _settings.Known.WriteAsync(_doors.Known).PipeTo(Self, failure: error => new NotKept(error));
        Context.System.EventStream.Publish(new Changed(_view, previous));
    }

    // --- Removing ---

    private void OnRemove(Remove remove)
    {
        if (_view.Members.GetValueOrDefault(remove.Address) is not { } member)
        {
            Sender.Tell(new Status.Failure(new ControlException(
                ControlError.NotFound, $"{ClusterAddress.Place(remove.Address)} is no member of the cluster", "usbipc nodes shows them")));
            return;
        }

        if (member.Reachable || remove.Address == _view.Self)
        {
            Sender.Tell(new Status.Failure(new ControlException(
                ControlError.Unavailable,
                $"{ClusterAddress.Place(remove.Address)} is reachable, and only what can't be reached is removed",
                "stop usbipcd there: it leaves the cluster by itself")));
            return;
        }

        if (!_removers.TryGetValue(remove.Address, out var askers))
            _removers[remove.Address] = askers = [];
        askers.Add(Sender);
        _link.Down(remove.Address);
    }

    // Of those who can reach each other one does it. Where the cluster is cut in two, each side removes the other; when they meet again,
    // they are two clusters that were formed as one, and come together as any two do.
    private void RemoveTheLost()
    {
        if (_view.Self != First(_view.Members.Where(member => member.Value.Reachable).Select(member => member.Key)))
            return;
        foreach (var lost in _unreachableSince.Where(lost => _time - lost.Value >= _settings.RemoveAfter).ToArray())
        {
            _log.MemberGivenUp(lost.Key, _settings.RemoveAfter);
            _link.Down(lost.Key);
        }
    }

    private string First(IEnumerable<string> addresses) => addresses.Append(_view.Self).Min(StringComparer.Ordinal)!;

    // Another look at how things are; so much time has passed since the last one.
    private sealed record Look(TimeSpan Passed);

    private sealed record Resolved(NetworkAddress Seed, IReadOnlyList<IPEndPoint> EndPoints);

    private sealed record NotResolved(NetworkAddress Seed, Exception Error);

    private sealed record NotKept(Exception Error);
}
