using System.Collections.Immutable;
using System.Net;

namespace UsbIpCluster.Node.Tests;

public sealed class AccessTests
{
    private static readonly NodeName Node = NodeName.Parse("lab1");
    private static readonly IPAddress Address = IPAddress.Parse("10.0.0.7");

    // What a line says of anna on lab1 at 10.0.0.7: yes, no, or yes when the address is known to be that one.
    private const string Yes = "user=anna";
    private const string No = "user=bert";
    private const string HereYes = "10.0.0.0/8";
    private const string HereNo = "10.1.0.0/16";

    [Theory]
    [InlineData("", "", "Allowed", "Allowed")]
    [InlineData(Yes, "", "Allowed", "Allowed")]
    [InlineData(No, "", "Denied", "Denied")]
    [InlineData(HereYes, "", "Undecided", "Allowed")]
    [InlineData(HereNo, "", "Undecided", "Denied")]
    [InlineData(No + ";" + Yes, "", "Allowed", "Allowed")]
    [InlineData(No + ";" + HereYes, "", "Undecided", "Allowed")]
    [InlineData(HereNo + ";" + Yes, "", "Allowed", "Allowed")]
    [InlineData("", Yes, "Denied", "Denied")]
    [InlineData("", No, "Allowed", "Allowed")]
    [InlineData("", HereYes, "Undecided", "Denied")]
    [InlineData("", HereNo, "Undecided", "Allowed")]
    [InlineData("", HereNo + ";" + Yes, "Denied", "Denied")]
    [InlineData(Yes, Yes, "Denied", "Denied")]
    [InlineData(Yes, No, "Allowed", "Allowed")]
    [InlineData(Yes, HereYes, "Undecided", "Denied")]
    [InlineData(Yes, HereNo, "Undecided", "Allowed")]
    [InlineData(No, HereYes, "Denied", "Denied")]
    [InlineData(No, HereNo, "Denied", "Denied")]
    [InlineData(HereYes, Yes, "Denied", "Denied")]
    [InlineData(HereYes, No, "Undecided", "Allowed")]
    [InlineData(HereYes, HereYes, "Undecided", "Denied")]
    [InlineData(HereNo, HereNo, "Undecided", "Denied")]
    public void A_lease_is_decided_before_there_is_an_address_and_then(string allow, string deny, string before, string then)
    {
        var access = Of(allow, deny);
        Assert.Equal(Enum.Parse<Verdict>(before), access.ForLease(Node, "anna", null));
        Assert.Equal(Enum.Parse<Verdict>(then), access.ForLease(Node, "anna", Address));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("node=lab1", "", false)]
    [InlineData("node=*", "", false)]
    [InlineData("user=anna", "", false)]
    [InlineData("10.0.0.0/8", "", true)]
    [InlineData("10.1.0.0/16", "", false)]
    [InlineData("node=lab1;10.0.0.0/8", "", true)]
    [InlineData("node=lab1;10.1.0.0/16", "", false)]
    [InlineData("node=lab1,10.0.0.0/8", "", false)]
    [InlineData("", "node=lab1", false)]
    [InlineData("", "user=anna", false)]
    [InlineData("10.0.0.0/8", "user=anna", true)]
    [InlineData("", "10.0.0.0/8", false)]
    [InlineData("", "10.1.0.0/16", true)]
    [InlineData("10.0.0.0/8", "10.0.0.7", false)]
    [InlineData("10.0.0.0/8", "10.0.0.8", true)]
    [InlineData("10.0.0.0/8", "user=anna,10.0.0.7", false)]
    [InlineData("10.0.0.0/8", "user=anna,10.0.0.8", true)]
    [InlineData("", "user=anna,10.0.0.8", false)]
    public void A_plain_client_is_let_in_by_its_address_alone(string allow, string deny, bool expected)
    {
        Assert.Equal(expected, Of(allow, deny).ForPlainClient(Address));
        Assert.Equal(expected, Of(allow, deny).ForPlainClient(Address.MapToIPv6()));
    }

    [Fact]
    public void Whoever_is_denied_is_denied_whatever_else_is_allowed()
    {
        var random = new Random(20240508);
        for (var i = 0; i < 5000; i++)
        {
            var allow = Rules(random, random.Next(4));
            var denying = Rules(random, random.Next(1, 4));
            var node = NodeName.Parse("lab" + random.Next(3));
            var user = random.Next(3) == 0 ? null : "user" + random.Next(3);
            var address = new IPAddress([10, 0, 0, (byte)random.Next(4)]);
            var access = new Access(allow, denying);
            var isDenied = denying.Any(rule => rule.Matches(node, user, address) == true);
            if (isDenied)
                Assert.Equal(Verdict.Denied, access.ForLease(node, user, address));
            if (denying.Any(rule => rule.Covers(address)))
                Assert.False(access.ForPlainClient(address));

            // What was said before there was an address stands when there is one.
            var before = access.ForLease(node, user, null);
            var then = access.ForLease(node, user, address);
            Assert.NotEqual(Verdict.Undecided, then);
            Assert.True(before == Verdict.Undecided || before == then, $"{before} became {then}");

            // One more denial lets nobody in, and the order of the lines says nothing.
            var more = new Access(allow, denying.AddRange(Rules(random, 1)));
            Assert.False(then == Verdict.Denied && more.ForLease(node, user, address) == Verdict.Allowed);
            Assert.False(!access.ForPlainClient(address) && more.ForPlainClient(address));
            Assert.Equal(then, new Access([.. allow.Reverse()], [.. denying.Reverse()]).ForLease(node, user, address));
        }
    }

    [Fact]
    public void Policies_are_equal_when_their_lines_are()
    {
        Assert.Equal(Of("user=anna;10.0.0.0/8", "node=x"), Of("user=anna;10.0.0.0/8", "node=x"));
        Assert.Equal(Of("user=anna", "").GetHashCode(), Of("user=anna", "").GetHashCode());
        Assert.NotEqual(Of("user=anna", ""), Of("", "user=anna"));
        Assert.NotEqual(Of("user=anna", ""), Access.Open);
    }

    private static ImmutableArray<AccessRule> Rules(Random random, int count) =>
    [
        .. Enumerable.Range(0, count).Select(_ => random.Next(1, 8)).Select(what => new AccessRule(
            (what & 1) != 0 ? "lab" + "?12"[random.Next(3)] : null,
            (what & 2) != 0 ? "user" + random.Next(3) : null,
            (what & 4) != 0 ? new IPNetwork(new IPAddress([10, 0, 0, (byte)random.Next(4)]), 32) : null)),
    ];

    private static Access Of(string allow, string deny) => new(Lines(allow), Lines(deny));

    private static ImmutableArray<AccessRule> Lines(string text) =>
    [
        .. text.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => AccessRule.TryParse(line, out var rule, out var problem) ? rule : throw new FormatException(problem)),
    ];
}
