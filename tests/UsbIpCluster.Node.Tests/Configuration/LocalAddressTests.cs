using System.Net;

namespace UsbIpCluster.Node.Tests;

public sealed class LocalAddressTests
{
    private static readonly IPAddress Somewhere = IPAddress.Parse("192.0.2.7");

    [Theory]
    [InlineData("10.0.0.1:3240")]
    [InlineData("[fd00::1]:3240")]
    public void An_address_that_is_listened_on_is_the_only_one(string listen)
    {
        var endPoint = IPEndPoint.Parse(listen);
        Assert.Equal([endPoint.Address], LocalAddress.AllOf(endPoint, Somewhere, []).ToArray());
    }

    [Theory]
    [InlineData("0.0.0.0:3240")]
    [InlineData("[::]:3240")]
    public void The_address_of_the_cluster_comes_first_where_all_are_listened_on(string listen) =>
        Assert.Equal(Somewhere, LocalAddress.AllOf(IPEndPoint.Parse(listen), Somewhere, [])[0]);

    [Fact]
    public void An_address_of_the_other_family_on_the_same_interface_follows()
    {
        var all = LocalAddress.AllOf(IPEndPoint.Parse("[::]:3240"), IPAddress.Loopback, []);
        Assert.Equal(IPAddress.Loopback, all[0]);
        Assert.All(all.Skip(1), address => Assert.Equal(IPAddress.IPv6Loopback, address));
    }

    [Fact]
    public void What_is_listened_on_with_IPv4_has_no_IPv6_address()
    {
        Assert.Equal([IPAddress.Loopback], LocalAddress.AllOf(IPEndPoint.Parse("0.0.0.0:3240"), IPAddress.Loopback, []).ToArray());
        var other = Assert.Single(LocalAddress.AllOf(IPEndPoint.Parse("0.0.0.0:3240"), IPAddress.IPv6Loopback, []));
        Assert.Equal(System.Net.Sockets.AddressFamily.InterNetwork, other.AddressFamily);
    }
}
