using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// This node's devices out, every node's devices in. Each change of this node's entry is sent to every reachable node at once; a
/// digest every <see cref="DigestInterval"/> lets a node that missed one ask for the whole entry. Whoever on this node wants to know
/// listens for <see cref="Changed"/> on the event stream.
/// </summary>
internal sealed class InventoryActor : ReceiveActor, IWithTimers
{
    /// <summary>A device of this node, new or changed.</summary>
    public sealed record LocalDevice(DeviceEntry Entry);

    /// <summary>A device of this node has gone.</summary>
    public sealed record LocalDeviceGone(BusId BusId);

    /// <summary>How many attachments this node keeps.</summary>
    public sealed record LocalAttachments(int Count);

    /// <summary>Whether this node gives out new leases.</summary>
    public sealed record LocalDraining(bool Draining);

    /// <summary>Asks for the view as it is; answered with a <see cref="Changed"/> without a previous one.</summary>
    public sealed record GetView;

    /// <summary>The view has changed: published on the event stream.</summary>
    public sealed record Changed(InventoryView View, InventoryView? Previous);

    /// <summary>The inventory knows nothing of this node any more: published on the event stream.</summary>
    public sealed record TellAgain;

    /// <summary>From node to node: my entry as it is now.</summary>
    public sealed record Announce(NodeEntry Entry) : INodeMessage;

    /// <summary>From node to node: the entries that I know, by version.</summary>
    public sealed record Digest(ImmutableArray<DigestLine> Lines) : INodeMessage;

    /// <summary>A line of a digest.</summary>
    public sealed record DigestLine(NodeName Node, long Incarnation, long Version);

    /// <summary>From node to node: send me your own entry.</summary>
    public sealed record Pull : INodeMessage;

    /// <summary>How often a digest is sent to every reachable node.</summary>
    public static readonly TimeSpan DigestInterval = TimeSpan.FromSeconds(5);

    private const string DigestTimer = "digest";
    private const int MaxNodes = 1024;

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly SaidOnce _said = new();
    private readonly IActorRef _membership;
    private readonly PeerNames _names;
    private InventoryView _view;
    private MembershipView _members = MembershipView.Empty;

