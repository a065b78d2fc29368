using System.Collections.Immutable;
using System.Net;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

public sealed class ClusterChecksTests
{
    private static readonly string Lab1 = Samples.AddressOf("lab1");
    private static readonly string Lab2 = Samples.AddressOf("lab2");
    private static readonly string Lab3 = Samples.AddressOf("lab3");

    [Fact]
    public void Where_everybody_reaches_everybody_every_pair_is_well_on_both_ports()
    {
        var rows = Rows(Told(Lab1, Lab2, Lab3), Told(Lab2, Lab1, Lab3), Told(Lab3, Lab1, Lab2));
        Assert.All(rows, row => Assert.Equal(("ok", null), (row.Result, row.Hint)));
        Assert.Equal(6, rows.Count(row => row.Check == DoctorChecks.ReachCluster));
        Assert.Equal(6, rows.Count(row => row.Check == DoctorChecks.ReachUsbIp));
        Assert.Equal(["lab2", "lab3"], rows.Where(row => row.Check == DoctorChecks.NodeAnswers).Select(row => row.Target));
        Assert.Equal(["lab2", "lab3"], rows.Where(row => row.Check == DoctorChecks.ClockSkew).Select(row => row.Target));
    }

    [Fact]
    public void One_connection_that_fails_is_exactly_one_error_with_both_names_the_endpoint_and_why()
    {
        var broken = new NodeExamination.Told([To(Lab3, Door.Cluster), To(Lab3, Door.UsbIp, "timed out")], new ClockReading(default, default));
        var row = Assert.Single(Rows(Told(Lab1, Lab2, Lab3), (Lab2, broken), Told(Lab3, Lab1, Lab2)), row => row.Result != "ok");
        Assert.Equal(("reach.usbip", "lab2", "lab3", "error"), (row.Check, row.Node, row.Target, row.Result));
        Assert.Equal("lab2 can't connect to the USB/IP port of lab3 (lab3:3240: timed out)", row.What);
        Assert.Contains("let port 3240 of lab3 through for lab2", row.Hint);
    }

    [Fact]
    public void An_endpoint_that_fails_before_one_that_works_is_a_warning_and_after_it_nothing()
    {
        var works = To(Lab2, Door.UsbIp);
        var fails = new Probe(Lab2, Door.UsbIp, new NetworkAddress("fd00::2", 3240), "no route");
        Assert.Equal("warning", UsbIp([To(Lab2, Door.Cluster), fails, works]).Result);
        Assert.Equal("ok", UsbIp([To(Lab2, Door.Cluster), works, fails]).Result);

        static DoctorRow UsbIp(ImmutableArray<Probe> probes) =>
            Rows((Lab1, new NodeExamination.Told(probes, null))).Single(row => row.Check == DoctorChecks.ReachUsbIp);
    }

    [Fact]
    public void A_node_that_does_not_say_where_it_serves_is_a_warning()
    {
        var row = Rows((Lab1, new NodeExamination.Told([To(Lab2, Door.Cluster)], null))).Single(row => row.Check == DoctorChecks.ReachUsbIp);
        Assert.Equal(("lab1", "lab2", "warning"), (row.Node, row.Target, row.Result));
    }

    [Fact]
    public void What_a_node_says_of_strangers_is_left_out()
    {
        var rows = Rows((Lab2, new NodeExamination.Told([To(Samples.AddressOf("stranger"), Door.Cluster, "x")], null)));
        Assert.DoesNotContain(rows, row => row.Check == DoctorChecks.ReachCluster);
    }

