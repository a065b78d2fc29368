using System.Net;
using Akka.Actor;

namespace UsbIpCluster.Node.Tests;

public sealed class ClusterAddressTests
{
    [Theory]
    [InlineData("akka.tcp://usbipcluster@lab1:7240", "lab1:7240")]
    [InlineData("akka.tcp://usbipcluster@10.0.0.1:1", "10.0.0.1:1")]
    [InlineData("akka.tcp://usbipcluster@[fd00::1]:7240", "[fd00::1]:7240")]
    public void A_place_is_written_as_seeds_are(string address, string place)
    {
        Assert.True(ClusterAddress.IsValid(address));
        Assert.Equal(place, ClusterAddress.Place(address).ToString());
        Assert.True(NetworkAddress.TryParse(place, null, out var seed));
        Assert.Equal(seed, ClusterAddress.Place(address));
    }

    [Theory]
    [InlineData("10.0.0.1:1", "akka.tcp://usbipcluster@10.0.0.1:1")]
    [InlineData("[fd00::1]:7240", "akka.tcp://usbipcluster@[fd00::1]:7240")]
    public void A_peer_is_found_at_its_end_point(string endPoint, string address) =>
        Assert.Equal(address, ClusterAddress.At(IPEndPoint.Parse(endPoint), new Address("akka.tcp", "usbipcluster", "lab1", 1)).ToString());

    [Fact]
    public void An_ip_address_is_known_without_asking()
    {
        Assert.Equal(IPAddress.Parse("10.0.0.1"), ClusterAddress.Ip("akka.tcp://usbipcluster@10.0.0.1:1"));
        Assert.Equal(IPAddress.Parse("fd00::1"), ClusterAddress.Ip("akka.tcp://usbipcluster@[fd00::1]:1"));
        Assert.Null(ClusterAddress.Ip("akka.tcp://usbipcluster@lab1:1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lab1:7240")]
    [InlineData("akka://usbipcluster")]
    [InlineData("akka.tcp://other@lab1:7240")]
    [InlineData("akka.tcp://usbipcluster@lab1:0")]
    public void Anything_else_is_no_cluster_address(string text) => Assert.False(ClusterAddress.IsValid(text));

    [Fact]
    public void The_view_of_the_members_tells_who_can_be_reached()
    {
        var members = MembershipView.Empty.Members
            .Add("self", new MemberState("up", true))
            .Add("near", new MemberState("up", true))
            .Add("far", new MemberState("up", false));
        var view = new MembershipView("self", members);
        Assert.Equal(["near"], view.Others);
        Assert.True(view.IsReachable("near") && view.IsReachable("self"));
        Assert.False(view.IsReachable("far") || view.IsReachable("nobody"));
        Assert.True(view.Contains("far"));
        Assert.False(view.Contains("nobody"));
    }
}
