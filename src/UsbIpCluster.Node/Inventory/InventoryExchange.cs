using System.Collections.Immutable;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// How the entries of all nodes come to each: what a node does with what it is told, without actors, clock or network. It may be lost,
/// late, doubled, out of order, or from before a restart.
/// <list type="bullet">
/// <item>Each node is the only writer of its entry, and tells every node that it reaches of each change.</item>
/// <item>Who has not got the version before asks for the whole entry. So does who learns from a digest that it has missed something.</item>
/// <item>
/// Incarnation and version say what is later. They are claims, from a clock that may have been wrong or from somebody else; who goes on
/// saying less of itself than is known of it is asked. What it answers is later than all that was known when it was asked.
/// </item>
/// </list>
/// </summary>
/// <param name="self">What this node says of itself at the start.</param>
/// <param name="names">Which nodes' certificates are shown where.</param>
internal sealed class InventoryExchange(NodeEntry self, PeerNames names)
{
    /// <summary>What is to be done for it.</summary>
    public abstract record Step
    {
        /// <summary>Send to the inventory of the node at an address.</summary>
        public sealed record Send(string To, INodeMessage Message) : Step;

        /// <summary>Send to who has just spoken.</summary>
        public sealed record Answer(INodeMessage Message) : Step;

        /// <summary>Tell the operator.</summary>
        public sealed record Warn(string Text) : Step;
    }

    private const int MaxNodes = 1024;

    private static readonly ImmutableSortedDictionary<NodeName, ClusterNode> Nothing =
        ImmutableSortedDictionary<NodeName, ClusterNode>.Empty;

    private readonly SaidOnce _said = new();

    // By the address of a member: those that have been asked since the last digest.
    private readonly Dictionary<string, Question> _asked = new(StringComparer.Ordinal);
    private readonly OutOfDate _outOfDate = new();
    private MembershipView _members = MembershipView.Empty;

    /// <summary>What this node knows now.</summary>
    public InventoryView View { get; private set; } = InventoryView.Of(self);

    /// <summary>What this node says of itself now.</summary>
    public NodeEntry Self => View.Nodes[View.Self].Entry;

    /// <summary>The addresses of the members of which it is known that not all is known here.</summary>
    public IReadOnlyCollection<string> OutOfDate => _outOfDate.Addresses;

    private InventoryActor.Delta Next => new(
        Self.Node, Self.Incarnation, Self.Version + 1, Self.Attachments, Self.Draining, Put: null, Gone: null);

    // --- What this node has ---

    /// <summary>A device of this node, new or changed.</summary>
    public IReadOnlyList<Step> Put(DeviceEntry device) => Change(Next with { Put = device });

    /// <summary>A device of this node has gone.</summary>
    public IReadOnlyList<Step> Remove(BusId busId) => Change(Next with { Gone = busId });

    /// <summary>How many attachments this node keeps.</summary>
    public IReadOnlyList<Step> CountAttachments(int count) => Change(Next with { Attachments = count });

    /// <summary>Whether this node gives out no new leases.</summary>
    public IReadOnlyList<Step> Drain(bool draining) => Change(Next with { Draining = draining });

    // --- What others say ---

    /// <summary>A node has said what it has.</summary>
    /// <param name="announce">What it said.</param>
    /// <param name="from">The address of who said it; null when that is no other node.</param>
    public IReadOnlyList<Step> Learn(InventoryActor.Announce announce, string? from)
    {
        if (from is not null && announce.Entry.Address != from)
            return WarnOnce($"the node at {from} speaks for {announce.Entry.Node} at {announce.Entry.Address}: it is left out");

        // Once: who says the same again could be late.
        var answered = Nothing;
        if (from is not null && _asked.TryGetValue(from, out var question) && question.Id == announce.Question)
        {
            _asked.Remove(from);
            answered = question.Known;
            _outOfDate.HearAnswer(from, question.Least);
        }

        var steps = Learn(announce.Entry, answered);
        var here = View.Nodes.Values.FirstOrDefault(node => node.Entry.Address == from)?.Entry ?? announce.Entry;
        if (VersionOf(here) == VersionOf(announce.Entry))
            _outOfDate.Hear(from, VersionOf(here));
        return steps;
    }

