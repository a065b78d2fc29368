using System.Collections.Immutable;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What lab1 does with what it is told, by lab2 above all.</summary>
public sealed class InventoryExchangeTests
{
    private static readonly string Lab2 = Samples.AddressOf("lab2");
    private static readonly string Lab3 = Samples.AddressOf("lab3");

    private readonly InventoryExchange _exchange = new(Samples.Node("lab1") with { Version = 0, Wire = NodeSerializer.Minor }, new PeerNames());

    public InventoryExchangeTests() => Meet((Lab2, true), (Lab3, true));

    public static TheoryData<int> EachChange => [0, 1, 2, 3];

    // --- Out ---

    [Fact]
    public void A_change_goes_as_such_to_who_understands_it_and_whole_to_anybody_else()
    {
        Learn(Of(1, 1), Lab2);
        Learn(Samples.Node("lab3"), Lab3);
        var steps = _exchange.Put(Samples.Entry("1-1"));
        Assert.Equal(new InventoryActor.Delta(Samples.Lab1, 1, 1, 0, false, Samples.Entry("1-1"), null), Assert.Single(SentTo(Lab2, steps)));
        Assert.Equal([Samples.Entry("1-1")], Assert.IsType<InventoryActor.Announce>(Assert.Single(SentTo(Lab3, steps))).Entry.Devices.ToArray());
    }

    [Theory]
    [MemberData(nameof(EachChange))]
    public void Whoever_has_the_version_before_has_the_same_afterwards(int which)
    {
        Learn(Of(1, 1), Lab2);
        _exchange.Put(Samples.Entry("1-2"));
        _exchange.Put(Samples.Entry("1-1"));
        _exchange.Put(Samples.Entry("1-3"));
        var other = new InventoryExchange(Of(1, 1), new PeerNames());
        other.Learn(new InventoryActor.Announce(_exchange.Self), Samples.AddressOf("lab1"));

        var steps = which switch
        {
            0 => _exchange.Put(Samples.Entry("1-2", DeviceState.InUse, "lab3/a1")),
            1 => _exchange.Remove(BusId.Parse("1-2")),
            2 => _exchange.CountAttachments(4),
            _ => _exchange.Drain(true),
        };
        var delta = Assert.IsType<InventoryActor.Delta>(Assert.Single(SentTo(Lab2, steps)));
        Assert.Empty(other.Learn(delta, Samples.AddressOf("lab1")));
        var known = other.View.Nodes[Samples.Lab1].Entry;
        Assert.Equal(4, known.Version);
        Assert.Equal(_exchange.Self.Devices.ToArray(), known.Devices.ToArray());
        Assert.Equal(_exchange.Self, known with { Devices = _exchange.Self.Devices });
    }

    // --- In ---

    [Fact]
    public void A_change_after_one_that_was_missed_is_asked_for_once()
    {
        Learn(Of(1, 1), Lab2);
        var question = Asked(Learn(Change(1, 3)));
        Assert.Empty(Learn(Change(1, 4)));
        Assert.Equal(1, Known.Version);
        Answer(question, Of(1, 4, Samples.Entry("1-1")));
        Assert.Empty(Learn(Change(1, 5, Samples.Entry("1-2"))));
        Assert.Equal((5, 2), (Known.Version, Known.Devices.Length));
        Asked(Learn(Change(1, 9)));
    }

    [Fact]
    public void It_is_asked_for_again_after_a_while()
    {
        Learn(Of(1, 1), Lab2);
        Asked(Learn(Change(1, 3)));
        _exchange.Tick();
        Asked(Learn(Change(1, 4)));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(2, 1)]
    [InlineData(1, 4)]
    public void A_change_that_is_known_is_nothing(long incarnation, long version)
    {
        Learn(Of(2, 3, Samples.Entry("1-1")), Lab2);
        Assert.Empty(Learn(Change(incarnation, version, Samples.Entry("1-2"))));
        Assert.Equal([Samples.Entry("1-1")], Known.Devices.ToArray());
    }

    [Fact]
    public void A_change_of_the_next_incarnation_is_asked_for()
    {
        Learn(Of(2, 3), Lab2);
        Asked(Learn(Change(3, 4)));
        Assert.Equal(2, Known.Incarnation);
    }

    [Fact]
    public void A_change_of_who_is_not_known_is_asked_for() => Asked(Learn(Change(1, 1)));

    [Fact]
    public void No_node_changes_what_another_one_has()
    {
        Learn(Of(1, 1), Lab2);
        Asked(_exchange.Learn(Change(1, 2, Samples.Entry("1-1")), Lab3));
        Assert.Empty(Known.Devices);
    }

