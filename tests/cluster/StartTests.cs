using System.Net;
using System.Text.Json.Nodes;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A daemon alone: how it starts, how it ends, and what it says when it can't.</summary>
public sealed class StartTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int StartFailed = 1;
    private const int Usage = 2;

    [Theory]
    [InlineData(nameof(Signal.Terminate))]
    [InlineData(nameof(Signal.Interrupt))]
    public async Task A_daemon_lists_its_device_and_ends_on_a_signal_with_0(string signal)
    {
        var daemon = await StartAsync();
        var rows = (await daemon.Host.UsbipcAsync("list", "--json")).Rows(ControlJson.Default.IReadOnlyListDeviceRow);
        Assert.Equal("LAB1-0001", Assert.Single(rows).Serial);

        daemon.Send(Enum.Parse<Signal>(signal));
        Assert.Equal(0, await daemon.WaitForExitAsync(TimeSpan.FromSeconds(5)));
        Assert.False(File.Exists(daemon.Host.Socket), "the control socket is left");
    }

    [Fact]
    public async Task A_daemon_starts_where_a_killed_one_left_its_socket()
    {
        var killed = await StartAsync();
        await killed.KillAsync();
        Assert.True(File.Exists(killed.Host.Socket));
        var daemon = await killed.Host.StartAsync();
        Assert.Single(await daemon.ListAsync());
    }

    [Fact]
    public async Task A_taken_USB_IP_port_is_1_with_a_hint()
    {
        var host = (await AddHostsAsync(1))[0];
        using var taken = host.Network.NewSocket();
        taken.Bind(new IPEndPoint(IPAddress.Any, 3240));
        taken.Listen();
        (await RunAsync(host)).Failed(StartFailed, "3240", "--listen");
    }

    [Fact]
    public async Task A_taken_cluster_port_is_1_with_a_hint()
    {
        var host = (await AddHostsAsync(1))[0];
        using var taken = host.Network.NewSocket();
        taken.Bind(new IPEndPoint(IPAddress.Any, 7240));
        taken.Listen();
        (await RunAsync(host)).Failed(StartFailed, "7240", "--cluster");
    }

    [Fact]
    public async Task A_second_daemon_at_the_same_control_socket_is_1_with_a_hint_and_the_first_goes_on()
    {
        var first = await StartAsync();
        var second = await RunAsync(first.Host, "--listen", "0.0.0.0:3241", "--cluster", "0.0.0.0:7241");
        second.Failed(StartFailed, first.Host.Socket, "--control");
        Assert.Single(await first.ListAsync());
    }

    [Fact]
    public async Task A_wrong_value_in_the_configuration_is_2_and_names_the_file_the_key_and_what_is_allowed()
    {
        var host = (await AddHostsAsync(1))[0];
        host.Configuration["keepalive"] = new JsonObject { ["probes"] = "many" };
        (await RunAsync(host)).Failed(Usage, host.ConfigurationFile, "keepalive.probes", "many", "1 to 100");
    }

    [Fact]
    public async Task An_unknown_key_in_the_configuration_is_2_and_names_the_file_and_the_keys()
    {
        var host = (await AddHostsAsync(1))[0];
        host.Configuration["lisen"] = "[::]:3240";
        (await RunAsync(host)).Failed(Usage, host.ConfigurationFile, "lisen", "listen");
    }

    [Fact]
    public async Task A_configuration_that_is_no_JSON_is_2_and_names_the_file()
    {
        var host = (await AddHostsAsync(1))[0];
        var file = Path.Combine(host.Folder.FullName, "broken.json");
        await File.WriteAllTextAsync(file, "{ \"node\": ");
        (await host.RunAsync(Executables.Usbipcd, "--config", file)).Failed(Usage, file);
    }

    [Fact]
    public async Task A_configuration_that_is_not_there_is_2_and_names_the_file()
    {
        var host = (await AddHostsAsync(1))[0];
        (await host.RunAsync(Executables.Usbipcd, "--config", "/nonexistent/usbipcd.json")).Failed(Usage, "/nonexistent/usbipcd.json");
    }

    [Fact]
    public async Task An_unknown_option_is_2()
    {
        var host = (await AddHostsAsync(1))[0];
        (await RunAsync(host, "--lisen", "[::]:3240")).Failed(Usage, "--lisen", "--help");
    }

    [Fact]
    public async Task A_cluster_on_a_network_without_TLS_has_to_be_allowed()
    {
        var host = (await AddHostsAsync(1))[0];
        host.Configuration.Remove("cluster");
        (await RunAsync(host, "--cluster", "10.231.0.1:7240")).Failed(Usage, "cluster.listen", "cluster.insecure");
    }

    private async Task<Daemon> StartAsync() => await (await AddHostsAsync(1))[0].StartAsync();

    private static Task<CommandResult> RunAsync(LabHost host, params IEnumerable<string> options) => host.RunAsync(
        Executables.Usbipcd, [.. host.OwnOptions(), "--exporter", "simulated", "--host-controller", "simulated", .. options]);
}
