namespace UsbIpCluster.Node.Tests;

public sealed class BackoffTests
{
    [Fact]
    public void The_first_retry_is_at_once() => Assert.Equal(TimeSpan.Zero, default(Backoff).Delay(new Random(1)));

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(3, 400)]
    [InlineData(6, 3_200)]
    [InlineData(7, 5_000)]
    [InlineData(16, 5_000)]
    public void Each_later_one_waits_twice_as_long_up_to_five_seconds(int failures, double milliseconds)
    {
        var longest = TimeSpan.FromMilliseconds(milliseconds);
        Assert.Equal(longest, After(failures).Delay(new Fixed(0)));
        Assert.True(After(failures).Delay(new Fixed(0.999_999)) >= longest / 2);
    }

    [Fact]
    public void The_delays_of_two_importers_differ()
    {
        var random = new Random(1);
        Assert.Equal(100, Enumerable.Range(0, 100).Select(_ => After(7).Delay(random)).Distinct().Count());
    }

    [Fact]
    public void A_thousand_failures_wait_no_longer() => Assert.Equal(Backoff.Longest, After(1_000).Delay(new Fixed(0)));

    private static Backoff After(int failures) =>
        Enumerable.Range(0, failures).Aggregate(default(Backoff), (backoff, _) => backoff.Next);

    private sealed class Fixed(double value) : Random
    {
        public override double NextDouble() => value;
    }
}
