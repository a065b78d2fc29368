using System.Diagnostics;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// What is attached is a wish that outlives the daemon. A simulated host controller is the process, so its sessions end with it; that the
/// kernel's go on is for the kernel tier.
/// </summary>
public sealed class SurvivalTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Theory]
    [InlineData("kill")]
    [InlineData("terminate")]
    public async Task What_was_attached_is_attached_again_by_the_next_daemon(string end)
    {
        var hosts = await AddHostsAsync(2);
        var exporter = await hosts[0].StartAsync();
        await exporter.BindAsync("serial=LAB1-0001");
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        var attached = await importer.AttachAsync("serial=LAB1-0001");
        await EndAsync(importer, end);

        var start = Stopwatch.GetTimestamp();
        importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        var rows = await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
        Print($"{end}: attached again {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms after the start of the next daemon");
        Assert.Equal((attached.Id, attached.Selector, attached.Serial), (rows[0].Id, rows[0].Selector, rows[0].Serial));

        (await hosts[1].UsbipcAsync("detach", "--all")).Succeeded();
        await EndAsync(importer, "kill");
        importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        Assert.Empty(await importer.PortAsync());
        Assert.Equal("available", Assert.Single(await exporter.ListAsync()).State);
    }

    [Fact]
    public async Task Both_daemons_end_and_start_again_in_either_order()
    {
        var hosts = await AddHostsAsync(2);
        var exporter = await hosts[0].StartAsync([hosts[1]]);
        await exporter.BindAsync("serial=LAB1-0001");
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.AttachAsync("serial=LAB1-0001");
        foreach (var importerFirst in (bool[])[true, false])
        {
            await Task.WhenAll(exporter.KillAsync(), importer.KillAsync());
            if (importerFirst)
                importer = await hosts[1].StartAsync([hosts[0]], exports: false);
            exporter = await hosts[0].StartAsync([hosts[1]]);
            if (!importerFirst)
                importer = await hosts[1].StartAsync([hosts[0]], exports: false);
            await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached" }], "attached again", TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public async Task A_rule_attaches_what_matches_what_comes_later_and_again_after_a_restart()
    {
        var hosts = await AddHostsAsync(3);
        var exporter = await hosts[0].StartAsync();
        await exporter.BindAsync("serial=LAB1-0001");
        var importer = await hosts[2].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        var all = (await hosts[2].UsbipcAsync("attach", "--all", "product=*", "--wait=20s", "--json")).Rows(ControlJson.Default.IReadOnlyListPortRow);
        Assert.Equal([true, false], all.Select(row => row.All));
        Assert.Equal((all[0].Id, "attached"), (all[1].Rule, all[1].State));

        var second = await hosts[1].StartAsync([hosts[0]]);
        await second.BindAsync("product=*");
        await Until.ReadAsync(importer.PortAsync, Both, "the second device is attached, too");
        await EndAsync(importer, "kill");
        importer = await hosts[2].StartAsync([hosts[0]], exports: false);
        await Until.ReadAsync(importer.PortAsync, Both, "both are attached again");

        var detached = (await hosts[2].UsbipcAsync("detach", all[0].Id!)).Succeeded();
        Assert.Equal(3, detached.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Empty(await importer.PortAsync());
        await Until.ReadAsync(() => exporter.ListAsync("lab1/sim-0"), rows => rows is [{ State: "available" }], "the device is free");

        static bool Both(IReadOnlyList<PortRow> rows) => rows.Count(row => row is { All: false, State: "attached" }) == 2;
    }

    [Theory]
    [InlineData("", "can't be understood")]
    [InlineData("{ \"lastId\": 1, \"version\": 2, \"attach", "can't be understood")]
    [InlineData("{ \"lastId\": 1, \"version\": 99 }", "was written by a later version (form 99)")]
    public async Task A_state_file_that_can_not_be_used_is_said_and_set_aside_and_the_daemon_starts(string text, string says)
    {
        var hosts = await AddHostsAsync(2);
        var exporter = await hosts[0].StartAsync();
        await exporter.BindAsync("serial=LAB1-0001");
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.AttachAsync("serial=LAB1-0001");
        await EndAsync(importer, "kill");

        var file = Path.Combine(hosts[1].Folder.FullName, "state", "attachments.json");
        File.WriteAllText(file, text);
        importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await Until.TrueAsync(
            () => importer.Log.Any(line =>
                line.Contains("attachments.json.broken", StringComparison.Ordinal) && line.Contains(says, StringComparison.Ordinal)),
            "what is wrong with the file is said");
        Assert.Equal(text, File.ReadAllText(file + ".broken"));
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);

        // What the lost attachment holds is this node's own.
        Assert.Equal("attached", (await importer.AttachAsync("serial=LAB1-0001")).State);
    }

    private static async Task EndAsync(Daemon daemon, string end)
    {
        if (end == "kill")
        {
            await daemon.KillAsync();
            return;
        }

        daemon.Send(Signal.Terminate);
        Assert.Equal(0, await daemon.WaitForExitAsync(TimeSpan.FromSeconds(10)));
    }
}
