using System.Diagnostics;
using System.Text.Json;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// A command that has devices for as long as it runs. What it opens to use them only the kernel has; that is for the kernel tier.
/// </summary>
public sealed class RunTests(ITestOutputHelper output) : ClusterTest(output)
{
    // Prints that it runs, and goes on until its input ends.
    private const string Script = "echo running; env | grep ^USBIPC_ | sort; echo; cat; exit 7";

    [Fact]
    public async Task The_command_has_the_devices_and_they_are_free_after_it()
    {
        var (exporter, importer) = await StartAsync();
        using var run = Run(importer, "serial=LAB1-0001", "--", "sh", "-c", Script);
        var variables = await ReadAsync(run);
        Assert.Contains("USBIPC_SERIAL_1=LAB1-0001", variables);
        Assert.Contains("USBIPC_REMOTE=lab1/sim-0", variables);
        Assert.Contains("USBIPC_COUNT=1", variables);
        var row = Assert.Single(await importer.PortAsync());
        Assert.Equal(("attached", run.Id), (row.State, row.HeldBy?.ProcessId));

        // No second one for others here.
        (await importer.Host.UsbipcAsync("run", "serial=LAB1-0001", "--", "true")).Failed(4, $"held here by process {run.Id}");
        (await importer.Host.UsbipcAsync("attach", "serial=LAB1-0001")).Failed(4, "held by lab2/a1");

        run.StandardInput.Close();
        Assert.Equal(7, await EndAsync(run));
        Assert.Empty(await importer.PortAsync());
        Assert.Equal("available", Assert.Single(await exporter.ListAsync()).State);

        // What ended a moment ago is in the way of nobody.
        (await importer.Host.UsbipcAsync("run", "serial=LAB1-0001", "--", "sh", "-c", "exit 3")).Ended(3);
        (await importer.Host.UsbipcAsync("run", "serial=LAB1-0001", "--", "sh", "-c", "kill -KILL $$")).Ended(137);
        Assert.Empty(await importer.PortAsync());
    }

    [Fact]
    public async Task What_does_not_come_is_exit_code_6_and_leaves_nothing()
    {
        var (exporter, importer) = await StartAsync();
        var late = await importer.Host.UsbipcAsync("run", "--json", "--wait=1s", "serial=LAB1-0001", "serial=NEVER", "--", "true");
        Assert.Equal((6, ""), (late.ExitCode, late.Out));
        using var error = JsonDocument.Parse(late.ErrorLines[^1]);
        Assert.Equal("timedOut", error.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.Empty(await importer.PortAsync());
        await Until.ReadAsync(() => exporter.ListAsync(), rows => rows is [{ State: "available" }], "the other one is free again");
    }

    [Fact]
    public async Task With_wait_a_second_run_comes_after_the_first()
    {
        var (_, importer) = await StartAsync();
        using var first = Run(importer, "serial=LAB1-0001", "--", "sh", "-c", Script);
        await ReadAsync(first);
        using var second = Run(importer, "--wait=50s", "serial=LAB1-0001", "--", "sh", "-c", Script);
        await Until.ReadAsync(importer.PortAsync, rows => rows.Count == 2, "the second waits");
        first.StandardInput.Close();
        Assert.Equal(7, await EndAsync(first));
        Assert.Contains("USBIPC_SERIAL_1=LAB1-0001", await ReadAsync(second));
        second.StandardInput.Close();
        Assert.Equal(7, await EndAsync(second));
        Assert.Empty(await importer.PortAsync());
    }

    [Fact]
    public async Task A_run_that_is_killed_leaves_nothing()
    {
        var (exporter, importer) = await StartAsync();
        using var run = Run(importer, "serial=LAB1-0001", "--", "sh", "-c", Script);
        await ReadAsync(run);
        var start = Stopwatch.GetTimestamp();
        SystemCalls.Send(run.Id, Signal.Kill);
        await Until.ReadAsync(importer.PortAsync, rows => rows.Count == 0, "it is detached");
        Print($"SIGKILL of usbipc run to detached: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
        await Until.ReadAsync(() => exporter.ListAsync(), rows => rows is [{ State: "available" }], "it is free again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restart_of_the_daemon_ends_no_run_and_forgets_none_that_ends_meanwhile(bool endsMeanwhile)
    {
        var (exporter, importer) = await StartAsync();
        using var run = Run(importer, "serial=LAB1-0001", "--", "sh", "-c", Script);
        await ReadAsync(run);
        await importer.KillAsync();
        if (endsMeanwhile)
            SystemCalls.Send(run.Id, Signal.Kill);
        importer = await importer.Host.StartAsync([exporter.Host], exports: false);
        if (!endsMeanwhile)
        {
            await Until.ReadAsync(
                importer.PortAsync, rows => rows is [{ State: "attached" } row] && row.HeldBy?.ProcessId == run.Id, "attached again");
            run.StandardInput.Close();
            Assert.Equal(7, await EndAsync(run));
        }

        Assert.Empty(await importer.PortAsync());
        await Until.ReadAsync(
            () => exporter.ListAsync(), rows => rows is [{ State: "available" }], "it is free again", TimeSpan.FromSeconds(50));
    }

    private async Task<(Daemon Exporter, Daemon Importer)> StartAsync()
    {
        var hosts = await AddHostsAsync(2);
        var exporter = await hosts[0].StartAsync();
        await exporter.BindAsync("serial=LAB1-0001");
        var importer = await hosts[1].StartAsync([hosts[0]], exports: false);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        return (exporter, importer);
    }

    private static Process Run(Daemon daemon, params IEnumerable<string> arguments) =>
        Process.Start(Command.Start(Executables.Usbipc, ["--socket", daemon.Host.Socket, "run", .. arguments]))!;

    /// <summary>The variables that it was given, as soon as it runs.</summary>
    private static async Task<List<string>> ReadAsync(Process run)
    {
        using var deadline = new CancellationTokenSource(Command.Patience);
        Assert.Equal("running", await run.StandardOutput.ReadLineAsync(deadline.Token));
        var variables = new List<string>();
        while (await run.StandardOutput.ReadLineAsync(deadline.Token) is { Length: > 0 } line)
            variables.Add(line);
        return variables;
    }

    private static async Task<int> EndAsync(Process run)
    {
        await run.WaitForExitAsync().WaitAsync(Command.Patience);
        return run.ExitCode;
    }
}
