using System.Net;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

public sealed class NetworkAddressTests
{
    private const int Default = 3240;

    [Theory]
    [InlineData("lab1:7240", "lab1", 7240)]
    [InlineData("lab1", "lab1", Default)]
    [InlineData("lab1.example.org:1", "lab1.example.org", 1)]
    [InlineData("10.0.0.1:65535", "10.0.0.1", 65535)]
    [InlineData("10.0.0.1", "10.0.0.1", Default)]
    [InlineData("10.0.0.1:0", "10.0.0.1", 0)]
    [InlineData("[fd00::1]:7240", "fd00::1", 7240)]
    [InlineData("[fd00::1]", "fd00::1", Default)]
    [InlineData("fd00::1", "fd00::1", Default)]
    [InlineData("::1", "::1", Default)]
    [InlineData("[::]:1", "::", 1)]
    [InlineData("[::ffff:10.0.0.1]:2", "::ffff:10.0.0.1", 2)]
    public void A_host_and_a_port_are_read(string text, string host, int port)
    {
        Assert.True(NetworkAddress.TryParse(text, Default, out var address));
        Assert.Equal(new NetworkAddress(host, port), address);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(":3240")]
    [InlineData("lab1:")]
    [InlineData("lab1:65536")]
    [InlineData("lab1:-1")]
    [InlineData("lab1: 1")]
    [InlineData("lab1:0x1")]
    [InlineData("lab 1:1")]
    [InlineData("lab1/a:1")]
    [InlineData("[]")]
    [InlineData("[]:1")]
    [InlineData("[fd00::1")]
    [InlineData("[fd00::1]1")]
    [InlineData("[fd00::1]:")]
    [InlineData("[[fd00::1]]:1")]
    [InlineData("fd00::1]:1")]
    [InlineData("fd00::zz")]
    [InlineData("lab1\n:1")]
    public void Anything_else_is_no_address(string? text) => Assert.False(NetworkAddress.TryParse(text, Default, out _));

    [Theory]
    [InlineData("lab1")]
    [InlineData("10.0.0.1")]
    [InlineData("fd00::1")]
    [InlineData("[fd00::1]")]
    public void Without_a_default_a_port_must_be_written(string text) => Assert.False(NetworkAddress.TryParse(text, null, out _));

    [Fact]
    public void A_host_has_253_characters_at_most()
    {
        var label = new string('a', 61) + ".";
        var longest = string.Concat(Enumerable.Repeat(label, 4)) + "abcde";
        Assert.Equal(253, longest.Length);
        Assert.True(NetworkAddress.TryParse(longest, Default, out _));
        Assert.False(NetworkAddress.TryParse(longest + "f", Default, out _));
    }

    [Theory]
    [InlineData("lab1:7240")]
    [InlineData("10.0.0.1:7240")]
    [InlineData("[fd00::1]:7240")]
    public void What_is_written_is_read_again(string text)
    {
        Assert.True(NetworkAddress.TryParse(text, null, out var address));
        Assert.Equal(text, address.ToString());
    }

    [Fact]
    public void An_ip_address_is_an_end_point_and_a_name_is_none()
    {
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 7), new NetworkAddress("::1", 7).EndPoint);
        Assert.Null(new NetworkAddress("lab1", 7).EndPoint);
    }

    [Fact]
    public async Task An_ip_address_resolves_to_itself()
    {
        var found = await new NetworkAddress("10.0.0.1", 7).ResolveAsync(CancellationToken.None);
        Assert.Equal([new IPEndPoint(IPAddress.Parse("10.0.0.1"), 7)], found);
    }

    [Fact]
    public async Task A_name_resolves_to_addresses_with_the_port()
    {
        var found = await new NetworkAddress("localhost", 7).ResolveAsync(CancellationToken.None);
        Assert.NotEmpty(found);
        Assert.All(found, endpoint => Assert.True(IPAddress.IsLoopback(endpoint.Address) && endpoint.Port == 7));
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_named_in_the_error()
    {
        // RFC 6761: this domain never exists.
        var error = await Assert.ThrowsAsync<DeviceException>(
            () => new NetworkAddress("no-such-host.invalid", 7).ResolveAsync(CancellationToken.None));
        Assert.Equal(DeviceError.PeerLost, error.Error);
        Assert.Contains("no-such-host.invalid", error.Message, StringComparison.Ordinal);
    }
}
