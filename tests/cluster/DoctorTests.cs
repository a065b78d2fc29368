using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What <c>usbipc doctor</c> finds between real nodes.</summary>
public sealed class DoctorTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public async Task Doctor_is_clean_where_all_is_well_and_names_the_pair_that_is_cut_and_the_node_that_is_killed()
    {
        var (hosts, daemons) = await StartAsync();
        var start = Stopwatch.GetTimestamp();
        var well = await DoctorAsync(hosts[2], 0);
        Print($"doctor of three nodes where all is well: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, the command included");
        Assert.True(well.Healthy);
        Assert.Equal(6, well.Checks.Count(row => row is { Check: DoctorChecks.ReachCluster, Result: DoctorResults.Ok }));
        Assert.Equal(6, well.Checks.Count(row => row is { Check: DoctorChecks.ReachUsbIp, Result: DoctorResults.Ok }));
        Assert.Equal(["lab1", "lab2"], Of(well, DoctorChecks.NodeAnswers).Select(row => row.Target));
        Assert.All(Of(well, DoctorChecks.ClockSkew), row => Assert.Equal(DoctorResults.Ok, row.Result));
        Assert.Equal("lab3", Assert.Single(Of(well, DoctorChecks.DaemonAnswers)).Node);
        var words = (await hosts[2].UsbipcAsync("doctor")).Succeeded();
        Print(words.Out);
        Assert.Contains("6 connections to USB/IP ports, each between two nodes, were made", words.Out, StringComparison.Ordinal);
        Assert.EndsWith("\n", words.Out, StringComparison.Ordinal);

        // Nobody's log is full of it.
        Assert.All(daemons, daemon => Assert.DoesNotContain(daemon.Log, line => line.Contains("Closed a connection", StringComparison.Ordinal)));

        // lab1 does not reach lab2's USB/IP port, and lab2 reaches lab1's; only the way back of its answers is cut.
        await RuleAsync(hosts[0], "add", hosts[1].UsbIp);
        var cut = await DoctorAsync(hosts[2], 1);
        var error = Assert.Single(cut.Checks, row => row.Result == DoctorResults.Error);
        Assert.Equal((DoctorChecks.ReachUsbIp, "lab1", "lab2"), (error.Check, error.Node, error.Target));
        Assert.Contains("10.231.0.2:3240", error.What, StringComparison.Ordinal);
        Print($"{error.What}\n  -> {error.Hint}");
        await RuleAsync(hosts[0], "delete", hosts[1].UsbIp);
        Assert.True((await DoctorAsync(hosts[2], 0)).Healthy);

        await daemons[1].KillAsync();
        start = Stopwatch.GetTimestamp();
        var killed = await DoctorAsync(hosts[2], 1);
        Print($"doctor where one of three was killed: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, the command included");
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
        Assert.Equal("lab2", Assert.Single(Of(killed, DoctorChecks.NodeAnswers), row => row.Result == DoctorResults.Error).Target);
        Assert.Equal(
            ["lab1", "lab3"],
            Of(killed, DoctorChecks.ReachCluster).Where(row => row is { Target: "lab2", Result: DoctorResults.Error }).Select(row => row.Node).Order());
        Assert.DoesNotContain(killed.Checks, row => row is { Result: DoctorResults.Error } && row.Target is not "lab2");
    }

    [Fact]
    public async Task Doctors_on_all_nodes_at_once_each_get_the_whole_picture_in_time()
    {
        var (hosts, _) = await StartAsync();
        foreach (var host in hosts)
            await RuleAsync(host, "add", hosts[(Array.IndexOf(hosts, host) + 1) % hosts.Length].UsbIp);
        var start = Stopwatch.GetTimestamp();
        var reports = await Task.WhenAll(hosts.Concat(hosts).Select(host => DoctorAsync(host, 1)));
        Print($"six doctors at once on three nodes: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        Assert.All(reports, report => Assert.Equal(
            ["lab1 lab2", "lab2 lab3", "lab3 lab1"],
            report.Checks.Where(row => row.Result == DoctorResults.Error).Select(row => $"{row.Node} {row.Target}").Order()));
    }

    [Fact]
    public async Task Without_a_daemon_it_names_the_process_that_has_the_port_and_the_broken_configuration()
    {
        var host = (await AddHostsAsync(1))[0];
        host.OwnOptions();
        using var taken = host.Network.NewSocket();
        taken.Bind(new IPEndPoint(IPAddress.Any, 3240));
        taken.Listen();
        var report = await AloneAsync(host);
        Assert.Equal(DoctorResults.Error, Assert.Single(Of(report, DoctorChecks.DaemonAnswers)).Result);
        var row = Assert.Single(Of(report, DoctorChecks.Listener));
        Assert.Equal(DoctorResults.Error, row.Result);
        Assert.Contains($"process {Environment.ProcessId} (", row.What, StringComparison.Ordinal);
        Print($"{row.What}\n  -> {row.Hint}");

        taken.Close();
        await File.WriteAllTextAsync(host.ConfigurationFile, "{");
        report = await AloneAsync(host);
        Assert.Equal(DoctorResults.Ok, Assert.Single(Of(report, DoctorChecks.Listener)).Result);
        Assert.Contains(host.ConfigurationFile, Assert.Single(Of(report, DoctorChecks.Configuration)).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stock_daemon_on_its_port_is_named_beside_a_daemon_of_ours_on_another()
    {
        var host = (await AddHostsAsync(1))[0];
        using var taken = host.Network.NewSocket();
        taken.Bind(new IPEndPoint(IPAddress.Any, 3240));
        taken.Listen();
        host.Configuration["listen"] = "0.0.0.0:3241";
        await host.StartAsync();
        var row = Assert.Single(Of(await DoctorAsync(host, 0), DoctorChecks.Listener));
        Assert.Equal(DoctorResults.Warning, row.Result);
        Assert.Contains($"process {Environment.ProcessId} (", row.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_certificates_it_says_how_long_they_hold_and_which_file_is_gone()
    {
        var hosts = await AddHostsAsync(2);
        var pki = await Pki.CreateAsync(Lab);
        await pki.EquipAsync(hosts);
        hosts[1].Configuration["plainClients"] = new JsonArray("0.0.0.0/0");
        Daemon[] daemons = [await hosts[0].StartAsync(), await hosts[1].StartAsync([hosts[0]])];
        foreach (var daemon in daemons)
            await daemon.WaitForClusterAsync(nodes: 2, devices: 2);

        var report = await DoctorAsync(hosts[1], 0);
        Assert.Equal(DoctorResults.Ok, Assert.Single(Of(report, DoctorChecks.Expiry)).Result);
        Assert.Equal(DoctorResults.Ok, Assert.Single(Of(report, DoctorChecks.Seed)).Result);
        Assert.Equal(
            [("cluster", DoctorResults.Ok), ("plainClients", DoctorResults.Warning)],
            Of(report, DoctorChecks.Insecure).Select(row => (row.Target!, row.Result)));
        Assert.All(daemons, daemon => Assert.DoesNotContain(daemon.Log, line => line.Contains("Closed a connection", StringComparison.Ordinal)));

        File.Delete(pki.FilesOf("lab2").Key);
        var row = Assert.Single(Of(await DoctorAsync(hosts[1], 1), DoctorChecks.Certificate));
        Assert.Equal(DoctorResults.Error, row.Result);
        Assert.Contains("lab2.key", row.What, StringComparison.Ordinal);
    }

    private static IEnumerable<DoctorRow> Of(DoctorReport report, string check) => report.Checks.Where(row => row.Check == check);

    private static async Task<DoctorReport> DoctorAsync(LabHost host, int exitCode) =>
        Read((await host.UsbipcAsync("doctor", "--json")).Ended(exitCode));

    // A command that finds no daemon looks from where it runs.
    private static async Task<DoctorReport> AloneAsync(LabHost host) => Read((await host.RunAsync(
        Executables.Usbipc, "--socket", host.Socket, "doctor", "--json", "--config", host.ConfigurationFile)).Ended(1));

    private static DoctorReport Read(CommandResult result)
    {
        Assert.Equal("", result.Error);
        return JsonSerializer.Deserialize(result.Out, ControlJson.Default.DoctorReport)!;
    }

    // Routing rules need no firewall, which not every machine has.
    private static Task<CommandResult> RuleAsync(LabHost from, string what, IPEndPoint to) =>
        from.Network.IpAsync("rule", what, "to", $"{to.Address}", "ipproto", "tcp", "dport", $"{to.Port}", "blackhole");

    private async Task<(LabHost[] Hosts, Daemon[] Daemons)> StartAsync()
    {
        var hosts = await AddHostsAsync(3);
        Daemon[] daemons = [await hosts[0].StartAsync(), hosts[1].Launch([hosts[0]]), hosts[2].Launch([hosts[0]])];
        foreach (var daemon in daemons)
            await daemon.WaitForClusterAsync(nodes: 3, devices: 3);
        return (hosts, daemons);
    }
}
