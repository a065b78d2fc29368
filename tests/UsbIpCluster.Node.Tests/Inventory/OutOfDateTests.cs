using System.Collections.Immutable;

namespace UsbIpCluster.Node.Tests;

/// <summary>Of whom lab1 knows that it does not know all.</summary>
public sealed class OutOfDateTests
{
    private static readonly string Lab2 = Samples.AddressOf("lab2");
    private static readonly string Lab3 = Samples.AddressOf("lab3");

    private readonly PeerNames _names = new();
    private readonly InventoryExchange _exchange;

    public OutOfDateTests()
    {
        _exchange = new InventoryExchange(Samples.Node("lab1") with { Version = 0, Wire = NodeSerializer.Minor }, _names);
        Meet((Lab2, true), (Lab3, true));
        Learn(Of("lab3", 1, 1));
    }

    [Fact]
    public void A_member_that_has_said_nothing_yet()
    {
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Learn(Of("lab2", 1, 1));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_was_asked_and_has_not_answered_although_it_goes_on_telling_of_changes()
    {
        Learn(Of("lab2", 1, 1));
        Asked(Change("lab2", 1, 3, Lab2));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Assert.Empty(Change("lab2", 1, 4, Lab2));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Learn(Of("lab2", 1, 4));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_has_told_of_something_later_since_it_was_asked()
    {
        Learn(Of("lab2", 1, 1));
        var question = Asked(Change("lab2", 1, 3, Lab2));
        Change("lab2", 1, 4, Lab2);
        Answer(question, Of("lab2", 1, 3));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Change("lab2", 1, 4, Lab2);
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_has_told_of_a_later_entry_than_what_comes_late_from_it()
    {
        Learn(Of("lab2", 1, 1));
        Digest(Lab2, ("lab2", 1, 5));
        Learn(Of("lab2", 1, 4));
        Digest(Lab2, ("lab2", 1, 4));
        Change("lab2", 1, 2, Lab2);
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Learn(Of("lab2", 1, 5));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_was_said_to_have_more_until_it_is_asked_and_has_answered_itself()
    {
        Learn(Of("lab2", 1, 1));
        var answered = Asked(Digest(Lab3, ("lab2", 1, 7), ("lab3", 1, 1)));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Answer(answered, Of("lab3", 1, 1));
        Digest(Lab2, ("lab2", 1, 1));
        Assert.Equal([Lab2], _exchange.OutOfDate);

        var question = AskedAtTheTick(Lab2);
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Answer(question, Of("lab2", 1, 1));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_goes_on_saying_less_than_is_known_from_when_it_is_asked()
    {
        Learn(Of("lab2", 7, 9));
        Digest(Lab2, ("lab2", 5, 2));
        Assert.Empty(_exchange.OutOfDate);
        var question = AskedAtTheTick(Lab2);
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Digest(Lab2, ("lab2", 5, 2));
        Learn(Of("lab2", 5, 2));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Answer(question, Of("lab2", 5, 2));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_said_to_have_more_than_it_says_later_is_asked_again()
    {
        Learn(Of("lab2", 1, 1));
        Change("lab2", NodeEntry.MaxIncarnation, 9, Lab2);
        _exchange.Tick();
        Digest(Lab2, ("lab2", 1, 1));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Answer(AskedAtTheTick(Lab2), Of("lab2", 1, 1));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_can_not_be_reached_and_who_is_back_until_it_has_spoken()
    {
        Learn(Of("lab2", 1, 1));
        Meet((Lab2, false), (Lab3, true));
        Digest(Lab2, ("lab2", 1, 1));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Meet((Lab2, true), (Lab3, true));
        Assert.Equal([Lab2], _exchange.OutOfDate);
        Digest(Lab2, ("lab2", 1, 1));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_is_removed_has_nothing()
    {
        Meet((Lab3, true));
        Assert.Empty(_exchange.OutOfDate);
        Change("lab2", 1, 3, Lab2);
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_is_left_out_has_no_entry_that_could_be_later()
    {
        _names.Learn(ClusterAddress.Place(Lab2), [NodeName.Parse("lab9")]);
        Learn(Of("lab2", 1, 1));
        Assert.Empty(_exchange.OutOfDate);
    }

    [Fact]
    public void Who_has_more_than_is_taken()
    {
        Learn(Of("lab2", 1, 0) with { Devices = [.. Enumerable.Range(1, NodeEntry.MaxDevices).Select(number => Samples.Entry($"1-{number}"))] });
        _exchange.Learn(new InventoryActor.Delta(Samples.Lab2, 1, 1, 0, Draining: false, Samples.Entry("2-1"), Gone: null), Lab2);
        Assert.Equal([Lab2], _exchange.OutOfDate);
    }

    private static NodeEntry Of(string node, long incarnation, long version) =>
        Samples.Node(node) with { Incarnation = incarnation, Version = version, Wire = NodeSerializer.Minor };

    private void Learn(NodeEntry entry) => _exchange.Learn(new InventoryActor.Announce(entry), entry.Address);

    private void Answer(Guid question, NodeEntry entry) => _exchange.Learn(new InventoryActor.Announce(entry, question), entry.Address);

    private IReadOnlyList<InventoryExchange.Step> Change(string node, long incarnation, long version, string from) => _exchange.Learn(
        new InventoryActor.Delta(NodeName.Parse(node), incarnation, version, 0, Draining: false, Put: null, Gone: null), from);

    private IReadOnlyList<InventoryExchange.Step> Digest(string from, params (string Node, long Incarnation, long Version)[] lines) =>
        _exchange.Compare(
            new InventoryActor.Digest([.. lines.Select(line => new InventoryActor.DigestLine(NodeName.Parse(line.Node), line.Incarnation, line.Version))]),
            from);

    private void Meet(params (string Address, bool Reachable)[] others) => _exchange.Meet(new MembershipView(
        Samples.AddressOf("lab1"),
        others.Append((Address: Samples.AddressOf("lab1"), Reachable: true)).ToImmutableSortedDictionary(
            member => member.Address, member => new MemberState("up", member.Reachable))));

    private static Guid Asked(IReadOnlyList<InventoryExchange.Step> steps) => Assert.IsType<InventoryActor.Pull>(
        Assert.IsType<InventoryExchange.Step.Answer>(Assert.Single(steps)).Message).Question;

    private Guid AskedAtTheTick(string who) => Assert.Single(
        _exchange.Tick().OfType<InventoryExchange.Step.Send>().Where(send => send.To == who).Select(send => send.Message).OfType<InventoryActor.Pull>()).Question;
}