    [Fact]
    public void Each_way_of_not_telling_has_its_words()
    {
        Assert.Equal(("error", "usbipc nodes remove lab3"), Answer(Lab3, new NodeExamination.Silent(TimeSpan.FromSeconds(4)), "usbipc nodes remove lab3"));
        Assert.Equal(("error", "journalctl"), Answer(Lab2, new NodeExamination.Silent(TimeSpan.FromSeconds(4)), "journalctl"));
        Assert.Equal(("error", "--timeout"), Answer(Lab2, new NodeExamination.Unfinished(null), "--timeout"));
        Assert.Equal(("warning", "again"), Answer(Lab2, new NodeExamination.Busy(null), "again"));
        Assert.Equal(("warning", "upgrade usbipcd on lab2"), Answer(Lab2, new NodeExamination.Older("0.0.1"), "upgrade usbipcd on lab2"));
        Assert.Equal(("warning", "again"), Answer(Lab2, new NodeExamination.Older(null), "again"));

        static (string, string?) Answer(string address, NodeExamination result, string hint)
        {
            var row = Rows((address, result)).Single(row => row.Check == DoctorChecks.NodeAnswers);
            Assert.Equal(("lab1", true), (row.Node, row.What.StartsWith(row.Target!, StringComparison.Ordinal)));
            return (row.Result, row.Hint!.Contains(hint, StringComparison.Ordinal) ? hint : row.Hint);
        }
    }

    [Theory]
    [InlineData(0, 0.001, "ok")]
    [InlineData(3, 1.5, "ok")]
    [InlineData(3, 0.5, "warning")]
    [InlineData(-3, 0.5, "warning")]
    [InlineData(3600, 0.5, "error")]
    [InlineData(-3600, 0.5, "error")]
    [InlineData(601, 2, "warning")]
    public void A_clock_that_is_surely_off_is_told_of(double ahead, double uncertainty, string result)
    {
        var row = ClusterChecks.Skew("lab1", "lab2", new ClockReading(TimeSpan.FromSeconds(ahead), TimeSpan.FromSeconds(uncertainty)));
        Assert.Equal((result, result != "ok"), (row.Result, row.Hint is not null));
    }

    [Fact]
    public void A_clocks_words_have_the_distance_and_the_uncertainty() => Assert.Equal(
        "the clock of lab2 is 2 hours behind that of lab1 (give or take 1.5 ms)",
        ClusterChecks.Skew("lab1", "lab2", new ClockReading(TimeSpan.FromHours(-2), TimeSpan.FromMilliseconds(1.5))).What);

    [Theory]
    [InlineData("lab2", null, "ok")]
    [InlineData("10.0.0.9", null, "warning")]
    [InlineData("10.0.0.9", "refused", "warning")]
    public void A_seed_is_well_when_it_is_in_the_cluster(string host, string? failure, string result)
    {
        var seed = new SeedChecks.Seed(new NetworkAddress(host, 7240), [new IPEndPoint(IPAddress.Parse("10.0.0.9"), 7240)], failure);
        Assert.Equal(result, SeedChecks.Judge("lab1", seed, Members).Result);
    }

    private static MembershipView Members { get; } = new(Lab1, MembershipView.Empty.Members
        .Add(Lab1, new MemberState("up", true)).Add(Lab2, new MemberState("up", true)).Add(Lab3, new MemberState("up", false)));

    private static Probe To(string target, Door door, string? failure = null) =>
        new(target, door, ClusterAddress.Place(target) with { Port = door == Door.Cluster ? 7240 : 3240 }, failure);

    private static (string, NodeExamination) Told(string from, params string[] others) => (
        from,
        new NodeExamination.Told(
            [.. others.SelectMany(other => new[] { To(other, Door.Cluster), To(other, Door.UsbIp) })],
            from == Lab1 ? null : new ClockReading(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(5))));

    private static DoctorRow[] Rows(params (string Address, NodeExamination Result)[] results) =>
    [
        .. ClusterChecks.Of(new ClusterExamination(
            Members,
            Samples.View("lab1", Samples.Node("lab1"), Samples.Node("lab2"), Samples.Node("lab3")),
            results.ToImmutableSortedDictionary(result => result.Address, result => result.Result, StringComparer.Ordinal))),
    ];
}
