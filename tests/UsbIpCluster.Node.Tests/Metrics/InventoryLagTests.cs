using System.Collections.Immutable;

namespace UsbIpCluster.Node.Tests;

/// <summary>Since when this node knows that it does not know all.</summary>
public sealed class InventoryLagTests
{
    private readonly Clock _clock = new();
    private readonly InventoryLag _lag;

    public InventoryLagTests() => _lag = new InventoryLag(_clock);

    [Fact]
    public void A_member_that_is_new_has_still_to_say_what_it_has()
    {
        _lag.Meet(MembershipView.Empty, View(("b", true)));
        _clock.Now = 3;
        Assert.Equal(TimeSpan.FromSeconds(3), _lag.Longest);
        _lag.Heard("b");
        Assert.Equal(TimeSpan.Zero, _lag.Longest);
        _lag.Meet(View(("b", true)), View(("b", true)));
        Assert.Equal(TimeSpan.Zero, _lag.Longest);
    }

    [Fact]
    public void Who_was_asked_first_counts_until_it_has_answered()
    {
        _lag.Asked("b");
        _clock.Now = 2;
        _lag.Asked("c");
        _clock.Now = 5;
        _lag.Asked("b");
        Assert.Equal(TimeSpan.FromSeconds(5), _lag.Longest);
        _lag.Heard("b");
        Assert.Equal(TimeSpan.FromSeconds(3), _lag.Longest);
    }

    [Fact]
    public void Who_can_not_be_reached_may_have_changed_and_who_is_removed_has_nothing()
    {
        _lag.Meet(View(("b", true)), View(("b", false)));
        _clock.Now = 60;
        _lag.Meet(View(("b", false)), View(("b", true)));
        Assert.Equal(TimeSpan.FromSeconds(60), _lag.Longest);
        _lag.Meet(View(("b", true)), View());
        Assert.Equal(TimeSpan.Zero, _lag.Longest);
    }

    private static MembershipView View(params (string Address, bool Reachable)[] others) => new(
        "a", others.Append(("a", true)).ToImmutableSortedDictionary(other => other.Item1, other => new MemberState("up", other.Item2)));

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