    /// <summary>A node has said what has changed.</summary>
    /// <param name="delta">What it said.</param>
    /// <param name="from">The address of who said it; null when that is no other node.</param>
    public IReadOnlyList<Step> Learn(InventoryActor.Delta delta, string? from)
    {
        var said = (delta.Incarnation, delta.Version);
        if (View.Nodes.GetValueOrDefault(delta.Node)?.Entry is not { } known || (from is not null && known.Address != from))
            return AskOnce(from, said);
        if (said.CompareTo(VersionOf(known)) <= 0)
            return [];
        if ((delta.Incarnation, delta.Version - 1) != VersionOf(known))
            return AskOnce(from, said);

        var entry = delta.ApplyTo(known);
        if (entry.Devices.Length > NodeEntry.MaxDevices)
        {
            _outOfDate.Expect(from, said);
            return WarnOnce($"{entry.Node} has more than {NodeEntry.MaxDevices} devices: what comes on top is left out");
        }

        _outOfDate.Hear(from, said);
        return Learn(entry, Nothing);
    }

    /// <summary>A node has said which versions it knows.</summary>
    /// <param name="digest">What it said.</param>
    /// <param name="from">The address of who said it; null when that is no other node.</param>
    public IReadOnlyList<Step> Compare(InventoryActor.Digest digest, string? from)
    {
        // A node answers only for itself: what it says of others tells nothing that they would not say.
        var said = digest.Lines.Where(line => line.Node != View.Self).Select(line => Compare(line, from)).ToArray();
        if (said.Any(order => order > 0))
            return [new Step.Answer(Ask(from))];
        if (said.Any(order => order < 0) || _outOfDate.Contains(from))
            _outOfDate.Doubt(from);
        return [];
    }

    /// <summary>A node asks what this one has.</summary>
    public IReadOnlyList<Step> Reply(InventoryActor.Pull pull) => [new Step.Answer(new InventoryActor.Announce(Self, pull.Question))];

    // --- What passes ---

    /// <summary>The members are others than before, or are reached otherwise.</summary>
    public IReadOnlyList<Step> Meet(MembershipView members)
    {
        var before = _members;
        _members = members;
        _outOfDate.Meet(members);
        var nodes = View.Nodes;
        foreach (var (name, node) in View.Nodes)
        {
            if (name == View.Self)
                continue;
            if (before.Contains(node.Entry.Address) && !members.Contains(node.Entry.Address))
                nodes = nodes.Remove(name);
            else if (members.IsReachable(node.Entry.Address) != node.Reachable)
                nodes = nodes.SetItem(name, node with { Reachable = !node.Reachable });
        }

        Show(nodes);
        var whole = new InventoryActor.Announce(Self);
        return [.. members.Others.Where(member => !before.IsReachable(member)).Select(member => new Step.Send(member, whole))];
    }

    /// <summary>It is time to compare with the others.</summary>
    public IReadOnlyList<Step> Tick()
    {
        var warnings = ForgetStrangers();
        _asked.Clear();
        var digest = new InventoryActor.Digest([new InventoryActor.DigestLine(Self.Node, Self.Incarnation, Self.Version)]);
        return
        [
            .. warnings,
            .. _outOfDate.TakeDoubted().Select(member => new Step.Send(member, Ask(member))),
            .. _members.Others.Select(member => new Step.Send(member, digest)),
        ];
    }

    // What others do with the change is what this node does itself.
    private Step[] Change(InventoryActor.Delta delta)
    {
        var whole = new InventoryActor.Announce(delta.ApplyTo(Self));
        Show(View.Nodes.SetItem(Self.Node, new ClusterNode(whole.Entry, Reachable: true)));
        var knowDeltas = View.Nodes.Values.Select(node => node.Entry)
            .Where(entry => entry.Wire >= NodeSerializer.Deltas).Select(entry => entry.Address).ToHashSet(StringComparer.Ordinal);
        return [.. _members.Others.Select(member => new Step.Send(member, knowDeltas.Contains(member) ? delta : whole))];
    }

