using System.Globalization;
using System.Text.Json.Nodes;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Programs that daemons run when something happens to a device.</summary>
public sealed class HooksTests(ITestOutputHelper output) : ClusterTest(output)
{
    // ls has the folder that it lists, too.
    private const string Record =
        """
        echo "$1 $USBIPC_KIND $USBIPC_NODE ${USBIPC_PEER:--} $USBIPC_BUSID $USBIPC_VID:$USBIPC_PID $USBIPC_SERIAL" \
          "${USBIPC_ATTACHMENT:--} ${USBIPC_PORT:--} ${USBIPC_LOCAL_BUSID:--} ${USBIPC_HOLDER:--}" \
          "open $(ls /proc/self/fd | tr '\n' ' ')" >> "${0%/*}/../hooks.log"
        """;

    [Fact]
    public async Task What_happens_to_a_device_is_told_in_order_with_the_facts()
    {
        var hosts = await AddHostsAsync(2);
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        var (exporter, importer) = await StartPairAsync(hosts, relay, "10-record", Record);
        var device = await exporter.BindAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the importer knows that the device is exported");
        var port = await importer.AttachAsync("serial=LAB1-0001");
        relay.Reset();
        await Until.ReadAsync(importer.PortAsync, rows => rows is [{ State: "attached", Reattaches: 1 }], "attached again");
        await importer.DetachAsync(port.Id!);
        await Until.ReadAsync(() => exporter.ListAsync(), rows => rows is [{ State: "available" }], "the device is free");

        var what = $"{device.BusId} {device.Vid}:{device.Pid} LAB1-0001";
        var there = $"lab2 lab1 {what} {port.Id} {port.Port} {port.LocalBusId} - open 0 1 2 3";
        await AssertRecordedAsync(
            hosts[1], $"attached attached {there}", $"lost lost {there}", $"attached reattached {there}", $"detached detached {there}");
        var here = $"- - - lab2/{port.Id} open 0 1 2 3";
        await AssertRecordedAsync(
            hosts[0],
            $"exported exported lab1 - {what} - - - - open 0 1 2 3",
            $"leased leased lab1 lab2 {what} {here}",
            $"released released lab1 lab2 {what} {here}");
    }

    [Fact]
    public async Task A_hook_that_hangs_is_ended_with_what_it_started_and_a_reattach_does_not_wait_for_it()
    {
        var hosts = await AddHostsAsync(2);
        hosts[1].Configuration["hooks"] = new JsonObject { ["timeout"] = "15s" };
        await using var relay = new Relay(Lab, hosts[0].UsbIp);
        hosts[1].AddHook("20-record", """echo "$1 $USBIPC_KIND" >> "${0%/*}/../hooks.log" """);
        var (exporter, importer) = await StartPairAsync(
            hosts, relay, "10-hang", """[ $USBIPC_KIND = attached ] || exit 0; sleep 1000 & echo $$ $! > "$0.tmp"; mv "$0.tmp" "$0.pid"; wait""");
        await exporter.BindAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available" }], "the importer knows that the device is exported");
        await importer.AttachAsync("serial=LAB1-0001");
        var file = Path.Combine(hosts[1].Folder.FullName, "hooks", "10-hang.pid");
        await Until.TrueAsync(() => File.Exists(file), "the hook runs");
        var words = File.ReadAllText(file).Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var processes = Array.ConvertAll(words, word => int.Parse(word, CultureInfo.InvariantCulture));

        relay.Reset();
        var rows = await Until.ReadAsync(importer.PortAsync, rows => rows is [{ Reattaches: 1 }], "attached again");
        Assert.Equal("attached", rows[0].State);
        Assert.All(processes, process => Assert.True(IsRunning(process), "the hook has ended before the device was attached again"));
        Assert.False(File.Exists(RecordOf(hosts[1])), "the events of a device do not wait for each other");

        await Until.TrueAsync(
            () => importer.Log.Any(line =>
                line.Contains("hook 10-hang", StringComparison.Ordinal) && line.Contains("it was ended after 15 s", StringComparison.Ordinal)),
            "the log says that the hook was ended",
            TimeSpan.FromSeconds(30));
        await AssertRecordedAsync(hosts[1], "attached attached", "lost lost", "attached reattached");
        await Until.TrueAsync(() => !processes.Any(IsRunning), "the hook and what it started have ended");
    }

    [Fact]
    public async Task What_a_hook_writes_and_how_it_fails_is_in_the_log_and_what_is_no_hook_is_said_once()
    {
        var host = (await AddHostsAsync(1))[0];
        host.AddHook("10-talks", "echo one; echo two >&2; exit 7");
        host.AddHook("20-old.bak", "touch \"$0.ran\"");
        host.AddHook("30-open", "touch \"$0.ran\"");
        var open = Path.Combine(host.Folder.FullName, "hooks", "30-open");
        File.SetUnixFileMode(open, File.GetUnixFileMode(open) | UnixFileMode.OtherWrite);
        var daemon = await host.StartAsync();
        var busId = (await daemon.BindAsync("serial=LAB1-0001")).BusId;
        (await host.UsbipcAsync("unbind", busId)).Succeeded();

        await Until.TrueAsync(() => Count("hook 10-talks, unexported", "it ended with exit code 7") == 1, "the exit code is in the log");
        Assert.Equal((1, 1), (Count("hook 10-talks, exported", ": one"), Count("hook 10-talks, exported", ": two")));
        Assert.Equal((1, 1), (Count("20-old.bak is not run"), Count("30-open is not run")));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.Folder.FullName, "hooks"), "*.ran"));

        int Count(params string[] words) => daemon.Log.Count(line => words.All(word => line.Contains(word, StringComparison.Ordinal)));
    }

    private static async Task<(Daemon Exporter, Daemon Importer)> StartPairAsync(LabHost[] hosts, Relay relay, string hook, string script)
    {
        hosts[0].Configuration["advertise"] = new JsonArray(relay.EndPoint.ToString());
        foreach (var host in hosts)
            host.AddHook(hook, script);
        var exporter = hosts[0].Launch();
        var importer = hosts[1].Launch([hosts[0]], exports: false);
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        return (exporter, importer);
    }

    private static string RecordOf(LabHost host) => Path.Combine(host.Folder.FullName, "hooks.log");

    private static async Task AssertRecordedAsync(LabHost host, params string[] expected)
    {
        var lines = await Until.ReadAsync(
            () => Task.FromResult(File.Exists(RecordOf(host)) ? File.ReadAllLines(RecordOf(host)) : []),
            lines => lines.Length >= expected.Length,
            $"{expected.Length} hooks on {host.Name}");
        Assert.Equal(expected, lines.Select(line => line.TrimEnd()));
    }

    private static bool IsRunning(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
