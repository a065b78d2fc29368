using System.Net;

namespace UsbIpCluster.Node.Tests;

public sealed class AccessRuleTests
{
    private static readonly NodeName Node = NodeName.Parse("lab1");

    [Theory]
    [InlineData("node=lab1")]
    [InlineData("node=LAB?")]
    [InlineData("node=*")]
    [InlineData(" NODE = lab* ")]
    [InlineData("user=anna")]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.0/8")]
    [InlineData("0.0.0.0/0")]
    [InlineData("::ffff:10.0.0.7")]
    [InlineData("::ffff:10.0.0.0/104")]
    [InlineData("node=lab*,user=anna,10.0.0.0/24")]
    [InlineData("10.0.0.7 , user=anna")]
    public void All_terms_must_be_true(string text) => Assert.True(Parse(text).Matches(Node, "anna", IPAddress.Parse("10.0.0.7")));

    [Theory]
    [InlineData("node=lab2")]
    [InlineData("node=lab")]
    [InlineData("node=lab1?")]
    [InlineData("user=Anna")]
    [InlineData("user=ann")]
    [InlineData("user=ann*")]
    [InlineData("10.0.0.8")]
    [InlineData("10.1.0.0/16")]
    [InlineData("::/0")]
    [InlineData("node=lab2,user=anna,10.0.0.0/24")]
    [InlineData("node=lab1,user=bert,10.0.0.0/24")]
    [InlineData("node=lab1,user=anna,10.0.1.0/24")]
    public void One_that_is_not_is_enough(string text) => Assert.False(Parse(text).Matches(Node, "anna", IPAddress.Parse("10.0.0.7")));

    [Fact]
    public void A_user_that_nobody_names_is_no_user() => Assert.False(Parse("user=anna").Matches(Node, null, null));

    [Theory]
    [InlineData("10.0.0.0/8", null)]
    [InlineData("node=lab1,10.0.0.0/8", null)]
    [InlineData("node=lab2,10.0.0.0/8", false)]
    [InlineData("user=bert,10.0.0.0/8", false)]
    [InlineData("node=lab1", true)]
    public void Without_an_address_only_a_rule_that_names_none_is_decided(string text, bool? expected) =>
        Assert.Equal(expected, Parse(text).Matches(Node, "anna", null));

    [Theory]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.7")]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.7")]
    [InlineData("::ffff:10.0.0.0/104", "::ffff:10.0.0.7")]
    [InlineData("fd00::/8", "fd00::1")]
    [InlineData("fe80::/10", "fe80::1%2")]
    [InlineData("::/0", "fd00::1")]
    public void An_address_in_a_network_is_meant(string network, string address)
    {
        Assert.True(Parse(network).Covers(IPAddress.Parse(address)));
        Assert.True(new AccessRule(null, null, IPNetwork.Parse(network)).Covers(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("node=lab*")]
    [InlineData("user=DOM\\anna b")]
    [InlineData("user=a=b")]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.0/8")]
    [InlineData("0.0.0.0/0")]
    [InlineData("fd00::7")]
    [InlineData("fd00::/8")]
    [InlineData("::/0")]
    [InlineData("node=lab1,user=anna,10.0.0.0/24")]
    public void A_rule_is_written_as_it_is_read(string text) => Assert.Equal(text, Parse(text).ToString());

    [Theory]
    [InlineData("10.0.0.0/24, user=anna ,NODE=lab1", "node=lab1,user=anna,10.0.0.0/24")]
    [InlineData("10.0.0.7/32", "10.0.0.7")]
    [InlineData("FD00:0::7/128", "fd00::7")]
    [InlineData("::ffff:10.0.0.7", "10.0.0.7")]
    [InlineData("::ffff:0.0.0.0/96", "0.0.0.0/0")]
    public void What_is_the_same_is_written_the_same(string text, string written)
    {
        Assert.Equal(written, Parse(text).ToString());
        Assert.Equal(Parse(written), Parse(text));
    }

    [Fact]
    public void Every_rule_that_can_be_made_can_be_read_again()
    {
        var random = new Random(20240507);
        for (var i = 0; i < 2000; i++)
        {
            var what = random.Next(1, 8);
            var bytes = new byte[random.Next(2) == 0 ? 4 : 16];
            random.NextBytes(bytes);
            var address = new IPAddress(bytes);
            var rule = new AccessRule(
                (what & 1) != 0 ? "lab" + "*?.-_"[random.Next(5)] + random.Next(100) : null,
                (what & 2) != 0 ? "user " + "=/:@\\\"ä"[random.Next(7)] + random.Next(100) : null,
                (what & 4) != 0 ? new IPNetwork(address, 8 * bytes.Length) : null);
            Assert.Equal(rule, Parse(rule.ToString()));
        }
    }

    [Fact]
    public void A_rule_about_nothing_does_not_exist() => Assert.Throws<ArgumentException>(() => new AccessRule(null, null, null));

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData(" ", "empty")]
    [InlineData(",", "''")]
    [InlineData("node=lab1,", "''")]
    [InlineData("lab1", "'lab1'")]
    [InlineData("node=", "''")]
    [InlineData("node=la b", "'la b'")]
    [InlineData("node=lab1,node=lab2", "'node=' stands there twice")]
    [InlineData("user=", "'user='")]
    [InlineData("user=a\nb", "'user='")]
    [InlineData("user=a,USER=b", "'user=' stands there twice")]
    [InlineData("group=lab", "'group'")]
    [InlineData("=lab", "''")]
    [InlineData("10.0.0.1,10.0.0.2", "'10.0.0.2' is a second address")]
    [InlineData("10.0.0.5/8", "'10.0.0.5/8' is no network: its address has more than 8 bits")]
    [InlineData("10.0.0.0/33", "up to 32")]
    [InlineData("10.0.0.0/-1", "up to 32")]
    [InlineData("10.0.0.0/", "up to 32")]
    [InlineData("fd00::/129", "up to 128")]
    [InlineData("::ffff:10.0.0.0/95", "more than 95 bits")]
    [InlineData("10", "'10' is no rule")]
    [InlineData("10.1/16", "'10.1/16' is no rule")]
    [InlineData("010.0.0.1", "'010.0.0.1' is no rule")]
    [InlineData("0x7f.0.0.1", "'0x7f.0.0.1' is no rule")]
    [InlineData("[::1]", "'[::1]' is no rule")]
    [InlineData("[::1]:3240", "'[::1]:3240' is no rule")]
    [InlineData("fe80::1%eth0", "'fe80::1%eth0' is no rule")]
    [InlineData("*", "'*' is no rule")]
    public void A_malformed_text_is_named(string? text, string named)
    {
        Assert.False(AccessRule.TryParse(text, out _, out var problem));
        Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_has_a_longest_length()
    {
        Assert.True(AccessRule.TryParse("user=" + new string('x', AccessRule.MaxLength - 5), out _, out _));
        Assert.False(AccessRule.TryParse("user=" + new string('x', AccessRule.MaxLength - 4), out _, out var problem));
        Assert.Contains("512", problem, StringComparison.Ordinal);
    }

    private static AccessRule Parse(string text)
    {
        Assert.True(AccessRule.TryParse(text, out var rule, out var problem), problem);
        return rule;
    }
}
