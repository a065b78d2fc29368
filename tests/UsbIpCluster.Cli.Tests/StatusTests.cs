using System.Text.Json;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

public sealed class StatusTests
{
    private static readonly StatusRow Well = new(
        new VersionRow("0.1.0", "lab1", 4711, ".NET 10.0.0", "1.1.1", Samples.Now.AddHours(-3)),
        new ClusterStatusRow("10.0.0.1:7240", "up", 3, 3, Samples.Now.AddDays(300)),
        new ExportStatusRow(["kernel", "simulated"], "[::]:3240", 5, 2, 1, Draining: false),
        new AttachmentStatusRow("kernel", 3, 3, 0, 0),
        []);

    private static readonly StatusRow Ill = new(
        Well.Daemon,
        new ClusterStatusRow("10.0.0.1:7240", "draining", 3, 2, null),
        new ExportStatusRow([], "[::]:3240", 0, 0, 0, Draining: true),
        new AttachmentStatusRow("kernel", 2, 1, 1, 1),
        [new ProblemRow("lab22 can't be reached for 5 h", "usbipc nodes remove lab22"), new ProblemRow("attachment a2 is \e[31mwaiting", null)]);

    [Fact]
    public async Task A_node_that_is_well_is_five_lines()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Status = Well;
        Assert.Equal(
            new CommandRun(
                0,
                """
                node         lab1, usbipcd 0.1.0, process 4711, up for 3 h
                cluster      up at 10.0.0.1:7240, 3 nodes, mutual TLS, certificate for 300 d
                exports      kernel and simulated at [::]:3240: 5 devices, 2 exported, 1 in use
                attachments  kernel: 3 of 3 attached
                problems     none

                """,
                ""),
            await CommandRun.OfAsync(daemon, "status"));
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_what_to_do_and_is_no_failure_of_the_command()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Status = Ill;
        Assert.Equal(
            new CommandRun(
                0,
                """
                node         lab1, usbipcd 0.1.0, process 4711, up for 3 h
                cluster      draining at 10.0.0.1:7240, 2 of 3 nodes reachable, no TLS
                exports      off
                attachments  kernel: 1 of 2 attached, 1 rule, 1 port of other programs
                problems     2
                  lab22 can't be reached for 5 h
                    usbipc nodes remove lab22
                  attachment a2 is [31mwaiting

                """,
                ""),
            await CommandRun.OfAsync(daemon, "status"));
    }

    [Fact]
    public async Task In_JSON_it_is_one_object()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Status = Ill;
        var run = await CommandRun.OfAsync(daemon, "status", "--json");
        Assert.Single(run.Lines);
        Assert.Equivalent(Ill, JsonSerializer.Deserialize(run.Out, ControlJson.Default.StatusRow), strict: true);
    }

    [Fact]
    public async Task Without_a_daemon_it_fails() => Assert.Equal(5, (await CommandRun.AloneAsync("status")).ExitCode);
}
