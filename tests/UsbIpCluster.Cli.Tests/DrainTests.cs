using System.Text.Json;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

public sealed class DrainTests
{
    private const string Draining =
        "draining: no new leases; what is in use stays so until it is detached, to wait for that: usbipc drain --wait\n";

    [Theory]
    [InlineData("drain", false, null)]
    [InlineData("drain --off", true, null)]
    [InlineData("drain --wait", false, 3600.0)]
    [InlineData("--json drain --wait", false, 3600.0)]
    [InlineData("drain --wait --timeout 5s", false, 3600.0)]
    [InlineData("drain --wait=90s", false, 90.0)]
    [InlineData("drain --wait=0s", false, 0.0)]
    [InlineData("drain --wait=168h", false, 604800.0)]
    public async Task It_is_parsed_to_what_the_daemon_is_asked(string line, bool off, double? wait)
    {
        await using var daemon = new TestDaemon();
        DrainParams? asked = null;
        daemon.Handler.Drain = (request, _) =>
        {
            asked = request;
            return Rows<DeviceRow>();
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new DrainParams(off, wait), asked);
    }

    [Theory]
    [InlineData("drain --off --wait")]
    [InlineData("drain --wait=1m --off")]
    [InlineData("drain --wait=")]
    [InlineData("drain --wait=soon")]
    [InlineData("drain --wait=169h")]
    [InlineData("drain 1-1")]
    [InlineData("drain --steal")]
    public async Task It_is_refused(string line)
    {
        var run = await CommandRun.AloneAsync(line.Split(' '));
        Assert.Equal((2, 2), (run.ExitCode, run.ErrorLines.Length));
    }

    [Fact]
    public async Task A_duration_after_a_bare_wait_is_explained()
    {
        var run = await CommandRun.AloneAsync("drain", "--wait", "30s");
        Assert.Equal((2, "--wait takes its duration with =, as in --wait=1h"), (run.ExitCode, run.ErrorLines[1]));
    }

    [Fact]
    public async Task What_is_still_used_is_a_table_and_no_error()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Drain = (_, _) => Rows(
            Samples.Disk with { State = DeviceStates.Leased, Holder = "10.0.0.7" }, Samples.Keyboard with { Node = "lab1" });
        Assert.Equal(
            new CommandRun(
                0,
                """
                DEVICE                                    HOLDER    USER   STATE
                lab1/1-1.2 0525:a4a5 File-backed Storage  10.0.0.7  -      leased
                lab1/2-1 046d:c31c                        lab1/a1   alice  in-use

                """,
                Draining),
            await CommandRun.OfAsync(daemon, "drain"));
    }

    [Fact]
    public async Task Nothing_in_use_is_one_line()
    {
        await using var daemon = new TestDaemon();
        Assert.Equal(new CommandRun(0, "drained: nothing is in use\n", ""), await CommandRun.OfAsync(daemon, "drain", "--wait"));
    }

    [Fact]
    public async Task Off_says_that_leases_are_given_out_again_whatever_is_in_use()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Drain = (_, _) => Rows(Samples.Keyboard);
        Assert.Equal(new CommandRun(0, "not draining: this node gives out leases again\n", ""), await CommandRun.OfAsync(daemon, "drain", "--off"));
    }

    [Theory]
    [InlineData("drain --json")]
    [InlineData("drain --off --json")]
    public async Task In_JSON_it_is_the_rows_and_nothing_else(string line)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Drain = (_, _) => Rows(Samples.Keyboard);
        var run = await CommandRun.OfAsync(daemon, line.Split(' '));
        Assert.Equal([Samples.Keyboard], JsonSerializer.Deserialize(run.Out, ControlJson.Default.IReadOnlyListDeviceRow));
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task What_is_still_used_after_the_wait_is_exit_code_6_with_the_devices()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Drain = (_, _) => throw new ControlException(
            ControlError.TimedOut, "1 device is still in use after 1s", "the drain goes on", ["lab1/2-1 046d:c31c, held by lab2/a1 (alice)"]);
        Assert.Equal(
            new CommandRun(6, "", "usbipc: 1 device is still in use after 1s\n  lab1/2-1 046d:c31c, held by lab2/a1 (alice)\nthe drain goes on\n"),
            await CommandRun.OfAsync(daemon, "drain", "--wait=1s"));
    }

    [Fact]
    public async Task The_timeout_ends_a_wait_that_is_longer()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Drain = Hang<DrainParams, DeviceRow>();
        Assert.Equal(
            new CommandRun(6, "", "usbipc: the daemon did not finish within 200ms\n--timeout gives it longer\n"),
            await CommandRun.OfAsync(daemon, "drain", "--wait", "--timeout", "200ms"));
    }

    [Fact]
    public async Task What_a_terminal_would_act_on_is_stripped_from_devices_holders_and_users()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Drain = (_, _) => Rows(
            Samples.Keyboard with { Product = "Key\e[31m", Holder = "lab\u009b2J/a1", User = "al\r\nice\u202e", State = "in-\ause" });
        var run = await CommandRun.OfAsync(daemon, "drain");
        Assert.Equal(2, run.Lines.Length);
        Assert.Equal("lab22/2-1 046d:c31c Key[31m  lab2J/a1  alice  in-use", run.Lines[1]);
    }
}
