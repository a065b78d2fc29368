using System.Text.Json;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

/// <summary>Every command but <c>list</c>: how it is parsed, and what it prints.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Nodes_are_a_table_with_this_one_marked()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Nodes = (_, _) => Rows(Samples.Lab1, Samples.Lab22);
        Assert.Equal(
            """
            NODE    ADDRESS         STATUS  REACHABLE  DEVICES  ATTACHMENTS  VERSION  SINCE
            lab1 *  10.0.0.1:7240   up      yes              2            1  0.1.0    5 s
            lab22   10.0.0.22:7240  up      no              12            0  -        5 h

            """,
            (await CommandRun.OfAsync(daemon, "nodes")).Out);
    }

    [Fact]
    public async Task Nodes_read_back_from_JSON()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Nodes = (_, _) => Rows(Samples.Lab1, Samples.Lab22);
        var run = await CommandRun.OfAsync(daemon, "nodes", "--json");
        Assert.Equal([Samples.Lab1, Samples.Lab22], JsonSerializer.Deserialize(run.Out, ControlJson.Default.IReadOnlyListNodeRow));
    }

    [Fact]
    public async Task A_node_that_gives_out_no_leases_is_draining()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Nodes = (_, _) => Rows(Samples.Lab1 with { Status = "draining" });
        Assert.Equal(["lab1", "*", "10.0.0.1:7240", "draining", "yes", "2", "1", "0.1.0", "5", "s"], Fields((await CommandRun.OfAsync(daemon, "nodes")).Lines[1]));
    }

    [Fact]
    public async Task Bind_sends_selector_and_name_and_says_what_is_exported()
    {
        await using var daemon = new TestDaemon();
        BindParams? asked = null;
        daemon.Handler.Bind = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk);
        };
        var run = await CommandRun.OfAsync(daemon, "bind", "1-1.2", "--name", "disk");
        Assert.Equal(new CommandRun(0, "exported: lab1/1-1.2 0525:a4a5 File-backed Storage\n", ""), run);
        Assert.Equal(new BindParams("1-1.2", "disk"), asked);
    }

    [Fact]
    public async Task Unbind_sends_the_selector_and_says_what_is_exported_no_longer()
    {
        await using var daemon = new TestDaemon();
        UnbindParams? asked = null;
        daemon.Handler.Unbind = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk);
        };
        var run = await CommandRun.OfAsync(daemon, "unbind", "1-1.2");
        Assert.Equal(new CommandRun(0, "exported no longer: lab1/1-1.2 0525:a4a5 File-backed Storage\n", ""), run);
        Assert.Equal(new UnbindParams("1-1.2"), asked);
    }

    [Theory]
    [InlineData("bind hid --all", true, null, null)]
    [InlineData("bind --all hid", true, null, null)]
    [InlineData("bind hid --allow node=lab2", false, "node=lab2", null)]
    [InlineData("bind --allow node=lab2 hid", false, "node=lab2", null)]
    [InlineData("bind hid --allow node=lab2,user=alice", false, "node=lab2,user=alice", null)]
    [InlineData("bind hid --allow node=lab2 --allow 10.0.0.0/8", false, "node=lab2 10.0.0.0/8", null)]
    [InlineData("bind hid --deny ::1 --all --allow=user=bob --deny user=eve", true, "user=bob", "::1 user=eve")]
    public async Task Bind_sends_all_and_every_rule_as_it_was_written(string line, bool all, string? allow, string? deny)
    {
        await using var daemon = new TestDaemon();
        BindParams? asked = null;
        daemon.Handler.Bind = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(("hid", null, all), (asked!.Selector, asked.Name, asked.All));
        Assert.Equal(allow?.Split(' '), asked.Allow);
        Assert.Equal(deny?.Split(' '), asked.Deny);
    }

    [Theory]
    [InlineData("--allow", "")]
    [InlineData("--deny", " ")]
    public async Task A_rule_that_is_empty_is_wrong_usage_that_shows_rules(string option, string rule)
    {
        var run = await CommandRun.AloneAsync("bind", "1-1", option, rule);
        Assert.Equal((2, $"usbipc: {option} takes a rule such as node=lab2, user=alice or 10.1.0.0/16"), (run.ExitCode, run.ErrorLines[0]));
    }

    [Theory]
    [InlineData("--allow")]
    [InlineData("--deny")]
    public async Task Rules_are_as_many_as_the_daemon_takes_and_not_one_more(string option)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Bind = (_, _) => Rows(Samples.Disk);
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, Bind(BindParams.MostRules))).ExitCode);
        var run = await CommandRun.OfAsync(daemon, Bind(BindParams.MostRules + 1));
        Assert.Equal((2, $"usbipc: {option} is given more than 64 times"), (run.ExitCode, run.ErrorLines[0]));

        string[] Bind(int rules) => ["bind", "1-1", .. Enumerable.Range(0, rules).SelectMany(i => new[] { option, $"node=lab{i}" })];
    }

    [Fact]
    public async Task The_help_of_bind_says_what_a_rule_looks_like()
    {
        var run = await CommandRun.AloneAsync("bind", "--help");
        Assert.Contains("--allow <RULE>", run.Out);
        Assert.Contains("node=NAME, user=NAME, an address or ADDRESS/BITS", run.Out);
    }

    [Fact]
    public async Task Unbind_sends_all()
    {
        await using var daemon = new TestDaemon();
        UnbindParams? asked = null;
        daemon.Handler.Unbind = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk, Samples.Keyboard);
        };
        var run = await CommandRun.OfAsync(daemon, "unbind", "hid", "--all");
        Assert.Equal(["exported no longer: lab1/1-1.2 0525:a4a5 File-backed Storage", "exported no longer: lab22/2-1 046d:c31c"], run.Lines);
        Assert.Equal(new UnbindParams("hid", All: true), asked);
    }

    [Fact]
    public async Task Unbind_of_what_is_not_here_says_what_that_means()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Unbind = (_, _) => Rows<DeviceRow>();
        var said = "no device that is here was exported by it; those that come are exported no longer\n";
        Assert.Equal(new CommandRun(0, "", said), await CommandRun.OfAsync(daemon, "unbind", "hid", "--all"));
        Assert.Equal("", (await CommandRun.OfAsync(daemon, "unbind", "hid", "--all", "--json")).Error);
    }

    [Fact]
    public async Task Bind_prints_rows_as_JSON()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Bind = (_, _) => Rows(Samples.Disk);
        var run = await CommandRun.OfAsync(daemon, "bind", "1-1.2", "--json");
        Assert.Equal([Samples.Disk], JsonSerializer.Deserialize(run.Out, ControlJson.Default.IReadOnlyListDeviceRow));
    }

    [Theory]
    [InlineData("attach serial=S", "serial=S", null, null, false, null)]
    [InlineData("attach serial=S --once", "serial=S", null, null, true, null)]
    [InlineData("attach serial=S --wait", "serial=S", null, null, false, 60.0)]
    [InlineData("attach --wait serial=S", "serial=S", null, null, false, 60.0)]
    [InlineData("attach serial=S --wait=30s", "serial=S", null, null, false, 30.0)]
    [InlineData("attach --wait=500ms serial=S", "serial=S", null, null, false, 0.5)]
    [InlineData("attach --wait=1m30s serial=S", "serial=S", null, null, false, 90.0)]
    [InlineData("attach --wait=0s serial=S", "serial=S", null, null, false, 0.0)]
    [InlineData("attach -r host -b 1-1", null, "host", "1-1", false, null)]
    [InlineData("attach --remote host:3241 --busid 1-1 --once", null, "host:3241", "1-1", true, null)]
    public async Task Attach_is_parsed_to_what_the_daemon_is_asked(
        string line, string? selector, string? host, string? busId, bool once, double? wait)
    {
        await using var daemon = new TestDaemon();
        AttachParams? asked = null;
        daemon.Handler.Attach = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Attached);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new AttachParams(selector, host, busId, once, wait), asked);
    }

    [Theory]
    [InlineData("attach serial=S --steal", null)]
    [InlineData("attach --steal --wait serial=S", 60.0)]
    public async Task Attach_sends_that_the_device_is_to_be_taken_from_its_holder(string line, double? wait)
    {
        await using var daemon = new TestDaemon();
        AttachParams? asked = null;
        daemon.Handler.Attach = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Attached);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new AttachParams("serial=S", WaitSeconds: wait, Steal: true), asked);
    }

    [Fact]
    public async Task Attach_all_prints_the_rule_and_what_it_attached()
    {
        await using var daemon = new TestDaemon();
        AttachParams? asked = null;
        daemon.Handler.Attach = (request, _) =>
        {
            asked = request;
            return Rows(
                new PortRow(null, "a2", "waiting", "class=hid", null, null, null, null, null, null, null, null, null, 0, null, All: true),
                Samples.Attached with { Rule = "a2" });
        };
        Assert.Equal(
            new CommandRun(0, "all  a2  class=hid\nport 3  a1  0525:a4a5 File-backed Storage (lab1/1-1.2)  attached\n", ""),
            await CommandRun.OfAsync(daemon, "attach", "--all", "class=hid", "--wait=5s"));
        Assert.Equal(new AttachParams("class=hid", WaitSeconds: 5, All: true), asked);
    }

    [Fact]
    public async Task Attach_prints_port_id_and_device_in_one_line()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Attach = (_, _) => Rows(Samples.Attached);
        Assert.Equal(
            new CommandRun(0, "port 3  a1  0525:a4a5 File-backed Storage (lab1/1-1.2)  attached\n", ""),
            await CommandRun.OfAsync(daemon, "attach", "serial=S-1"));
    }

    [Theory]
    [InlineData("attach")]
    [InlineData("attach -r host")]
    [InlineData("attach -b 1-1")]
    [InlineData("attach 1-1 -r host -b 1-1")]
    [InlineData("attach 1-1 --wait=soon")]
    [InlineData("attach 1-1 --wait=")]
    [InlineData("attach 1-1 --wait=9d")]
    [InlineData("attach 1-1 --wait=2000h")]
    [InlineData("attach --all")]
    [InlineData("attach --all --once serial=S")]
    [InlineData("attach --all --steal serial=S")]
    [InlineData("attach -r host -b 1-1 --all")]
    [InlineData("attach --steal")]
    [InlineData("attach -r host -b 1-1 --steal")]
    [InlineData("attach 1-1 --timeout 0s")]
    [InlineData("attach 1-1 --timeout")]
    [InlineData("detach")]
    [InlineData("detach 3 --all")]
    [InlineData("detach -3")]
    [InlineData("bind")]
    [InlineData("bind --name x")]
    [InlineData("bind --all")]
    [InlineData("bind hid --all --name x")]
    [InlineData("bind 1-1 --allow")]
    [InlineData("bind 1-1 --allow --deny user=eve")]
    [InlineData("bind 1-1 --allow node=lab2 node=lab3")]
    [InlineData("bind 1-1 --wait")]
    [InlineData("unbind --all")]
    [InlineData("unbind 1-1 --allow node=lab2")]
    [InlineData("unbind")]
    [InlineData("unbind 1-1 1-2")]
    [InlineData("nodes x")]
    [InlineData("port x")]
    [InlineData("events x")]
    [InlineData("version x")]
    [InlineData("frobnicate")]
    [InlineData("@file")]
    [InlineData("--json")]
    public async Task Wrong_usage_is_two_lines_and_exit_code_2(string line)
    {
        var run = await CommandRun.AloneAsync(line.Split(' '));
        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        if (!line.Contains("--json", StringComparison.Ordinal))
            Assert.Equal(2, run.ErrorLines.Length);
    }

    [Fact]
    public async Task An_empty_selector_is_wrong_usage() => Assert.Equal(2, (await CommandRun.AloneAsync("attach", "")).ExitCode);

    [Fact]
    public async Task A_duration_after_a_bare_wait_is_explained()
    {
        var run = await CommandRun.AloneAsync("attach", "--wait", "30s", "1-1");
        Assert.Equal((2, "--wait takes its duration with =, as in --wait=60s"), (run.ExitCode, run.ErrorLines[1]));
    }

    [Fact]
    public async Task A_wait_that_a_command_does_not_have_is_named_as_it_was_written()
    {
        var run = await CommandRun.AloneAsync("list", "1-1", "--wait");
        Assert.Equal((2, "usbipc: unknown option '--wait'"), (run.ExitCode, run.ErrorLines[0]));
    }

    [Theory]
    [InlineData("detach 3", "3", false)]
    [InlineData("detach a1", "a1", false)]
    [InlineData("detach serial=S", "serial=S", false)]
    [InlineData("detach --all", null, true)]
    public async Task Detach_sends_its_target_and_says_what_was_detached(string line, string? target, bool all)
    {
        await using var daemon = new TestDaemon();
        DetachParams? asked = null;
        daemon.Handler.Detach = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Attached);
        };
        var run = await CommandRun.OfAsync(daemon, line.Split(' '));
        Assert.Equal(new CommandRun(0, "detached: port 3  a1  0525:a4a5 File-backed Storage (lab1/1-1.2)\n", ""), run);
        Assert.Equal(new DetachParams(target, all), asked);
    }

    [Fact]
    public async Task Detaching_all_of_nothing_is_no_error()
    {
        await using var daemon = new TestDaemon();
        Assert.Equal(
            new CommandRun(0, "", "nothing is attached; see what could be: usbipc list\n"), await CommandRun.OfAsync(daemon, "detach", "--all"));
    }

    [Fact]
    public async Task Ports_are_a_table_and_errors_are_those_of_what_is_not_attached()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Port = (_, _) => Rows(Samples.Attached, Samples.Waiting);
        Assert.Equal(
            """
            PORT  ID  STATE     DEVICE     PRODUCT              EXPORTER    SINCE   REATTACHES  LAST ERROR
               3  a1  attached  0525:a4a5  File-backed Storage  lab1/1-1.2  12 min           2  -
               -  a2  waiting   name=desk  -                    -           0 s              0  no device matches

            """,
            (await CommandRun.OfAsync(daemon, "port")).Out);
    }

    [Fact]
    public async Task Ports_show_more_when_verbose()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Port = (_, _) => Rows(Samples.Attached);
        Assert.EndsWith("serial=S-1  S-1     10.0.0.1:3240  3-1    reset", (await CommandRun.OfAsync(daemon, "port", "-v")).Lines[1]);
    }

    [Fact]
    public async Task Ports_read_back_from_JSON()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Port = (_, _) => Rows(Samples.Attached, Samples.Waiting);
        var run = await CommandRun.OfAsync(daemon, "port", "--json");
        Assert.Equal([Samples.Attached, Samples.Waiting], JsonSerializer.Deserialize(run.Out, ControlJson.Default.IReadOnlyListPortRow));
    }

    [Fact]
    public async Task Events_are_one_line_each()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (_, _) => Task.FromResult(new EventStream([Samples.Reattached], null));
        Assert.Equal(
            new CommandRun(0, "2025-01-02 03:04:05.678  lab1  reattached        port 3  a1  lab1/1-1.2 0525:a4a5 Disk  812.3 ms\n", ""),
            await CommandRun.OfAsync(daemon, "events"));
    }

    [Fact]
    public async Task Who_was_denied_and_from_whom_a_device_was_taken_are_events_in_their_own_words()
    {
        await using var daemon = new TestDaemon();
        var device = new EventRow(Samples.Now, "lab1", "", "1-1", "lab1/1-1 0525:a4a5 Disk");
        daemon.Handler.Events = (_, _) => Task.FromResult(new EventStream(
            [
                device with { Kind = EventKinds.Denied, Holder = "lab9/a4", Reason = "user eve is denied" },
                device with { Kind = EventKinds.Stolen, Holder = "lab2/a1", Reason = "by lab3/a7 (alice)" },
                device with { Kind = EventKinds.NameConflict, Reason = "lab2/1-4 is named disk as well" },
            ],
            null));
        Assert.Equal(
            """
            2025-01-02 03:04:05.678  lab1  denied            lab1/1-1 0525:a4a5 Disk  holder lab9/a4  user eve is denied
            2025-01-02 03:04:05.678  lab1  stolen            lab1/1-1 0525:a4a5 Disk  holder lab2/a1  by lab3/a7 (alice)
            2025-01-02 03:04:05.678  lab1  name-conflict     lab1/1-1 0525:a4a5 Disk  lab2/1-4 is named disk as well

            """,
            (await CommandRun.OfAsync(daemon, "events")).Out);
    }

    [Fact]
    public async Task Events_in_JSON_are_one_object_a_line()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (_, _) => Task.FromResult(new EventStream([Samples.Reattached, Samples.Reattached], null));
        var run = await CommandRun.OfAsync(daemon, "events", "--json");
        Assert.All(run.Lines, line => Assert.Equal(Samples.Reattached, JsonSerializer.Deserialize(line, ControlJson.Default.EventRow)));
        Assert.Equal(2, run.Lines.Length);
    }

    [Fact]
    public async Task Followed_events_are_printed_as_they_come_until_the_daemon_stops()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (request, _) => Task.FromResult(
            new EventStream([Samples.Reattached], request.Follow ? new[] { Samples.Reattached with { Node = "later" } }.ToAsyncEnumerable() : null));
        var run = await CommandRun.OfAsync(daemon, "events", "--follow", "--json");
        Assert.Equal((1, 2), (run.ExitCode, run.Lines.Length));
        Assert.Contains("\"later\"", run.Lines[1]);
    }

    [Fact]
    public async Task Version_tells_both_versions()
    {
        await using var daemon = new TestDaemon();
        Assert.Equal(
            ["usbipc   0.1.0", "usbipcd  1.2.3  node lab1, process 4711, USB/IP 1.1.1, .NET 10.0.0"], (await CommandRun.OfAsync(daemon, "version")).Lines);
    }

    [Fact]
    public async Task Version_in_JSON_is_one_object()
    {
        await using var daemon = new TestDaemon();
        using var json = JsonDocument.Parse((await CommandRun.OfAsync(daemon, "version", "--json")).Out);
        Assert.Equal("0.1.0", json.RootElement.GetProperty("version").GetString());
        Assert.Equal("1.2.3", json.RootElement.GetProperty("daemon").GetProperty("version").GetString());
    }

    [Fact]
    public async Task Version_without_a_daemon_still_tells_its_own() =>
        Assert.Equal(
            new CommandRun(0, "{\"version\":\"0.1.0\",\"daemon\":null}\n", ""), await CommandRun.AloneAsync("version", "--json"));

    [Theory]
    [InlineData("--help")]
    [InlineData("attach --help")]
    [InlineData("--version")]
    public async Task Help_and_version_need_no_daemon(string line)
    {
        var run = await CommandRun.OfAsync(null, x => x, default, line.Split(' '));
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.NotEmpty(run.Out);
    }

    private static string[] Fields(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
