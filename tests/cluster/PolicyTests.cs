using System.Net.Sockets;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Who may have a device: a node, a user, an address, a plain USB/IP client.</summary>
[Collection(ThreeNodes.Collection)]
public sealed class PolicyTests(ThreeNodes nodes, ITestOutputHelper output) : SharedClusterTest(nodes, output), IAsyncLifetime
{
    private const string Device = "serial=LAB1-0001";
    private const int Times = 10;

    // Of OP_REP_IMPORT, as the kernel's usbip_common.h counts: not available.
    private const byte NotAvailable = 1;

    private static readonly string Me = Environment.UserName;

    async Task IAsyncLifetime.DisposeAsync()
    {
        await AllowAsync();
        await DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_is_denied_is_refused_and_the_log_says_it_once()
    {
        await DenyAsync("node=lab2");
        (await Lab2.Host.UsbipcAsync("attach", Device)).Failed(4, "is not for lab2");
        await AssertRefusedAsync(Lab2);
        await AssertLoggedOnceAsync($"is not for lab2 ({Me}) (");
        await AssertAllowedAsync(Lab3);
    }

    [Fact]
    public async Task A_user_who_is_denied_is_refused_on_every_node_and_the_log_says_it_once_for_each()
    {
        await DenyAsync($"user={Me}");
        foreach (var node in (Daemon[])[Lab2, Lab3])
        {
            (await node.Host.UsbipcAsync("attach", Device)).Failed(4, $"is not for {node.Host.Name}", Me);
            await AssertRefusedAsync(node);
            await AssertLoggedOnceAsync($"is not for {node.Host.Name} ({Me}) (");
        }

        await AllowAsync($"user={Me}");
        await AssertAllowedAsync(Lab2);
    }

    [Fact]
    public async Task An_address_that_is_denied_is_refused_when_it_connects_and_the_log_says_it_once()
    {
        await DenyAsync("10.231.0.2");
        (await Lab2.Host.UsbipcAsync("attach", Device)).Failed(4);
        await AssertRefusedAsync(Lab2);
        await AssertLoggedOnceAsync("at 10.231.0.2");
        await AssertAllowedAsync(Lab3);
    }

    [Fact]
    public async Task A_plain_client_outside_of_the_devices_networks_is_refused_and_the_log_says_it_once()
    {
        var busId = await AllowAsync("10.231.0.3");
        (await Lab2.Host.UsbipcAsync("attach", "-r", "10.231.0.1", "-b", busId)).Failed(4, busId);
        for (var times = 0; times < Times; times++)
            Assert.Equal([0x01, 0x11, 0x00, 0x03, 0, 0, 0, NotAvailable], await ImportPlainlyAsync(Lab2, busId));
        await AssertLoggedOnceAsync("is not for the plain client 10.231.0.2");
        Assert.Empty(await ListPlainlyAsync(Lab2));

        Assert.Equal(busId, Assert.Single(await ListPlainlyAsync(Lab3)).BusId);
        (await Lab3.Host.UsbipcAsync("attach", "-r", "10.231.0.1", "-b", busId, "--wait=20s")).Succeeded();
    }

    [Fact]
    public async Task A_device_that_is_for_a_node_is_neither_listed_to_plain_clients_nor_given_to_them()
    {
        var busId = await AllowAsync("node=lab2");
        Assert.Empty(await ListPlainlyAsync(Lab2));
        Assert.Equal([0x01, 0x11, 0x00, 0x03, 0, 0, 0, NotAvailable], await ImportPlainlyAsync(Lab2, busId));
        await AssertAllowedAsync(Lab2);
        (await Lab3.Host.UsbipcAsync("attach", Device)).Failed(4, "is not for lab3");
    }

    // An empty policy is everybody.
    private async Task<string> AllowAsync(params string[] rules) => await BindAsync(new BindParams(Device, Allow: rules, Deny: []));

    private async Task DenyAsync(params string[] rules) => await BindAsync(new BindParams(Device, Allow: [], Deny: rules));

    private async Task<string> BindAsync(BindParams request) => (await Lab1.BindAsync(request)).BusId;

    private static async Task AssertRefusedAsync(Daemon node)
    {
        for (var times = 0; times < Times; times++)
        {
            var error = await Assert.ThrowsAsync<ControlException>(() => node.AttachAsync(new AttachParams(Device)));
            Assert.Equal(ControlError.Unavailable, error.Error);
        }

        Assert.Empty(await node.PortAsync());
    }

    private static async Task AssertAllowedAsync(Daemon node)
    {
        var row = await node.AttachAsync(Device);
        Assert.Equal("attached", row.State);
        await node.DetachAsync(row.Id!);
        await Until.ReadAsync(() => node.ListAsync(Device), rows => rows is [{ State: "available" }], "the device is free");
    }

    // The log is the daemon's: what another test was denied in the same words is said already.
    private async Task AssertLoggedOnceAsync(string words)
    {
        await Until.TrueAsync(() => Count() > 0, $"lab1 logs '{words}'");
        Assert.Equal(1, Count());

        int Count() => Lab1.Log.Count(line => line.Contains(words, StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<DeviceRow>> ListPlainlyAsync(Daemon from) =>
        (await from.Host.UsbipcAsync("list", "-r", "10.231.0.1", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow);

    // The answer to OP_REQ_IMPORT without a lease: version 1.1.1, code 0x8003, status 0, and the bus id in 32 bytes.
    private static async Task<byte[]> ImportPlainlyAsync(Daemon from, string busId)
    {
        using var socket = await from.Host.Network.ConnectAsync(new(System.Net.IPAddress.Parse("10.231.0.1"), 3240));
        var request = new byte[40];
        new byte[] { 0x01, 0x11, 0x80, 0x03 }.CopyTo(request, 0);
        System.Text.Encoding.ASCII.GetBytes(busId).CopyTo(request, 8);
        await socket.SendAsync(request);
        using var answer = new MemoryStream();
        using var stream = new NetworkStream(socket);
        using var deadline = new CancellationTokenSource(Until.Patience);
        await stream.CopyToAsync(answer, deadline.Token);
        return answer.ToArray();
    }
}