    /// <param name="self">What this node says of itself at the start.</param>
    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    /// <param name="names">Which nodes' certificates are shown where.</param>
    public InventoryActor(NodeEntry self, IActorRef membership, PeerNames names)
    {
        _membership = membership;
        _names = names;
        _view = InventoryView.Of(self);

        Receive<LocalDevice>(device => ChangeDevices(devices => Put(devices, device.Entry)));
        Receive<LocalDeviceGone>(gone => ChangeDevices(devices => devices.RemoveAll(d => d.BusId == gone.BusId)));
        Receive<LocalAttachments>(count => ChangeSelf(entry => entry with { Attachments = count.Count }));
        Receive<LocalDraining>(drain => ChangeSelf(entry => entry with { Draining = drain.Draining }));
        Receive<GetView>(_ => Sender.Tell(new Changed(_view, null)));
        Receive<Announce>(announce => Learn(announce.Entry));
        Receive<Digest>(Compare);
        Receive<Pull>(_ => Sender.Tell(new Announce(Self_)));
        Receive<MembershipActor.Changed>(changed => MembersChanged(changed.View));
        Receive<MembershipView>(MembersChanged);
        Receive<SendDigest>(_ =>
        {
            ForgetStrangers();
            SendDigests();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private NodeEntry Self_ => _view.Nodes[_view.Self].Entry;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        _membership.Tell(new MembershipActor.GetMembers());
        Timers.StartPeriodicTimer(DigestTimer, new SendDigest(), DigestInterval);
    }

    // What this node has is told again by those who know it; peers take it for what a new incarnation says.
    protected override void PostRestart(Exception reason)
    {
        _view = InventoryView.Of(Self_ with { Incarnation = Math.Max(Self_.Incarnation + 1, Context.System.Scheduler.Now.UtcTicks) });
        base.PostRestart(reason);
        Context.System.EventStream.Publish(new TellAgain());
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void ChangeDevices(Func<ImmutableArray<DeviceEntry>, ImmutableArray<DeviceEntry>> change) =>
        ChangeSelf(entry => entry with { Devices = change(entry.Devices) });

    private static ImmutableArray<DeviceEntry> Put(ImmutableArray<DeviceEntry> devices, DeviceEntry entry)
    {
        var others = devices.RemoveAll(d => d.BusId == entry.BusId);
        var at = 0;
        while (at < others.Length && string.CompareOrdinal(others[at].BusId.Value, entry.BusId.Value) < 0)
            at++;
        return others.Insert(at, entry);
    }

    private void ChangeSelf(Func<NodeEntry, NodeEntry> change)
    {
        var entry = change(Self_) with { Version = Self_.Version + 1 };
        Show(_view.Nodes.SetItem(entry.Node, new ClusterNode(entry, Reachable: true)));
        foreach (var member in _members.Others)
            Remote(member).Tell(new Announce(entry));
    }

    private void Learn(NodeEntry entry)
    {
        if (entry.Node == _view.Self)
        {
            if (entry.Address != Self_.Address)
                _log.Warning("the node at {0} also calls itself {1}: give every node its own name", entry.Address, entry.Node);
            return;
        }

        if (IsUnderFalseName(entry))
            return;

        // A node that was given another name: of two names for one address, the later one holds.
        var former = _view.Nodes.Values.FirstOrDefault(node => node.Entry.Address == entry.Address && node.Entry.Node != entry.Node);
        if (former is not null && (former.Entry.Node == _view.Self || former.Entry.Incarnation >= entry.Incarnation))
            return;

        if (_view.Nodes.TryGetValue(entry.Node, out var known))
        {
            if (known.Entry.Address != entry.Address && known.Reachable)
            {
                _log.Warning("the nodes at {0} and {1} both call themselves {2}", known.Entry.Address, entry.Address, entry.Node);
                return;
            }

            if (!entry.IsNewerThan(known.Entry))
                return;
        }
        else if (_view.Nodes.Count >= MaxNodes)
        {
            _log.Warning("{0} nodes are known; {1} is left out", MaxNodes, entry.Node);
            return;
        }

        var others = former is null ? _view.Nodes : _view.Nodes.Remove(former.Entry.Node);
        Show(others.SetItem(entry.Node, new ClusterNode(entry, _members.IsReachable(entry.Address))));
    }

    private void Compare(Digest digest)
    {
        // A node answers only for itself: what it says of others tells nothing that they would not say.
        if (digest.Lines.Any(IsNews))
            Sender.Tell(new Pull());
    }

    private bool IsNews(DigestLine line) =>
        line.Node != _view.Self
        && (!_view.Nodes.TryGetValue(line.Node, out var node)
            || (node.Entry.Incarnation, node.Entry.Version).CompareTo((line.Incarnation, line.Version)) < 0);

    // What the address's certificate does not say is not believed. An entry can come before that certificate has been seen.
    private bool IsUnderFalseName(NodeEntry entry)
    {
        if (_names.At(entry.Address) is not { } certified || certified.Contains(entry.Node))
            return false;
        if (_said.IsFirst($"{entry.Node} {entry.Address}"))
        {
            _log.Warning(
                "the node at {0} calls itself {1}, and its certificate is for {2}: it is left out",
                entry.Address,
                entry.Node,
                string.Join(", ", certified));
        }

        return true;
    }

    // An entry that came late, from a node that had been removed already. A member that is not known as one yet says it again.
    private void ForgetStrangers() => Show(_view.Nodes.RemoveRange(
        from node in _view.Nodes.Values
        where node.Entry.Node != _view.Self && (!_members.Contains(node.Entry.Address) || IsUnderFalseName(node.Entry))
        select node.Entry.Node));

    private void SendDigests()
    {
        var digest = new Digest([new DigestLine(Self_.Node, Self_.Incarnation, Self_.Version)]);
        foreach (var member in _members.Others)
            Remote(member).Tell(digest);
    }

    private void MembersChanged(MembershipView members)
    {
        var before = _members;
        _members = members;
        foreach (var member in members.Others.Where(m => !before.IsReachable(m)))
            Remote(member).Tell(new Announce(Self_));

        var nodes = _view.Nodes;
        foreach (var (name, node) in _view.Nodes)
        {
            if (name == _view.Self)
                continue;
            if (before.Contains(node.Entry.Address) && !members.Contains(node.Entry.Address))
                nodes = nodes.Remove(name);
            else if (members.IsReachable(node.Entry.Address) != node.Reachable)
                nodes = nodes.SetItem(name, node with { Reachable = !node.Reachable });
        }

        Show(nodes);
    }

    private void Show(ImmutableSortedDictionary<NodeName, ClusterNode> nodes)
    {
        if (ReferenceEquals(nodes, _view.Nodes))
            return;
        var previous = _view;
        _view = _view with { Nodes = nodes };
        Context.System.EventStream.Publish(new Changed(_view, previous));
    }

    private static ActorSelection Remote(string address) => Context.ActorSelection($"{address}/user/node/inventory");

    private sealed record SendDigest;
}
