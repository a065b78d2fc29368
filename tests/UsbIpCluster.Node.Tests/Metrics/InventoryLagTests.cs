namespace UsbIpCluster.Node.Tests;

/// <summary>Since when this node knows that it does not know all.</summary>
public sealed class InventoryLagTests
{
    private readonly Clock _clock = new();
    private readonly InventoryLag _lag;

    public InventoryLagTests() => _lag = new InventoryLag(_clock);

    [Fact]
    public void Nothing_is_out_of_date_at_first() => Assert.Equal(TimeSpan.Zero, _lag.Longest);

    [Fact]
    public void Who_is_out_of_date_first_counts_as_long_as_that_lasts()
    {
        _lag.Show(["b"]);
        _clock.Now = 2;
        _lag.Show(["b", "c"]);
        _clock.Now = 5;
        _lag.Show(["c", "b"]);
        Assert.Equal(TimeSpan.FromSeconds(5), _lag.Longest);
        _lag.Show(["c"]);
        Assert.Equal(TimeSpan.FromSeconds(3), _lag.Longest);
        _lag.Show([]);
        Assert.Equal(TimeSpan.Zero, _lag.Longest);
        _lag.Show(["b"]);
        Assert.Equal(TimeSpan.Zero, _lag.Longest);
    }

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
