using System.Diagnostics;
using System.Text.Json.Nodes;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Mutual TLS between nodes: who has a certificate of the cluster's CA belongs to it, and nobody else.</summary>
public sealed class TlsTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Usage = 2;
    private const int Seed = 20_250_214;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly Foreign[] Pieces = Enum.GetValues<Foreign>();

    [Fact]
    public async Task Nodes_with_certificates_form_a_cluster_and_attach_each_others_devices()
    {
        var (hosts, _) = await EquipAsync(3);
        var start = Stopwatch.GetTimestamp();
        Daemon[] nodes = [await hosts[0].StartAsync(), hosts[1].Launch([hosts[0]]), hosts[2].Launch([hosts[0]])];
        foreach (var node in nodes)
            await node.WaitForClusterAsync(nodes: 3, devices: 3);
        Print($"three nodes with TLS were one cluster {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after their start");
        await nodes[2].BindAsync("serial=LAB3-0001");
        await Until.ReadAsync(
            () => nodes[1].ListAsync("serial=LAB3-0001"),
            rows => rows is [{ State: "available" }],
            "lab2 knows that lab3's device is exported");
        Assert.Equal("attached", (await nodes[1].AttachAsync("serial=LAB3-0001")).State);
    }

    [Fact]
    public async Task Who_has_no_certificate_of_the_cluster_does_not_join_and_is_named()
    {
        var (hosts, _) = await EquipAsync(2);
        var (first, second) = (await hosts[0].StartAsync(), await hosts[1].StartAsync([hosts[0]]));
        await first.WaitForClusterAsync(nodes: 2, devices: 2);
        var outside = await AddHostsAsync(3);

        await TlsStranger.VisitAsync(outside[0].Network, hosts[0], null);
        await SaysAsync(first, "10.231.0.3 shows no certificate");

        var foreign = await Pki.CreateAsync(Lab, "foreign");
        await foreign.EquipAsync(outside[1]);
        var files = foreign.FilesOf(outside[1].Name);
        await TlsStranger.VisitAsync(outside[0].Network, hosts[0], PemFile.ReadPair(files.Certificate, files.Key));
        await SaysAsync(first, "10.231.0.3 shows a certificate for lab4 that the cluster's CA has not issued");

        // Whole daemons: one with that certificate, one without TLS.
        var stranger = await outside[1].StartAsync([hosts[0]]);
        await SaysAsync(first, "10.231.0.4 ");
        await SaysAsync(stranger, "it shows a certificate for lab1 that the cluster's CA has not issued");
        var plain = await outside[2].StartAsync([hosts[0]]);
        await SaysAsync(first, "10.231.0.5 speaks without TLS");

        foreach (var member in (Daemon[])[first, second])
            Assert.Equal(["lab1", "lab2"], (await member.NodesAsync()).Select(row => row.Node).Order());
        foreach (var other in (Daemon[])[stranger, plain])
            Assert.DoesNotContain(await other.NodesAsync(), row => row.Node == "lab1");
        Assert.DoesNotContain(await second.EventsAsync(), row => row.Kind == EventKinds.NodeUnreachable);
    }

    [Fact]
    public async Task Who_shows_an_expired_certificate_does_not_join_and_is_named()
    {
        var hosts = await AddHostsAsync(2);
        var pki = await Pki.CreateAsync(Lab);
        var expired = pki.IssueExpired("lab2");
        await pki.EquipAsync(hosts[0]);
        var first = await hosts[0].StartAsync();
        await TlsStranger.VisitAsync(hosts[1].Network, hosts[0], PemFile.ReadPair(expired.Certificate, expired.Key));
        await SaysAsync(first, "10.231.0.2 shows a certificate for lab2 that has expired on ");

        // It would not even start with it.
        Pki.Configure(hosts[1], expired);
        (await RunAsync(hosts[1])).Failed(Usage, expired.Certificate, "has expired on", "usbipc ca renew lab2");
        Assert.Single(await first.NodesAsync());
    }

    [Fact]
    public async Task A_node_does_not_start_with_files_that_are_not_its_own()
    {
        var (hosts, pki) = await EquipAsync(2);
        var (own, other) = (pki.FilesOf("lab1"), pki.FilesOf("lab2"));
        await RefusedAsync(other, other.Certificate, "a certificate for lab2, and this node is lab1");
        await RefusedAsync(own with { Key = other.Key }, other.Key, "has no key that belongs to");
        await RefusedAsync(own with { Authority = "/nonexistent/ca.crt" }, "/nonexistent/ca.crt", "is not there");
        var foreign = (await Pki.CreateAsync(Lab, "foreign")).FilesOf("lab1");
        await RefusedAsync(own with { Authority = foreign.Authority }, own.Certificate, "has not issued");
        File.SetUnixFileMode(own.Key, File.GetUnixFileMode(own.Key) | UnixFileMode.OtherRead);
        await RefusedAsync(own, own.Key, "chmod 600");
        hosts[0].Configuration["cluster"] = new JsonObject { ["tls"] = new JsonObject { ["ca"] = own.Authority } };
        (await RunAsync(hosts[0])).Failed(Usage, hosts[0].ConfigurationFile, "cluster.tls.certificate");

        async Task RefusedAsync(TlsFiles files, params string[] says)
        {
            Pki.Configure(hosts[0], files);
            (await RunAsync(hosts[0])).Failed(Usage, [.. says, "cluster.tls"]);
        }
    }

    [Fact]
    public async Task Strangers_at_the_TLS_port_are_shown_the_door_and_disturb_nobody()
    {
        var (hosts, _) = await EquipAsync(2);
        var (first, second) = (await hosts[0].StartAsync(), await hosts[1].StartAsync([hosts[0]]));
        await second.WaitForClusterAsync(nodes: 2, devices: 2);
        var outside = (await AddHostsAsync(1))[0];
        var before = first.ReadVitals();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            var piece = Pieces[i % Pieces.Length];
            using var stranger = await Stranger.ConnectAsync(outside.Network, hosts[0], Door.Cluster, piece, new Random(Seed + i));
            Assert.True(await stranger.WaitUntilClosedAsync(Patience) is not null, $"{piece} is still there");
        }));
        await SaysAsync(first, "10.231.0.3 speaks something else than TLS");
        Assert.DoesNotContain(await second.EventsAsync(), row => row.Kind == EventKinds.NodeUnreachable);
        Assert.All(await second.NodesAsync(), row => Assert.True(row.Reachable));
        await Until.TrueAsync(() => first.ReadVitals().Descriptors <= before.Descriptors + 2, $"the descriptors are back; before {before}");
    }

    [Fact]
    public async Task Renewed_certificates_are_used_by_the_next_connection_without_a_restart()
    {
        var (hosts, pki) = await EquipAsync(2);
        var (first, second) = (await hosts[0].StartAsync(), await hosts[1].StartAsync([hosts[0]]));
        await first.WaitForClusterAsync(nodes: 2, devices: 2);
        var outside = (await AddHostsAsync(1))[0];
        var before = await SerialAsync();

        await Command.SucceedAsync(Executables.Usbipc, "ca", "renew", "lab1", "--ca", pki.Folder);
        var renewed = PemFile.ReadCertificates(pki.FilesOf("lab1").Certificate)[0].SerialNumber;
        Assert.NotEqual(before, renewed);
        await first.WaitForEventAsync(EventKinds.TlsRenewed);
        Assert.Equal(renewed, await SerialAsync());

        // What can't be used is said, and changes nothing.
        await File.WriteAllTextAsync(pki.FilesOf("lab1").Key, "nonsense");
        await first.WaitForEventAsync(EventKinds.TlsBroken);
        await SaysAsync(first, "the old ones stay in use");
        Assert.Equal(renewed, await SerialAsync());

        await second.KillAsync();
        var again = await hosts[1].StartAsync([hosts[0]]);
        await again.WaitForClusterAsync(nodes: 2, devices: 2);

        async Task<string> SerialAsync() => (await TlsStranger.VisitAsync(outside.Network, hosts[0], null)).SerialNumber;
    }

    private static Task SaysAsync(Daemon daemon, string text) => Until.TrueAsync(
        () => daemon.Log.Any(line => line.Contains(text, StringComparison.Ordinal)), $"{daemon.Host.Name} says '{text}'");

    private static Task<CommandResult> RunAsync(LabHost host) => host.RunAsync(
        Executables.Usbipcd, [.. host.OwnOptions(), "--exporter", "simulated", "--host-controller", "simulated"]);

    private async Task<(LabHost[] Hosts, Pki Pki)> EquipAsync(int count)
    {
        var hosts = await AddHostsAsync(count);
        var pki = await Pki.CreateAsync(Lab);
        await pki.EquipAsync(hosts);
        return (hosts, pki);
    }
}
