using UsbIpCluster.Control;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

public sealed class RemoveNodeTests
{
    private static readonly NodeRow Lab2 = new("lab2", "10.0.0.2:7240", "up", false, false, 3, 1, "1.0", DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task The_daemon_is_asked_to_remove_the_node_and_it_is_told_which_one_went()
    {
        await using var daemon = new TestDaemon();
        RemoveNodeParams? asked = null;
        daemon.Handler.RemoveNode = (request, _) =>
        {
            asked = request;
            return Rows(Lab2);
        };
        var run = await CommandRun.OfAsync(daemon, "nodes", "remove", "lab2");
        Assert.Equal((0, "removed lab2 (10.0.0.2:7240)\n", new RemoveNodeParams("lab2")), (run.ExitCode, run.Out, asked));
    }

    [Fact]
    public async Task For_programs_it_is_the_row_of_the_node()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.RemoveNode = (_, _) => Rows(Lab2);
        var run = await CommandRun.OfAsync(daemon, "nodes", "remove", "lab2", "--json");
        Assert.Contains("\"node\":\"lab2\"", run.Out.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ControlError.NotFound, 3)]
    [InlineData(ControlError.Unavailable, 4)]
    public async Task What_is_no_node_is_3_and_what_is_reachable_is_4(ControlError error, int exitCode)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.RemoveNode = (_, _) => throw new ControlException(error, "lab2 is reachable, or none", "do something");
        var run = await CommandRun.OfAsync(daemon, "nodes", "remove", "lab2");
        Assert.Equal((exitCode, "", 2), (run.ExitCode, run.Out, run.ErrorLines.Length));
    }

    [Theory]
    [InlineData("nodes remove")]
    [InlineData("nodes remove lab1 lab2")]
    [InlineData("nodes lab1")]
    public async Task It_is_refused(string line)
    {
        var run = await CommandRun.AloneAsync(line.Split(' '));
        Assert.Equal((2, 2), (run.ExitCode, run.ErrorLines.Length));
    }
}
