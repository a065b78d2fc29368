using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Without a cluster between them: a daemon as a plain USB/IP server, and one as its client.</summary>
public sealed class PlainClientTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public async Task A_plain_client_that_is_allowed_lists_and_attaches()
    {
        var (server, client) = await StartAsync(allowed: "10.231.0.0/24");

        var listed = Assert.Single((await client.Host.UsbipcAsync("list", "-r", "10.231.0.1", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow));
        Assert.Equal(("10.231.0.1", "1209", "0001", "remote"), (listed.Node, listed.Vid, listed.Pid, listed.Backend));
        var attached = Assert.Single((await client.Host.UsbipcAsync("attach", "-r", "10.231.0.1", "-b", listed.BusId, "--json"))
            .Rows(ControlJson.Default.IReadOnlyListPortRow));
        Assert.Equal((listed.BusId, "10.231.0.1:3240"), (attached.BusId, attached.Endpoint));
        await Until.ReadAsync(client.PortAsync, rows => rows is [{ State: "attached" }], "the device is usable");

        var held = await Until.ReadAsync(() => server.ListAsync(), rows => rows is [{ State: "in-use" }], "the server shows it in use");
        Assert.StartsWith("10.231.0.2:", held[0].Holder, StringComparison.Ordinal);
        (await client.Host.UsbipcAsync("detach", attached.Id!)).Succeeded();
        await Until.ReadAsync(() => server.ListAsync(), rows => rows is [{ State: "available" }], "the server has it back");
    }

    [Fact]
    public async Task A_device_in_use_is_not_in_a_plain_list_and_busy_for_a_plain_client()
    {
        var (server, client) = await StartAsync(allowed: "10.231.0.0/24");
        var busId = (await server.AttachAsync("serial=LAB1-0001")).BusId!;

        var listed = (await client.Host.UsbipcAsync("list", "-r", "10.231.0.1", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow);
        Assert.Empty(listed);
        (await client.Host.UsbipcAsync("attach", "-r", "10.231.0.1", "-b", busId)).Failed(4, busId);
        Assert.Empty(await client.PortAsync());
    }

    [Fact]
    public async Task A_plain_client_that_is_not_allowed_gets_nothing()
    {
        var (server, client) = await StartAsync(allowed: "192.0.2.0/24");
        var busId = (await server.ListAsync())[0].BusId;

        (await client.Host.UsbipcAsync("list", "-r", "10.231.0.1")).Failed(1, "10.231.0.1");
        (await client.Host.UsbipcAsync("attach", "-r", "10.231.0.1", "-b", busId)).Failed(4, busId);
        Assert.Empty(await client.PortAsync());
        Assert.Contains(server.Log, line => line.Contains("10.231.0.2", StringComparison.Ordinal) && line.Contains("plainClients", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        var client = await (await AddHostsAsync(2))[1].StartAsync(exports: false);
        (await client.Host.UsbipcAsync("list", "-r", "10.231.0.1")).Failed(1, "10.231.0.1");
        (await client.Host.UsbipcAsync("attach", "-r", "10.231.0.1", "-b", "1-1")).Failed(1, "10.231.0.1");
        Assert.Empty(await client.PortAsync());
    }

    private async Task<(Daemon Server, Daemon Client)> StartAsync(string allowed)
    {
        var hosts = await AddHostsAsync(2);
        hosts[0].Configuration["plainClients"] = new System.Text.Json.Nodes.JsonArray(allowed);
        var server = await hosts[0].StartAsync();
        var client = await hosts[1].StartAsync(exports: false);
        await server.BindAsync("serial=LAB1-0001");
        return (server, client);
    }
}