    [Fact]
    public void No_node_changes_what_this_one_has()
    {
        var delta = new InventoryActor.Delta(Samples.Lab1, 1, 1, 0, false, Samples.Entry("1-1"), null);
        _exchange.Learn(delta, Lab3);
        _exchange.Learn(delta, null);
        Assert.Equal((0, 0), (_exchange.Self.Version, _exchange.Self.Devices.Length));
    }

    [Fact]
    public void No_node_grows_without_end()
    {
        Learn(Of(1, 0, [.. Enumerable.Range(1, NodeEntry.MaxDevices).Select(number => Samples.Entry($"1-{number}"))]), Lab2);
        Assert.IsType<InventoryExchange.Step.Warn>(Assert.Single(Learn(Change(1, 1, Samples.Entry("2-1")))));
        Assert.Empty(Learn(Change(1, 1, Samples.Entry("2-1"))));
        Assert.Equal(NodeEntry.MaxDevices, Known.Devices.Length);
    }

    [Fact]
    public void A_node_announces_itself_and_nobody_else()
    {
        var warning = Assert.IsType<InventoryExchange.Step.Warn>(Assert.Single(Learn(Of(1, 1), Lab3)));
        Assert.Equal($"the node at {Lab3} speaks for lab2 at {Lab2}: it is left out", warning.Text);
        Assert.Empty(Learn(Of(1, 2), Lab3));
        Assert.DoesNotContain(Samples.Lab2, _exchange.View.Nodes.Keys);
        Assert.Empty(Learn(Of(1, 1), Lab2));
        Assert.Contains(Samples.Lab2, _exchange.View.Nodes.Keys);
    }

    // --- Whoever says less of itself than is known of it ---

