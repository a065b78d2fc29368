using System.Collections.Immutable;
using UsbIpCluster.Protocol;
using Members = System.Collections.Immutable.ImmutableSortedDictionary<string, UsbIpCluster.Node.MemberState>;

namespace UsbIpCluster.Node.Tests;

/// <summary>What may happen in a schedule besides changes, losses, delays, cuts and restarts.</summary>
[Flags]
internal enum Trouble
{
    None = 0,

    /// <summary>Some nodes are of the minor version before deltas.</summary>
    OlderNodes = 1,

    /// <summary>A node that begins anew does so with a clock that may be years ahead of or behind the last one's.</summary>
    WrongClocks = 2,

    /// <summary>Somebody claims, in the name of a node, what it never said, with numbers far ahead.</summary>
    FalseClaims = 4,
}

/// <summary>
/// Some nodes' <see cref="InventoryExchange"/>s and a network that loses, delays, doubles, reorders and is cut, all of it by the seed.
/// What each node ever said of itself is written down, and each view is compared with it after every step.
/// </summary>
internal sealed partial class InventoryModel
{
    private const int MaxUnderWay = 400;

    // A day, in the unit of incarnations.
    private static readonly long Day = TimeSpan.FromDays(1).Ticks;

    private readonly int _seed;
    private readonly Trouble _trouble;
    private readonly Random _random;
    private readonly List<Node> _nodes = [];
    private readonly List<Letter> _underWay = [];
    private readonly HashSet<(Node, Node)> _cut = [];
    private readonly List<string> _dead = [];
    private readonly Dictionary<(NodeName, long), Dictionary<long, NodeEntry>> _said = [];
    private long _clock = Samples.Time.UtcTicks;
    private int _names;

    public InventoryModel(int seed, Trouble trouble)
    {
        (_seed, _trouble, _random) = (seed, trouble, new Random(seed));
        var count = _random.Next(2, 6);
        for (var number = 0; number < count; number++)
        {
            var node = new Node
            {
                Wire = trouble.HasFlag(Trouble.OlderNodes) && Chance(40) ? 0 : NodeSerializer.Minor,
                Name = NewName(),
                Address = NewAddress(),
            };
            _nodes.Add(node);
        }

        foreach (var node in _nodes)
            Begin(node, _clock += _random.Next(1, 100));

        // Some begin as a cluster that has been there for a while.
        if (Chance(50))
            HearAll();
    }

    /// <summary>How many messages of each kind were delivered.</summary>
    public Dictionary<Type, int> Delivered { get; } = [];

