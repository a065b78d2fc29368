namespace UsbIpCluster.Control.Tests;

public sealed class DurationTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("2m", 120)]
    [InlineData("1h", 3600)]
    [InlineData("1.5s", 1.5)]
    [InlineData("1h2m3s4ms", 3723.004)]
    [InlineData("0s", 0)]
    [InlineData("168h", 604800)]
    public void These_are_durations(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1d")]
    [InlineData("1 s")]
    [InlineData("1..5s")]
    [InlineData("1/5s")]
    [InlineData("1,5s")]
    [InlineData("1e3s")]
    [InlineData("5sm")]
    [InlineData("168h1ms")]
    [InlineData("99999999999999999999999h")]
    [InlineData("9")]
    [InlineData("9S")]
    [InlineData("9 s")]
    [InlineData("1sm")]
    [InlineData("169h")]
    [InlineData("99999999999999999999999999s")]
    [InlineData("NaNs")]
    [InlineData("NaNms")]
    [InlineData("-NaNs")]
    [InlineData("∞s")]
    public void These_are_none(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(0.25, "250ms")]
    [InlineData(90, "90s")]
    [InlineData(120, "2m")]
    [InlineData(7200, "2h")]
    public void A_duration_is_written_as_it_is_typed(double seconds, string text) => Assert.Equal(text, Duration.Format(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(-1, "0 s")]
    [InlineData(99, "99 s")]
    [InlineData(100, "1 min")]
    [InlineData(7200, "2 h")]
    [InlineData(172800, "2 d")]
    public void An_age_is_told_roughly(double seconds, string text) => Assert.Equal(text, Duration.Age(TimeSpan.FromSeconds(seconds)));
}
