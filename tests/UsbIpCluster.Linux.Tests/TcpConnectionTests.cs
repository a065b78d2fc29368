using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class TcpConnectionTests
{
    [Fact]
    public void It_is_established_until_the_peer_closes_it()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        var connection = new TcpConnection(far);
        Assert.True(connection.IsEstablished());
        near.Dispose();
        Assert.True(far.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead));
        Assert.False(connection.IsEstablished());
    }

    [Fact]
    public void An_IPv4_peer_of_an_IPv6_socket_is_found()
    {
        using var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        listener.Listen();
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndPoint!).Port);
        using var far = listener.Accept();
        var connection = new TcpConnection(far);
        Assert.True(connection.IsEstablished());
        near.Reset();
        Assert.True(far.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectError));
        Assert.False(connection.IsEstablished());
    }

    [Theory]
    [InlineData("0100007F:0CA8", "127.0.0.1:3240")]
    [InlineData("0000000000000000FFFF00000100007F:0CA8", "127.0.0.1:3240")]
    [InlineData("00000000000000000000000001000000:1C48", "[::1]:7240")]
    public void Addresses_are_read_as_the_kernel_writes_them(string text, string expected) =>
        Assert.Equal(IPEndPoint.Parse(expected), TcpConnection.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0100007F")]
    [InlineData("0100007F:0CA8:0")]
    [InlineData("0100007G:0CA8")]
    [InlineData("01007F:0CA8")]
    [InlineData("0100007F:10CA8")]
    public void What_is_no_address_is_none(string text) => Assert.Null(TcpConnection.Parse(text));
}