    /// <summary>As many steps as that.</summary>
    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            _clock += _random.Next(1, 1000);
            switch (_random.Next(100))
            {
                case < 58:
                    for (var letters = _random.Next(1, 6); letters > 0; letters--)
                        Travel();
                    break;
                case < 80:
                    Change(Any(_nodes));
                    break;
                case < 90:
                    Hear(Any(_nodes));
                    break;
                case < 94:
                    Tick(Any(_nodes));
                    break;
                case < 96:
                    CutOrHeal();
                    break;
                case < 98:
                    if (Chance(50))
                        Restart(Any(_nodes));
                    break;
                default:
                    if (_trouble.HasFlag(Trouble.FalseClaims))
                        Claim();
                    break;
            }
        }
    }

    /// <summary>
    /// The network heals, everybody hears who is there, and what is under way arrives. How many rounds of digests it then takes.
    /// </summary>
    /// <param name="most">Fails after so many.</param>
    public int Converge(int most)
    {
        _cut.Clear();
        HearAll();
        foreach (var node in _nodes)
        {
            foreach (var address in _dead.Where(address => node.Members.ContainsKey(address)))
                Meet(node, Chance(50) ? node.Members.Remove(address) : node.Members.SetItem(address, new MemberState("up", false)));
            foreach (var other in _nodes)
                Meet(node, node.Members.SetItem(other.Address, new MemberState("up", true)));
        }

        DeliverAll();
        for (var round = 0; ; round++)
        {
            if (WhatDiffers() is not { } difference)
                return round;
            if (round == most)
                Fail($"after {round} rounds of digests {difference}");
            foreach (var node in _nodes.OrderBy(_ => _random.Next()).ToArray())
            {
                Tick(node);
                if (Chance(50))
                    DeliverAll();
            }

            DeliverAll();
        }
    }

    // --- What happens ---

    private void Travel()
    {
        if (_underWay.Count == 0)
            return;
        var index = _underWay.Count > MaxUnderWay ? 0 : _random.Next(_underWay.Count);
        var letter = _underWay[index];
        var fate = _random.Next(100);

        // Who is behind a cut gets some of it later, and some never.
        if (_nodes.Find(node => node.Address == letter.To) is { } to && _nodes.Find(node => node.Address == letter.From) is { } from
            && _cut.Contains((from, to)))
        {
            if (fate < 30 || _underWay.Count > MaxUnderWay)
                _underWay.RemoveAt(index);
            return;
        }

        if (fate >= 10)
            _underWay.RemoveAt(index);
        if (fate < 85)
            Deliver(letter);
    }

    private void Change(Node node)
    {
        var exchange = node.Exchange;
        var busId = $"1-{_random.Next(1, 6)}";
        var steps = _random.Next(10) switch
        {
            < 5 => exchange.Put(Samples.Entry(busId, (DeviceState)_random.Next(6), Chance(50) ? $"lab{_random.Next(9)}/a1" : null)),
            < 8 => exchange.Remove(BusId.Parse(busId)),
            8 => exchange.CountAttachments(_random.Next(5)),
            _ => exchange.Drain(Chance(50)),
        };
        Say(node);
        Do(node, steps, null);
    }

    private void Tick(Node node) => Do(node, node.Exchange.Tick(), null);

    // What the membership says comes in its order, and at each node in its own time.
    private void Hear(Node node)
    {
        if (node.News.TryDequeue(out var news))
            Meet(node, news(node.Members));
    }

    private void HearAll()
    {
        foreach (var node in _nodes)
        {
            while (node.News.Count > 0)
                Hear(node);
        }

        DeliverAll();
    }

    private void Meet(Node node, Members members)
    {
        node.Members = members;
        foreach (var gone in node.Told.Keys.Where(address => !members.ContainsKey(address)).ToArray())
            node.Told.Remove(gone);
        Do(node, node.Exchange.Meet(new MembershipView(node.Address, members)), null);
    }

    private void CutOrHeal()
    {
        if (_cut.Count > 0 && Chance(60))
        {
            foreach (var (one, other) in _cut)
                Tell(one, Reached(other.Address, true));
            _cut.Clear();
            return;
        }

        var side = _nodes.Where(_ => Chance(50)).ToArray();
        foreach (var one in side)
        {
            foreach (var other in _nodes.Except(side))
            {
                _cut.Add((one, other));
                _cut.Add((other, one));
                if (Chance(70))
                    Tell(one, Reached(other.Address, false));
                if (Chance(70))
                    Tell(other, Reached(one.Address, false));
            }
        }
    }

    private void Restart(Node node)
    {
        var clocksGoWrong = _trouble.HasFlag(Trouble.WrongClocks);
        var incarnation = (clocksGoWrong ? _random.Next(4) : 3) switch
        {
            0 => _clock + (_random.Next(1, 100_000) * Day),
            1 => _clock - (_random.Next(1, 20_000) * Day),
            2 => NodeEntry.MaxIncarnation - _random.Next(1_000, 1_000_000),
            _ => clocksGoWrong ? _clock : Math.Max(node.Exchange.Self.Incarnation + 1, _clock),
        };
        switch (_random.Next(4))
        {
            case 0:
                // Its actor alone; nobody sees that.
                Start(node, node.Exchange.Self.BegunAnew(new DateTimeOffset(_clock, TimeSpan.Zero)));
                Meet(node, node.Members);
                return;
            case 1:
                _dead.Add(node.Address);
                foreach (var other in Others(node))
                {
                    Tell(other, Reached(node.Address, false));
                    if (Chance(50))
                        Tell(other, Gone(node.Address));
                }

                node.Address = NewAddress();
                break;
            case 2:
                node.Name = NewName();
                break;
        }

        // It was removed by somebody, or has ended; it joins again.
        foreach (var other in Others(node))
            Tell(other, Gone(node.Address));
        Begin(node, incarnation);
    }

    private void Claim()
    {
        var (victim, fool) = (Any(_nodes), Any(_nodes));
        var real = victim.Exchange.Self;
        var entry = real with
        {
            Node = Chance(30) ? NodeName.Parse($"nobody{_random.Next(3)}") : real.Node,
            Incarnation = Chance(50) ? NodeEntry.MaxIncarnation : real.Incarnation + (_random.Next(1, 1000) * Day),
            Version = Chance(50) ? long.MaxValue : _random.Next(100),
            Devices = [Samples.Entry("9-9")],
        };
        var from = Chance(80) ? victim.Address : Any(_nodes).Address;
        INodeMessage claim = _random.Next(3) switch
        {
            0 => new InventoryActor.Delta(entry.Node, entry.Incarnation, Math.Max(1, entry.Version), 0, false, entry.Devices[0], null),
            1 => new InventoryActor.Announce(entry, Guid.NewGuid()),
            _ => new InventoryActor.Announce(entry),
        };
        if (claim is not InventoryActor.Delta || fool.Wire >= NodeSerializer.Deltas)
            _underWay.Add(new Letter(from, fool.Address, claim));
    }

    // --- What follows ---

    private void Begin(Node node, long incarnation)
    {
        node.News.Clear();
        node.Members = Members.Empty.Add(node.Address, new MemberState("up", true));
        while (_said.ContainsKey((node.Name, incarnation)))
            incarnation--;
        Start(node, Samples.Node(node.Name.Value) with
        {
            Incarnation = incarnation,
            Version = 0,
            Address = node.Address,
            Wire = node.Wire,
        });
        foreach (var address in _dead.Where(_ => Chance(20)))
            Tell(node, Reached(address, false));
        foreach (var other in Others(node))
        {
            Tell(node, Reached(other.Address, true));
            Tell(other, Reached(node.Address, true));
        }
    }

    private void Start(Node node, NodeEntry entry)
    {
        node.Exchange = new InventoryExchange(entry, new PeerNames());
        node.Shown.Clear();
        node.Told.Clear();
        Say(node);
    }

    private void Say(Node node)
    {
        var entry = node.Exchange.Self;
        if (!_said.TryGetValue((entry.Node, entry.Incarnation), out var versions))
            _said[(entry.Node, entry.Incarnation)] = versions = [];
        if (!versions.TryAdd(entry.Version, entry) && !IsSame(versions[entry.Version], entry))
            Fail($"{entry.Node} says two things in one version: {Describe(entry)} and {Describe(versions[entry.Version])}");
    }

    private void DeliverAll()
    {
        for (var count = 0; _underWay.Count > 0; count++)
        {
            if (count > 50_000)
                Fail("the nodes do not come to an end");
            var index = _random.Next(_underWay.Count);
            var letter = _underWay[index];
            _underWay.RemoveAt(index);
            Deliver(letter);
        }
    }

    private void Deliver(Letter letter)
    {
        if (_nodes.Find(node => node.Address == letter.To) is not { } node)
            return;
        var message = letter.Message;
        if (node.Wire < NodeSerializer.Deltas)
        {
            if (message is InventoryActor.Delta)
                Fail($"{node.Name} was sent a message that it does not know");
            message = AsOlder(message);
        }

        Delivered[message.GetType()] = Delivered.GetValueOrDefault(message.GetType()) + 1;
        var steps = message switch
        {
            InventoryActor.Announce announce => node.Exchange.Learn(announce, letter.From),
            InventoryActor.Delta delta => node.Exchange.Learn(delta, letter.From),
            InventoryActor.Digest digest => node.Exchange.Compare(digest, letter.From),
            InventoryActor.Pull pull => node.Exchange.Reply(pull),
            _ => throw new InvalidOperationException(message.ToString()),
        };
        Remember(node, letter);
        Do(node, steps, letter.From);
    }

    private void Do(Node node, IReadOnlyList<InventoryExchange.Step> steps, string? speaker)
    {
        foreach (var step in steps)
        {
            switch (step)
            {
                case InventoryExchange.Step.Send send:
                    Post(node, send.To, send.Message);
                    break;
                case InventoryExchange.Step.Answer answer:
                    Post(node, speaker!, answer.Message);
                    break;
            }
        }

        if (!_trouble.HasFlag(Trouble.FalseClaims))
            Check(node);
    }

    private void Post(Node node, string to, INodeMessage message) =>
        _underWay.Add(new Letter(node.Address, to, node.Wire < NodeSerializer.Deltas ? AsOlder(message) : message));

    // What is left of a message for who does not know what was added, or from who has not added it.
    private static INodeMessage AsOlder(INodeMessage message) => message switch
    {
        InventoryActor.Announce announce => new InventoryActor.Announce(announce.Entry with { Wire = 0 }),
        InventoryActor.Pull => new InventoryActor.Pull(),
        _ => message,
    };

    // --- Choices ---

    private bool Chance(int percent) => _random.Next(100) < percent;

    private T Any<T>(List<T> list) => list[_random.Next(list.Count)];

    private IEnumerable<Node> Others(Node node) => _nodes.Where(other => other != node);

    private NodeName NewName() => NodeName.Parse($"lab{++_names}");

    private string NewAddress() => Samples.AddressOf($"host{_nodes.Count + _dead.Count}");

    private static void Tell(Node node, Func<Members, Members> news) =>
        node.News.Enqueue(news);

    private static Func<Members, Members> Reached(
        string address, bool reached) => members => members.SetItem(address, new MemberState("up", reached));

    private static Func<Members, Members> Gone(string address) =>
        members => members.Remove(address);

    private sealed record Letter(string From, string To, INodeMessage Message);

    /// <summary>A place in the cluster, through all the beginnings of the node that is there.</summary>
    private sealed class Node
    {
        public required int Wire { get; init; }

        public required NodeName Name { get; set; }

        public required string Address { get; set; }

        public InventoryExchange Exchange { get; set; } = null!;

        public Members Members { get; set; } = Members.Empty;

        public Queue<Func<Members, Members>> News { get; } = [];

        /// <summary>The last version of each incarnation that it has shown, by node.</summary>
        public Dictionary<NodeName, Dictionary<long, long>> Shown { get; } = [];

        /// <summary>The latest that each member has told it of, by its address.</summary>
        public Dictionary<string, (long Incarnation, long Version)> Told { get; } = new(StringComparer.Ordinal);
    }
}
