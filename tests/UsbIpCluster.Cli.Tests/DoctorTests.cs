using System.Text.Json;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

public sealed class DoctorTests
{
    private static readonly DoctorRow Module = DoctorRow.Error(
        DoctorChecks.Module, "lab1", "vhci-hcd", "vhci-hcd is not loaded: attaching devices is off", "modprobe vhci-hcd");

    private static readonly DoctorRow Group = DoctorRow.Warning(
        DoctorChecks.Group, "lab1", "usbip", "there is no group usbip", "groupadd --system usbip");

    private static readonly DoctorRow[] Reach =
    [
        DoctorRow.Ok(DoctorChecks.ReachCluster, "lab1", "lab2", "lab1 reaches lab2"),
        DoctorRow.Ok(DoctorChecks.ReachCluster, "lab2", "lab1", "lab2 reaches lab1"),
        DoctorRow.Ok(DoctorChecks.ReachUsbIp, "lab1", "lab2", "lab1 reaches lab2 there"),
        DoctorRow.Error(DoctorChecks.ReachUsbIp, "lab2", "lab1", "lab2 can't connect", "let it through"),
    ];

    [Fact]
    public async Task An_error_is_exit_code_1_with_groups_results_in_words_and_what_to_do()
    {
        await using var daemon = Daemon([Module, Group, .. Reach]);
        var run = await CommandRun.OfAsync(daemon, "doctor");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("daemon\n  warning  usbipcd 1.2.3 answers (process 4711), and this command is ", run.Out);
        Assert.Contains(
            """

            kernel
              error    vhci-hcd is not loaded: attaching devices is off
                       -> modprobe vhci-hcd
            rights
              warning  there is no group usbip
                       -> groupadd --system usbip
            clock

            """,
            run.Out);
        Assert.EndsWith(
            """

            reachability
              ok       2 connections to cluster ports, each between two nodes, were made
              ok       lab1 reaches lab2 there
              error    lab2 can't connect
                       -> let it through

            """,
            run.Out[..(run.Out.LastIndexOf("\n\n", StringComparison.Ordinal) + 1)]);
        Assert.StartsWith("2 errors, ", run.Lines[^1]);
    }

    [Fact]
    public async Task Warnings_alone_are_exit_code_0()
    {
        await using var daemon = Daemon(Group);
        var run = await CommandRun.OfAsync(daemon, "doctor");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("nothing is wrong; ", run.Lines[^1]);
    }

    [Fact]
    public async Task Verbose_shows_each_connection_that_is_well()
    {
        await using var daemon = Daemon(Reach);
        var run = await CommandRun.OfAsync(daemon, "doctor", "-v");
        Assert.Contains("  ok       lab2 reaches lab1\n", run.Out);
        Assert.DoesNotContain("connections to cluster ports", run.Out);
    }

    [Fact]
    public async Task In_JSON_it_is_one_object_with_every_row_and_the_same_exit_code()
    {
        await using var daemon = Daemon([Module, Group, .. Reach]);
        var run = await CommandRun.OfAsync(daemon, "doctor", "--json");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        var report = JsonSerializer.Deserialize(Assert.Single(run.Lines), ControlJson.Default.DoctorReport)!;
        Assert.False(report.Healthy);
        Assert.Equal([Module, Group, .. Reach], report.Checks.Skip(1).SkipLast(1));
        Assert.Equal("clock.synchronized", report.Checks[^1].Check);
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal(["healthy", "checks"], json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ["check", "node", "target", "result", "what", "hint"],
            json.RootElement.GetProperty("checks")[1].EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Without_a_daemon_that_is_the_first_error_and_the_machine_is_looked_at_all_the_same()
    {
        var run = await CommandRun.AloneAsync("doctor", "--json");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        var report = JsonSerializer.Deserialize(run.Out, ControlJson.Default.DoctorReport)!;
        var absent = report.Checks[0];
        Assert.Equal(("daemon.answers", "error", "no daemon at /nonexistent/control.sock"), (absent.Check, absent.Result, absent.What));
        Assert.NotNull(absent.Hint);
        Assert.Superset(
            new HashSet<string> { "kernel.module", "rights.process", "rights.group", "usbip.listener", "state.folder", "clock.synchronized" },
            report.Checks.Select(row => row.Check).ToHashSet());
    }

    [Fact]
    public async Task A_configuration_that_can_not_be_read_is_an_error_and_its_settings_are_used_where_it_can()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{ \"node\": ");
            var broken = await CommandRun.AloneAsync("doctor", "--config", file);
            Assert.Contains($"  error    {file} can't be read: ", broken.Out);
            File.WriteAllText(file, """{ "node": "lab7", "hostController": "none", "state": "/nonexistent/state" }""");
            var rows = JsonSerializer.Deserialize((await CommandRun.AloneAsync("doctor", "--json", "--config", file)).Out, ControlJson.Default.DoctorReport)!.Checks;
            Assert.All(rows, row => Assert.Equal("lab7", row.Node));
            Assert.Equal("/nonexistent/state", rows.Single(row => row.Check == DoctorChecks.State).Target);
            Assert.Equal("ok", rows.Single(row => row.Target == "vhci-hcd").Result);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("doctor", 10)]
    [InlineData("doctor --timeout 8s", 6)]
    [InlineData("doctor --timeout 1s", 1)]
    [InlineData("doctor --timeout 1h", 10)]
    public async Task The_daemon_gets_most_of_the_time_that_there_is(string line, double seconds)
    {
        await using var daemon = new TestDaemon();
        DoctorParams? asked = null;
        daemon.Handler.Doctor = (request, _) =>
        {
            asked = request;
            return Task.FromResult(DoctorReport.Of([]));
        };
        await CommandRun.OfAsync(daemon, line.Split(' '));
        Assert.Equal(new DoctorParams(seconds), asked);
    }

    [Fact]
    public async Task A_daemon_that_does_not_finish_is_an_error_row_with_what_to_do_and_the_rest_is_there()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Doctor = async (_, cancelled) =>
        {
            await Task.Delay(Timeout.Infinite, cancelled);
            return DoctorReport.Of([]);
        };
        var run = await CommandRun.OfAsync(daemon, "doctor", "--timeout", "300ms");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains("  error    the daemon did not finish within 300ms\n           -> --timeout gives it longer", run.Out);
        Assert.Contains("\nstate folder\n", run.Out);
    }

