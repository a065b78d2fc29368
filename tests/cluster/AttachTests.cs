using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Attach by what a device is, and every way to detach it, with the command.</summary>
[Collection(ThreeNodes.Collection)]
public sealed class AttachTests(ThreeNodes nodes, ITestOutputHelper output) : SharedClusterTest(nodes, output)
{
    [Fact]
    public async Task Attach_by_serial_makes_the_device_usable_and_its_node_shows_the_holder()
    {
        var row = await AttachAsync("serial=LAB1-0001");

        Assert.Equal("attached", row.State);
        Assert.Equal(("lab1", "LAB1-0001", "1209", "0001"), (row.Node, row.Serial, row.Vid, row.Pid));
        Assert.NotNull(row.Port);
        Assert.NotNull(row.LocalBusId);
        Assert.Equal("10.231.0.1:3240", row.Endpoint);
        Assert.Equal(0, row.Reattaches);
        foreach (var node in Cluster.Nodes)
        {
            await Until.ReadAsync(
                () => node.ListAsync("serial=LAB1-0001"),
                rows => rows is [{ State: "in-use" } only] && only.Holder == $"lab2/{row.Id}",
                $"{node.Host.Name} shows that lab2 has the device");
        }
    }

    [Fact]
    public async Task Attach_without_wait_prints_the_port_the_id_and_the_device()
    {
        var result = (await Lab2.Host.UsbipcAsync("attach", "serial=LAB1-0001")).Succeeded();
        var row = Assert.Single(await Lab2.PortAsync());
        Assert.StartsWith($"port {row.Port}  {row.Id}  1209:0001 ", result.Out, StringComparison.Ordinal);
        Assert.Contains("(lab1/", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_by_a_glob_of_the_product_among_other_terms()
    {
        var row = await AttachAsync("product=sim*ADAPTER,serial=LAB3-0001");
        Assert.Equal("lab3", row.Node);
    }

    [Fact]
    public async Task Attach_by_node_and_bus_id()
    {
        var busId = (await Lab2.ListAsync("serial=LAB3-0001"))[0].BusId;
        var row = await AttachAsync($"lab3/{busId}");
        Assert.Equal("LAB3-0001", row.Serial);
    }

    [Fact]
    public async Task Attach_by_the_name_given_at_bind()
    {
        (await Lab1.Host.UsbipcAsync("bind", "serial=LAB1-0001", "--name", "console")).Succeeded();
        await Until.ReadAsync(() => Lab2.ListAsync("name=console"), rows => rows.Count == 1, "lab2 knows the name");
        var row = await AttachAsync("name=Console");
        Assert.Equal("LAB1-0001", row.Serial);
    }

    [Fact]
    public async Task Two_nodes_that_attach_the_same_device_at_once_are_told_apart()
    {
        var results = await Task.WhenAll(
            Lab2.Host.UsbipcAsync("attach", "serial=LAB1-0001"), Lab3.Host.UsbipcAsync("attach", "serial=LAB1-0001"));
        Assert.Equal([0, 4], results.Select(result => result.ExitCode).Order());
        var (winner, loser) = results[0].ExitCode == 0 ? (Lab2, Lab3) : (Lab3, Lab2);
        Assert.Contains(results, result => result.ExitCode == 4 && result.Error.Contains($"{winner.Host.Name}/a", StringComparison.Ordinal));
        Assert.Single(await winner.PortAsync());
        Assert.Empty(await loser.PortAsync());
    }

    [Fact]
    public async Task Attach_with_wait_ends_when_the_device_is_exported()
    {
        var attaching = Lab3.Host.UsbipcAsync("attach", "serial=LAB2-0001", "--wait=20s", "--json");
        await Until.ReadAsync(Lab3.PortAsync, rows => rows is [{ State: "waiting" }], "lab3 waits for the device");
        await Lab2.BindAsync("serial=LAB2-0001");
        try
        {
            var row = Assert.Single((await attaching).Rows(ControlJson.Default.IReadOnlyListPortRow));
            Assert.Equal(("attached", "lab2"), (row.State, row.Node));
            await Lab3.DetachAsync(row.Id!);
        }
        finally
        {
            await Lab2.AskAsync((client, cancelled) => client.UnbindAsync(new UnbindParams("serial=LAB2-0001"), cancelled));
        }
    }

    [Fact]
    public async Task A_node_attaches_its_own_device()
    {
        var row = Assert.Single((await Lab1.Host.UsbipcAsync("attach", "serial=LAB1-0001", "--wait=20s", "--json"))
            .Rows(ControlJson.Default.IReadOnlyListPortRow));
        Assert.Equal(("lab1", "attached"), (row.Node, row.State));
    }

    [Fact]
    public async Task Port_lists_what_attach_printed()
    {
        var attached = await AttachAsync("serial=LAB1-0001");
        var listed = Assert.Single((await Lab2.Host.UsbipcAsync("port", "--json")).Rows(ControlJson.Default.IReadOnlyListPortRow));
        Assert.Equivalent(attached, listed, strict: true);
    }

    [Fact]
    public async Task Detach_by_port()
    {
        var row = await AttachAsync("serial=LAB1-0001");
        await DetachAsync(row.Port!.Value.ToString());
    }

    [Fact]
    public async Task Detach_by_id()
    {
        var row = await AttachAsync("serial=LAB1-0001");
        await DetachAsync(row.Id!);
    }

    [Fact]
    public async Task Detach_by_selector()
    {
        await AttachAsync("serial=LAB1-0001");
        await DetachAsync("product=Simulated*,serial=LAB1-0001");
    }

    [Fact]
    public async Task Detach_all_ends_every_attachment()
    {
        var first = await AttachAsync("serial=LAB1-0001");
        var second = await AttachAsync("serial=LAB3-0001");
        Assert.NotEqual(first.Port, second.Port);

        var rows = (await Lab2.Host.UsbipcAsync("detach", "--all", "--json")).Rows(ControlJson.Default.IReadOnlyListPortRow);
        Assert.Equal(new[] { first.Id, second.Id }.Order(), rows.Select(row => row.Id).Order());
        Assert.Empty(await Lab2.PortAsync());
        await BecomesAvailableAsync("serial=LAB1-0001");
        await BecomesAvailableAsync("serial=LAB3-0001");
    }

    [Fact]
    public async Task A_device_that_was_detached_is_attached_by_another_node()
    {
        await AttachAsync("serial=LAB1-0001");
        await DetachAsync("serial=LAB1-0001");
        var row = Assert.Single((await Lab3.Host.UsbipcAsync("attach", "serial=LAB1-0001", "--wait=20s", "--json"))
            .Rows(ControlJson.Default.IReadOnlyListPortRow));
        Assert.Equal("attached", row.State);
    }

    private async Task<PortRow> AttachAsync(string selector) => Assert.Single(
        (await Lab2.Host.UsbipcAsync("attach", selector, "--wait=20s", "--json")).Rows(ControlJson.Default.IReadOnlyListPortRow));

    private async Task DetachAsync(string target)
    {
        var row = Assert.Single((await Lab2.Host.UsbipcAsync("detach", target, "--json")).Rows(ControlJson.Default.IReadOnlyListPortRow));
        Assert.Equal("LAB1-0001", row.Serial);
        Assert.Empty(await Lab2.PortAsync());
        await BecomesAvailableAsync("serial=LAB1-0001");
    }

    private async Task BecomesAvailableAsync(string selector) => await Until.ReadAsync(
        () => Lab2.ListAsync(selector), rows => rows is [{ State: "available", Holder: null }], $"{selector} is available on lab2's list");
}
