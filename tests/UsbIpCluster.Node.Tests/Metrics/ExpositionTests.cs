namespace UsbIpCluster.Node.Tests;

/// <summary>The text format of Prometheus, 0.0.4: its rules for escapes and numbers.</summary>
public sealed class ExpositionTests
{
    [Fact]
    public void A_family_is_its_help_its_type_and_its_samples() => Assert.Equal(
        "# HELP a_total What it counts.\n# TYPE a_total counter\na_total 3\na_total{x=\"1\",y=\"2\"} 0.5\n",
        new Exposition().Family("a_total", "counter", "What it counts.").Sample("a_total", 3).Sample("a_total", 0.5, ("x", "1"), ("y", "2")).ToString());

    [Fact]
    public void In_the_help_backslashes_and_line_feeds_are_escaped_and_quotes_are_not() => Assert.Equal(
        "# HELP a b\\\\c\\nd\"e\n# TYPE a gauge\n", new Exposition().Family("a", "gauge", "b\\c\nd\"e").ToString());

    [Fact]
    public void In_a_label_quotes_are_escaped_too() => Assert.Equal(
        "a{x=\"b\\\\c\\nd\\\"e é\"} 1\n", new Exposition().Sample("a", 1, ("x", "b\\c\nd\"e é")).ToString());

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1e21, "1E+21")]
    [InlineData(1732350000.123, "1732350000.123")]
    [InlineData(0.1, "0.1")]
    [InlineData(-2, "-2")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void Numbers_are_as_Go_reads_them(double value, string text) => Assert.Equal($"a {text}\n", new Exposition().Sample("a", value).ToString());

    [Fact]
    public void A_histogram_counts_what_took_at_most_as_long()
    {
        var histogram = new Histogram();
        foreach (var milliseconds in new[] { 0, 50, 51, 700, 7_200_000, -5 })
            histogram.Observe(TimeSpan.FromMilliseconds(milliseconds));
        var lines = new Exposition().Histogram("t_seconds", histogram, "reason", "r").ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Histogram.Bounds.Length + 3, lines.Length);
        Assert.Equal(
            ["t_seconds_bucket{reason=\"r\",le=\"0.05\"} 3", "t_seconds_bucket{reason=\"r\",le=\"0.1\"} 4"], lines[..2]);
        Assert.Contains("t_seconds_bucket{reason=\"r\",le=\"3600\"} 5", lines);
        Assert.Equal(
            ["t_seconds_bucket{reason=\"r\",le=\"+Inf\"} 6", "t_seconds_sum{reason=\"r\"} 7200.801", "t_seconds_count{reason=\"r\"} 6"], lines[^3..]);
    }

    [Fact]
    public void What_has_no_label_is_not_counted()
    {
        var tally = new Tally("a", "b");
        tally.Add("b");
        tally.Add("b");
        tally.Add("c");
        Assert.Equal([("a", 0L), ("b", 2L)], tally.Counts);
    }
}
