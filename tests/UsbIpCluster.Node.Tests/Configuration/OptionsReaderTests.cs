using System.Net;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Certificates;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

[Collection(ConfigurationCollection.Name)]
public sealed class OptionsReaderTests : IDisposable
{
    private readonly ConfigurationSources _sources = new();

    public void Dispose() => _sources.Dispose();

    [Fact]
    public void Without_any_configuration_the_defaults_hold()
    {
        var options = _sources.Read();
        Assert.True(NodeName.TryParse(Environment.MachineName.Split('.')[0], out var host));
        Assert.Equal(host, options.Node);
        Assert.Equal("/var/lib/usbipcluster", options.State);
        Assert.Equal("/run/usbipcluster/control.sock", options.Control);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Any, 3240), options.Listen);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 7240), options.ClusterListen);
        Assert.Null(options.Tls);
        Assert.Empty(options.Advertise);
        Assert.Empty(options.Seeds);
        Assert.Equal(TimeSpan.FromHours(24), options.RemoveAfter);
        Assert.Equal([ExporterKind.Kernel], options.Exporters.ToArray());
        Assert.Empty(options.Exports);
        Assert.Equal(HostControllerKind.Kernel, options.HostController);
        Assert.Equal([IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")], options.PlainClients.ToArray());
        Assert.Equal(new ListenerLimits(64, 16, 100, TimeSpan.FromSeconds(4)), options.Limits);
        Assert.Equal(SessionSocketOptions.Default, options.KeepAlive);
        Assert.Null(options.HttpListen);
        Assert.Equal(LogLevel.Information, options.LogLevel);
        Assert.Equal(LogFormat.Text, options.LogFormat);
    }

    [Fact]
    public void Every_key_can_stand_in_the_file()
    {
        var options = _sources.WithFile(
            """
            {
              // comments are fine
              "node": "lab1", "state": "/s", "control": "/c.sock", "listen": "10.0.0.1:3241",
              "advertise": ["10.0.0.1", "lab1:3242"],
              "cluster": { "listen": "10.0.0.1:7241", "seeds": ["lab2", "[fd00::2]:7242"], "removeAfter": "90m", "insecure": true },
              "exporters": ["simulated", "kernel", "simulated"], "hostController": "none",
              "plainClients": ["10.0.0.0/8", "fd00::/8"],
              "limits": { "connections": 200, "perAddress": 200, "rate": 1000, "requestTimeout": "1500ms" },
              "keepalive": { "userTimeout": "20s", "idle": "5s", "interval": "1m", "probes": 7 },
              "http": { "listen": "10.0.0.1:9240", "insecure": true },
              "hooks": { "directory": "/h", "timeout": "30s" },
              "log": { "level": "debug", "format": "json" },
            }
            """).Read();
        Assert.Equal("lab1", options.Node.Value);
        Assert.Equal("/s", options.State);
        Assert.Equal("/c.sock", options.Control);
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:3241"), options.Listen);
        Assert.Equal([new NetworkAddress("10.0.0.1", 3240), new NetworkAddress("lab1", 3242)], options.Advertise.ToArray());
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:7241"), options.ClusterListen);
        Assert.Equal([new NetworkAddress("lab2", 7240), new NetworkAddress("fd00::2", 7242)], options.Seeds.ToArray());
        Assert.Equal(TimeSpan.FromMinutes(90), options.RemoveAfter);
        Assert.Equal([ExporterKind.Simulated, ExporterKind.Kernel], options.Exporters.ToArray());
        Assert.Equal(HostControllerKind.None, options.HostController);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("fd00::/8")], options.PlainClients.ToArray());
        Assert.Equal(new ListenerLimits(200, 200, 1000, TimeSpan.FromSeconds(1.5)), options.Limits);
        Assert.Equal(
            new SessionSocketOptions(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 7), options.KeepAlive);
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:9240"), options.HttpListen);
        Assert.Equal(new HookOptions("/h", TimeSpan.FromSeconds(30)), options.Hooks);
        Assert.Equal(LogLevel.Debug, options.LogLevel);
        Assert.Equal(LogFormat.Json, options.LogFormat);
    }

    [Theory]
    [InlineData("9240", "127.0.0.1:9240")]
    [InlineData("127.0.0.2:9240", "127.0.0.2:9240")]
    [InlineData("[::1]:9240", "[::1]:9240")]
    public void A_port_alone_is_served_on_loopback(string text, string expected) =>
        Assert.Equal(IPEndPoint.Parse(expected), _sources.WithVariable("HTTP__LISTEN", text).Read().HttpListen);

    [Fact]
    public void Hooks_are_beside_the_file_and_have_ten_seconds() =>
        Assert.Equal(new HookOptions(Path.Combine(Path.GetDirectoryName(_sources.FilePath)!, "hooks"), TimeSpan.FromSeconds(10)), _sources.Read().Hooks);

    [Fact]
    public void Without_a_file_hooks_are_beside_the_default_one() =>
        Assert.Equal("/etc/usbipcluster/hooks", OptionsReader.Read(null, [KeyValuePair.Create("node", (string?)"lab1")]).Hooks.Directory);

    [Fact]
    public void One_address_has_no_more_connections_than_there_are() =>
        Assert.Equal(
            ListenerLimits.Default with { Connections = 8, PerAddress = 8 }, _sources.WithVariable("LIMITS__CONNECTIONS", "8").Read().Limits);

    [Fact]
    public void The_environment_wins_over_the_file_and_the_command_line_over_both()
    {
        _sources.WithFile("""{ "node": "file", "state": "/file", "control": "/file" }""")
            .WithVariable("STATE", "/environment")
            .WithVariable("CONTROL", "/environment")
            .WithArgument("control", "/command-line");
        var options = _sources.Read();
        Assert.Equal("file", options.Node.Value);
        Assert.Equal("/environment", options.State);
        Assert.Equal("/command-line", options.Control);
    }

    [Fact]
    public void A_nested_key_is_a_variable_with_two_underscores() =>
        Assert.Equal(
            new IPEndPoint(IPAddress.IPv6Any, 7240), _sources.WithVariable("CLUSTER__INSECURE", "true").Read().ClusterListen);

    [Fact]
    public void With_certificates_the_cluster_is_served_everywhere()
    {
        var options = _sources.WithFile("""{ "cluster": { "tls": { "ca": "/pki/ca.crt", "certificate": "/pki/lab1.crt" } } }""")
            .WithVariable("CLUSTER__TLS__KEY", "/pki/lab1.key")
            .Read();
        Assert.Equal(new TlsFiles("/pki/ca.crt", "/pki/lab1.crt", "/pki/lab1.key"), options.Tls);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Any, 7240), options.ClusterListen);
    }

    [Fact]
    public void With_certificates_the_cluster_may_be_served_on_any_address() =>
        Assert.Equal(
            IPEndPoint.Parse("10.0.0.1:7240"),
            _sources.WithFile("""{ "cluster": { "listen": "10.0.0.1:7240", "tls": { "ca": "/a", "certificate": "/b", "key": "/c" } } }""")
                .Read().ClusterListen);

    [Fact]
    public void A_list_can_be_one_value_with_commas() =>
        Assert.Equal(
            [new NetworkAddress("a", 7240), new NetworkAddress("b", 1)], _sources.WithVariable("CLUSTER__SEEDS", "a, b:1").Read().Seeds.ToArray());

    [Fact]
    public void A_list_can_be_numbered_variables() =>
        Assert.Equal(
            [new NetworkAddress("a", 7240), new NetworkAddress("b", 7240)],
            _sources.WithVariable("CLUSTER__SEEDS__0", "a").WithVariable("CLUSTER__SEEDS__1", "b").Read().Seeds.ToArray());

    [Fact]
    public void A_list_of_the_command_line_takes_the_place_of_a_longer_one_of_the_file() =>
        Assert.Equal(
            [new NetworkAddress("c", 7240)],
            _sources.WithFile("""{ "cluster": { "seeds": ["a", "b"] } }""").WithArgument("cluster.seeds.0", "c").Read().Seeds.ToArray());

    [Fact]
    public void A_list_of_the_command_line_takes_the_place_of_one_value_of_the_environment() =>
        Assert.Equal(
            [new NetworkAddress("c", 7240)],
            _sources.WithVariable("CLUSTER__SEEDS", "a,b").WithArgument("cluster.seeds.0", "c").Read().Seeds.ToArray());

    [Fact]
    public void One_value_of_the_environment_takes_the_place_of_a_list_of_the_file() =>
        Assert.Equal(
            [new NetworkAddress("c", 7240)],
            _sources.WithFile("""{ "cluster": { "seeds": ["a", "b"] } }""").WithVariable("CLUSTER__SEEDS", "c").Read().Seeds.ToArray());

    [Theory]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8")]
    [InlineData("::ffff:0.0.0.0/96", "0.0.0.0/0")]
    [InlineData("::FFFF:0A00:0007/128", "10.0.0.7/32")]
    public void A_network_of_IPv4_mapped_addresses_is_the_one_of_IPv4(string written, string meant) =>
        Assert.Equal([IPNetwork.Parse(meant)], _sources.WithVariable("PLAINCLIENTS", written).Read().PlainClients.ToArray());

    [Fact]
    public void An_empty_list_of_the_file_is_a_list_of_nothing() =>
        Assert.Empty(_sources.WithFile("""{ "plainClients": [] }""").Read().PlainClients);

    [Fact]
    public void The_items_of_a_list_keep_their_order_beyond_ten()
    {
        var seeds = Enumerable.Range(0, 12).Select(number => $"seed{number}").ToArray();
        var file = "{ \"cluster\": { \"seeds\": [" + string.Join(",", seeds.Select(seed => $"\"{seed}\"")) + "] } }";
        Assert.Equal(seeds, _sources.WithFile(file).Read().Seeds.Select(seed => seed.Host));
    }

    [Fact]
    public void An_empty_value_is_none() => Assert.Equal("/var/lib/usbipcluster", _sources.WithVariable("STATE", "").Read().State);

    [Fact]
    public void No_exporter_is_an_empty_list() => Assert.Empty(_sources.WithArgument("exporters.0", "none").Read().Exporters);

    [Theory]
    [InlineData("SIMULATED")]
    [InlineData("Simulated")]
    public void Names_are_read_without_regard_to_case(string name) =>
        Assert.Equal(HostControllerKind.Simulated, _sources.WithVariable("HOSTCONTROLLER", name).Read().HostController);

    [Theory]
    [InlineData("127.0.0.1:7240")]
    [InlineData("127.1.2.3:7240")]
    [InlineData("[::1]:7240")]
    public void The_cluster_may_be_served_on_loopback(string listen) =>
        Assert.Equal(IPEndPoint.Parse(listen), _sources.WithArgument("cluster.listen", listen).Read().ClusterListen);

    [Fact]
    public void The_cluster_may_be_served_anywhere_where_the_network_is_trusted() =>
        Assert.Equal(
            IPEndPoint.Parse("0.0.0.0:7240"),
            _sources.WithArgument("cluster.listen", "0.0.0.0:7240").WithVariable("CLUSTER__INSECURE", "true").Read().ClusterListen);
}