    [Theory]
    [InlineData(7, 9)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void A_claim_that_is_far_ahead_holds_until_the_node_has_been_asked(long incarnation, long version)
    {
        var claim = Of(Math.Min(incarnation, NodeEntry.MaxIncarnation), version, Samples.Entry("9-9"));
        Learn(claim, Lab2);
        Learn(Of(5, 2, Samples.Entry("1-1")), Lab2);
        Assert.Equal(claim, Known);

        Assert.Empty(Digest(5, 2));
        var question = Asked(Lab2, _exchange.Tick());
        Answer(question, Of(5, 2, Samples.Entry("1-1")));
        Assert.Equal((5, 2), (Known.Incarnation, Known.Version));
        Learn(Change(5, 3, Samples.Entry("1-2")));
        Assert.Equal(2, Known.Devices.Length);
    }

    [Fact]
    public void A_node_that_says_as_much_as_is_known_is_not_asked()
    {
        Learn(Of(5, 2), Lab2);
        Digest(5, 2);
        Assert.DoesNotContain(SentTo(Lab2, _exchange.Tick()), message => message is InventoryActor.Pull);
    }

    [Fact]
    public void Who_has_not_been_asked_changes_nothing_of_it()
    {
        Learn(Of(7, 9), Lab2);
        Digest(5, 2);
        var question = Asked(Lab2, _exchange.Tick());
        Answer(Guid.NewGuid(), Of(5, 2));
        _exchange.Learn(new InventoryActor.Announce(Samples.Node("lab3") with { Incarnation = 5 }, question), Lab3);
        Assert.Equal(7, Known.Incarnation);
        Answer(question, Of(5, 2));
        Assert.Equal(5, Known.Incarnation);
    }

    [Fact]
    public void An_answer_counts_once()
    {
        Learn(Of(7, 9), Lab2);
        Digest(5, 2);
        var question = Asked(Lab2, _exchange.Tick());
        Answer(question, Of(5, 2));
        Learn(Of(7, 9), Lab2);
        Answer(question, Of(5, 2));
        Assert.Equal(7, Known.Incarnation);
    }

    [Fact]
    public void An_answer_is_not_later_than_what_has_become_known_since_it_was_asked_for()
    {
        Learn(Of(7, 9), Lab2);
        Digest(5, 2);
        var question = Asked(Lab2, _exchange.Tick());
        Learn(Of(8, 0), Lab2);
        Answer(question, Of(5, 2));
        Assert.Equal(8, Known.Incarnation);
    }

    [Fact]
    public void A_claim_that_a_node_has_another_name_now_holds_until_it_has_been_asked()
    {
        Learn(Of(5, 2), Lab2);
        Learn(Of(NodeEntry.MaxIncarnation, 0) with { Node = NodeName.Parse("nobody") }, Lab2);
        Assert.DoesNotContain(Samples.Lab2, _exchange.View.Nodes.Keys);
        Answer(Asked(Digest(5, 2)), Of(5, 2));
        Assert.Equal(["lab1", "lab2"], _exchange.View.Nodes.Keys.Select(name => name.Value));
    }

    [Fact]
    public void A_node_that_comes_back_elsewhere_with_its_clock_set_back_keeps_its_name()
    {
        Learn(Of(7, 9), Lab2);
        Meet((Lab2, false), (Lab3, true));
        var back = Of(3, 0, Samples.Entry("1-1")) with { Address = Lab3 };
        Learn(back, Lab3);
        Assert.Equal(Lab2, Known.Address);
        _exchange.Compare(new InventoryActor.Digest([new InventoryActor.DigestLine(Samples.Lab2, 3, 0)]), Lab3);
        _exchange.Learn(new InventoryActor.Announce(back, Asked(Lab3, _exchange.Tick())), Lab3);
        Assert.Equal((Lab3, true), (Known.Address, _exchange.View.Nodes[Samples.Lab2].Reachable));
    }

    [Fact]
    public void Who_is_no_member_is_neither_doubted_nor_remembered()
    {
        var stranger = Samples.AddressOf("stranger");
        var asked = _exchange.Compare(new InventoryActor.Digest([new InventoryActor.DigestLine(NodeName.Parse("stranger"), 1, 1)]), stranger);
        Assert.Equal(new InventoryActor.Pull(), Assert.IsType<InventoryExchange.Step.Answer>(Assert.Single(asked)).Message);
        Learn(Of(7, 9), Lab2);
        _exchange.Compare(new InventoryActor.Digest([new InventoryActor.DigestLine(Samples.Lab2, 1, 1)]), stranger);
        Assert.Empty(SentTo(stranger, _exchange.Tick()));
    }

    [Theory]
    [InlineData(2024, 2025)]
    [InlineData(2025, 2024)]
    public void A_node_that_begins_anew_has_a_later_incarnation_whatever_its_clock_says(int before, int now)
    {
        var entry = Of(new DateTime(before, 1, 1).Ticks, 3);
        Assert.True(entry.BegunAnew(new DateTimeOffset(now, 1, 1, 0, 0, 0, TimeSpan.Zero)).Incarnation > entry.Incarnation);
    }

    private NodeEntry Known => _exchange.View.Nodes[Samples.Lab2].Entry;

    private static NodeEntry Of(long incarnation, long version, params DeviceEntry[] devices) =>
        Samples.Node("lab2", devices) with { Incarnation = incarnation, Version = version, Wire = NodeSerializer.Minor };

    private static InventoryActor.Delta Change(long incarnation, long version, DeviceEntry? put = null) =>
        new(Samples.Lab2, incarnation, version, 0, Draining: false, put, Gone: null);

    private IReadOnlyList<InventoryExchange.Step> Learn(NodeEntry entry, string from) => _exchange.Learn(new InventoryActor.Announce(entry), from);

    private IReadOnlyList<InventoryExchange.Step> Learn(InventoryActor.Delta delta) => _exchange.Learn(delta, Lab2);

    private IReadOnlyList<InventoryExchange.Step> Digest(long incarnation, long version) =>
        _exchange.Compare(new InventoryActor.Digest([new InventoryActor.DigestLine(Samples.Lab2, incarnation, version)]), Lab2);

    private void Answer(Guid question, NodeEntry entry) => Assert.Empty(_exchange.Learn(new InventoryActor.Announce(entry, question), Lab2));

    private void Meet(params (string Address, bool Reachable)[] others) => _exchange.Meet(new MembershipView(
        Samples.AddressOf("lab1"),
        others.ToImmutableSortedDictionary(member => member.Address, member => new MemberState("up", member.Reachable))));

    /// <summary>The question with which who has spoken is answered, and nothing else.</summary>
    private static Guid Asked(IReadOnlyList<InventoryExchange.Step> steps) =>
        IsQuestion(Assert.IsType<InventoryExchange.Step.Answer>(Assert.Single(steps)).Message);

    private static Guid Asked(string who, IReadOnlyList<InventoryExchange.Step> steps) =>
        IsQuestion(Assert.Single(SentTo(who, steps), message => message is InventoryActor.Pull));

    private static Guid IsQuestion(INodeMessage message)
    {
        var question = Assert.IsType<InventoryActor.Pull>(message).Question;
        Assert.NotEqual(Guid.Empty, question);
        return question;
    }

    private static IEnumerable<INodeMessage> SentTo(string who, IReadOnlyList<InventoryExchange.Step> steps) =>
        steps.OfType<InventoryExchange.Step.Send>().Where(send => send.To == who).Select(send => send.Message);
}
