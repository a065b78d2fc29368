namespace UsbIpCluster.Linux.Tests;

public sealed class HotKeysTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly Rhythm Long = Rhythm.Slackening(20, 250, thenMilliseconds: 50, untilMilliseconds: 3000);
    private static readonly Rhythm Short = Rhythm.Slackening(5, 50, thenMilliseconds: 25, untilMilliseconds: 250);

    private readonly HotKeys<int> _keys = new();

    [Fact]
    public void Nothing_is_hot_at_first() => Assert.Null(_keys.Next(Start));

    [Fact]
    public void A_signal_is_read_at_once_and_taken_once()
    {
        _keys.Warm(1, Start, Long);
        Assert.Equal(TimeSpan.Zero, _keys.Next(Start));
        Assert.Equal([(1, Start)], _keys.Take(Start));
        Assert.Equal([(1, null)], _keys.Take(Start));
    }

    [Fact]
    public void The_first_of_several_signals_gives_the_time()
    {
        _keys.Warm(1, Start, Long);
        _keys.Warm(1, At(3), Long);
        Assert.Equal(Start, _keys.Take(At(4)).Single().Signal);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(249, 20)]
    [InlineData(250, 50)]
    [InlineData(3000, 50)]
    public void The_interval_slackens(int age, int expected)
    {
        _keys.Warm(1, Start, Long);
        _keys.Take(Start);
        Assert.Equal(TimeSpan.FromMilliseconds(expected), _keys.Next(At(age)));
    }

    [Fact]
    public void It_ends()
    {
        _keys.Warm(1, Start, Long);
        _keys.Take(Start);
        Assert.Empty(_keys.Take(At(3001)));
        Assert.Null(_keys.Next(At(3001)));
    }

    [Fact]
    public void What_came_late_is_taken_even_when_its_time_is_over()
    {
        _keys.Warm(1, Start, Long);
        Assert.Single(_keys.Take(At(9999)));
    }

    [Fact]
    public void A_short_signal_makes_it_brisker_and_does_not_end_a_long_one()
    {
        _keys.Warm(1, Start, Long);
        _keys.Warm(1, At(1000), Short);
        _keys.Take(At(1000));
        Assert.Equal(TimeSpan.FromMilliseconds(5), _keys.Next(At(1001)));
        Assert.Single(_keys.Take(At(3000)));
    }

    [Fact]
    public void A_slower_signal_does_not_slow_down_a_brisk_one()
    {
        _keys.Warm(1, Start, Short);
        _keys.Warm(1, At(1), Long);
        _keys.Take(At(1));
        Assert.Equal(TimeSpan.FromMilliseconds(5), _keys.Next(At(2)));
    }

    [Fact]
    public void The_briskest_of_several_counts()
    {
        _keys.Warm(1, Start, Long);
        _keys.Warm(2, Start, Short);
        _keys.Take(Start);
        Assert.Equal(TimeSpan.FromMilliseconds(5), _keys.Next(Start));
    }

    [Fact]
    public void An_even_rhythm_never_asks_for_a_reading_without_pause()
    {
        _keys.Warm(1, Start, Rhythm.Even(25, 1500));
        _keys.Take(Start);
        Assert.All(Enumerable.Range(0, 1501), age => Assert.Equal(TimeSpan.FromMilliseconds(25), _keys.Next(At(age))));
    }

    private static DateTimeOffset At(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);
}