    [Theory]
    [InlineData("try again", "try again")]
    [InlineData(null, "journalctl")]
    public async Task A_daemon_that_says_why_it_has_not_examined_the_nodes_is_there_and_nothing_is_looked_at_as_if_it_were_not(
        string? hint, string shown)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Doctor = (_, _) => throw new ControlException(ControlError.TimedOut, "it took too long", hint);
        var run = await CommandRun.OfAsync(daemon, "doctor", "--json");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        var rows = JsonSerializer.Deserialize(run.Out, ControlJson.Default.DoctorReport)!.Checks;
        Assert.Equal(["daemon.version", "daemon.examination", "clock.synchronized"], rows.Select(row => row.Check));
        Assert.Equal(("error", "it took too long"), (rows[1].Result, rows[1].What));
        Assert.StartsWith(shown, rows[1].Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_results_are_coloured_and_lines_are_wrapped_at_words_under_each_other()
    {
        await using var daemon = Daemon(Module with { Hint = string.Join(' ', Enumerable.Repeat("word", 30)) });
        var run = await CommandRun.OfAsync(daemon, x => x with { OutIsTerminal = true, Width = () => 60 }, "doctor");
        Assert.Contains("  \e[31merror    \e[0mvhci-hcd is not loaded: attaching devices is off\n", run.Out);
        var plain = run.Out.Replace("\e[2m", "").Replace("\e[0m", "").Replace("\e[31m", "").Split('\n');
        Assert.All(plain.Where(line => line.Contains("word")), line => Assert.InRange(line.Length, 0, 60));
        Assert.Equal(4, plain.Count(line => line.StartsWith("           ", StringComparison.Ordinal) && line.Contains("word")));
        Assert.Contains("           -> word word", string.Join('\n', plain));
    }

    [Fact]
    public async Task What_nodes_say_reaches_no_terminal_as_a_command()
    {
        await using var daemon = Daemon(Module with { What = "evil\e[2J\n", Hint = "\u009b1mx" });
        var run = await CommandRun.OfAsync(daemon, "doctor");
        Assert.Contains("  error    evil[2J\n           -> 1mx\n", run.Out);
    }

    [Fact]
    public async Task Checks_of_a_later_daemon_are_shown_at_the_end_under_their_own_group()
    {
        await using var daemon = Daemon(DoctorRow.Ok("moon.phase", "lab1", null, "full"), Group);
        var lines = (await CommandRun.OfAsync(daemon, "doctor")).Lines;
        Assert.Equal(["moon", "  ok       full"], lines[^3..^1]);
    }

    [Fact]
    public async Task It_takes_no_argument() => Assert.Equal(2, (await CommandRun.AloneAsync("doctor", "lab1")).ExitCode);

    private static TestDaemon Daemon(params DoctorRow[] rows)
    {
        var daemon = new TestDaemon();
        daemon.Handler.Doctor = (_, _) => Task.FromResult(DoctorReport.Of(rows));
        return daemon;
    }
}
