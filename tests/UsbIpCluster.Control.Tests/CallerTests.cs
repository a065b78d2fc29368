namespace UsbIpCluster.Control.Tests;

public sealed class CallerTests
{
    /// <summary>Far above what any host gives out.</summary>
    private const uint Nameless = 4_000_000_123;

    [Fact]
    public void A_user_has_the_name_of_the_user_database_whoever_else_asks()
    {
        // The first entry of an id is the one that counts, passwd(5).
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length == 7)
            .GroupBy(fields => uint.Parse(fields[2]), fields => fields[0]).ToDictionary(names => names.Key, names => names.First());
        Assert.NotEmpty(users);
        var asked = Enumerable.Repeat(users.Keys, 50).SelectMany(ids => ids).ToArray();
        var wrong = asked.AsParallel().WithDegreeOfParallelism(4).Where(id => Posix.UserNameOf(id) != users[id]).ToArray();
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_user_without_an_entry_has_no_name() => Assert.Null(Posix.UserNameOf(Nameless));

    [Theory]
    [InlineData("alice")]
    [InlineData("svc-usb_1.lab$")]
    [InlineData("LAB\\alice")]
    [InlineData("alice@lab.example")]
    [InlineData("älice")]
    [InlineData("漢字")]
    public void A_user_goes_by_the_name(string name) => Assert.Equal(name, new ControlCaller(1, 1000, 100, name).User);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("uid:0")]
    [InlineData("al ice")]
    [InlineData("alice\n")]
    [InlineData("\e[2J")]
    [InlineData("al\u202eice")]
    [InlineData("al\u00a0ice")]
    [InlineData("alice\ufffd")]
    [InlineData("\ue000")]
    public void A_name_that_is_missing_or_does_not_print_is_the_id_instead(string? name) =>
        Assert.Equal("uid:1000", new ControlCaller(1, 1000, 100, name).User);

    [Fact]
    public void Half_a_surrogate_pair_is_no_name() => Assert.Equal("uid:1000", new ControlCaller(1, 1000, 100, "a" + (char)0xd800).User);

    [Fact]
    public void A_name_is_at_most_as_long_as_is_allowed()
    {
        var longest = new string('x', ControlCaller.LongestName);
        Assert.Equal(longest, new ControlCaller(1, 1000, 100, longest).User);
        Assert.Equal("uid:1000", new ControlCaller(1, 1000, 100, longest + "x").User);
    }
}