    // Answered is what was known when the question was asked to which this is the answer.
    private IReadOnlyList<Step> Learn(NodeEntry entry, ImmutableSortedDictionary<NodeName, ClusterNode> answered)
    {
        if (entry.Node == View.Self)
        {
            return entry.Address == Self.Address
                ? []
                : [new Step.Warn($"the node at {entry.Address} also calls itself {entry.Node}: give every node its own name")];
        }

        if (IsUnderFalseName(entry))
            return WarnOfFalseName(entry);

        // A node that was given another name: of two names for one address, the later one holds.
        var former = View.Nodes.Values.FirstOrDefault(node => node.Entry.Address == entry.Address && node.Entry.Node != entry.Node)?.Entry;
        if (former is not null && (former.Node == View.Self || (former.Incarnation >= entry.Incarnation && !IsAnswered(former))))
            return [];

        if (View.Nodes.TryGetValue(entry.Node, out var known))
        {
            if (known.Entry.Address != entry.Address && known.Reachable)
                return [new Step.Warn($"the nodes at {known.Entry.Address} and {entry.Address} both call themselves {entry.Node}")];
            if (!entry.IsNewerThan(known.Entry) && !IsAnswered(known.Entry))
                return [];
        }
        else if (View.Nodes.Count >= MaxNodes)
        {
            return [new Step.Warn($"{MaxNodes} nodes are known; {entry.Node} is left out")];
        }

        var others = former is null ? View.Nodes : View.Nodes.Remove(former.Node);
        Show(others.SetItem(entry.Node, new ClusterNode(entry, _members.IsReachable(entry.Address))));
        return [];

        bool IsAnswered(NodeEntry rival) => ReferenceEquals(answered.GetValueOrDefault(rival.Node)?.Entry, rival);
    }

    // More than 0 when the line tells of something that is not known.
    private int Compare(InventoryActor.DigestLine line, string? from)
    {
        var said = (line.Incarnation, line.Version);
        var known = View.Nodes.GetValueOrDefault(line.Node);
        var order = known is null ? 1 : said.CompareTo(VersionOf(known.Entry));

        // Of a node that speaks for itself elsewhere it is hearsay, which that one is asked about.
        var teller = known is { Reachable: true } ? known.Entry.Address : from;
        if (order > 0)
        {
            _outOfDate.Expect(teller, said);
            if (teller != from)
                _outOfDate.Doubt(teller);
        }
        else if (order == 0 && known?.Entry.Address == from)
        {
            _outOfDate.Hear(from, said);
        }

        return order;
    }

    // Of many changes that come after one that was lost, the first one asks. Should that be lost, too, the next digest does.
    private IReadOnlyList<Step> AskOnce(string? from, (long Incarnation, long Version) said)
    {
        _outOfDate.Expect(from, said);
        return from is not null && _asked.ContainsKey(from) ? [] : [new Step.Answer(Ask(from))];
    }

    private InventoryActor.Pull Ask(string? from)
    {
        if (from is null || !_members.Contains(from))
            return new InventoryActor.Pull();
        var question = _asked[from] = new Question(Guid.NewGuid(), View.Nodes, _outOfDate.Least(from));
        return new InventoryActor.Pull(question.Id);
    }

    private static (long Incarnation, long Version) VersionOf(NodeEntry entry) => (entry.Incarnation, entry.Version);

    // What the address's certificate does not say is not believed. An entry can come before that certificate has been seen.
    private bool IsUnderFalseName(NodeEntry entry) => names.At(entry.Address) is { } certified && !certified.Contains(entry.Node);

    private IReadOnlyList<Step> WarnOfFalseName(NodeEntry entry) => WarnOnce(
        $"the node at {entry.Address} calls itself {entry.Node}, and its certificate is for "
        + $"{string.Join(", ", names.At(entry.Address) ?? [])}: it is left out");

    // An entry that came late, from a node that had been removed already. A member that is not known as one yet says it again.
    private Step[] ForgetStrangers()
    {
        NodeEntry[] others = [.. View.Nodes.Values.Select(node => node.Entry).Where(entry => entry.Node != View.Self)];
        NodeEntry[] liars = [.. others.Where(IsUnderFalseName)];
        Show(View.Nodes.RemoveRange(others.Where(entry => !_members.Contains(entry.Address)).Concat(liars).Select(entry => entry.Node)));
        return [.. liars.SelectMany(WarnOfFalseName)];
    }

    private IReadOnlyList<Step> WarnOnce(string text) => _said.IsFirst(text) ? [new Step.Warn(text)] : [];

    private void Show(ImmutableSortedDictionary<NodeName, ClusterNode> nodes)
    {
        if (!ReferenceEquals(nodes, View.Nodes))
            View = View with { Nodes = nodes };
    }

    private readonly record struct Question(
        Guid Id, ImmutableSortedDictionary<NodeName, ClusterNode> Known, (long Incarnation, long Version) Least);
}
