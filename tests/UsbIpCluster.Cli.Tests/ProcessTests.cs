using System.Diagnostics;
using System.Threading.Channels;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

/// <summary>What only a process of its own shows: signals and closed pipes.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task Ctrl_C_ends_it_with_130_and_nothing_on_standard_error()
    {
        await using var daemon = new TestDaemon();
        var begun = new TaskCompletionSource();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(begun);
        using var command = Start(daemon, "list");
        await begun.Task.WaitAsync(Eventually.Deadline);
        using (var kill = Process.Start("kill", ["-INT", command.Id.ToString()]))
            await kill.WaitForExitAsync();
        await command.WaitForExitAsync().WaitAsync(Eventually.Deadline);
        Assert.Equal((130, ""), (command.ExitCode, await command.StandardError.ReadToEndAsync()));
    }

    [Fact]
    public async Task Its_progress_keeps_to_one_line_of_a_narrow_terminal()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return [];
        };
        using var terminal = PseudoTerminal.Start(
            20, 24, "run", "--socket", daemon.Path, "name=a-board-of-which-the-name-is-long", "--", "true");
        var start = Stopwatch.GetTimestamp();
        while (!terminal.Written.Contains("\e[K", StringComparison.Ordinal))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Eventually.Deadline);
            await Task.Delay(10);
        }

        var line = terminal.Written.Split("\e[K")[0].TrimStart('\r');
        Assert.StartsWith("waiting f", line);
        Assert.EndsWith(" s)", line);
        Assert.InRange(line.Length, 1, 19);
        terminal.Type("\u0003");
        Assert.Equal(130, await terminal.EndAsync());
    }

    [Fact]
    public async Task Following_events_ends_when_nobody_reads_them_any_more()
    {
        await using var daemon = new TestDaemon();
        var later = Channel.CreateUnbounded<EventRow>();
        daemon.Handler.Events = (_, token) => Task.FromResult(new EventStream([Samples.Reattached], later.Reader.ReadAllAsync(token)));
        using var command = Start(daemon, "events", "--follow");
        Assert.NotNull(await command.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline));
        command.StandardOutput.Close();
        later.Writer.TryWrite(Samples.Reattached);
        await command.WaitForExitAsync().WaitAsync(Eventually.Deadline);
        Assert.Equal((0, ""), (command.ExitCode, await command.StandardError.ReadToEndAsync()));
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--help")]
    public async Task Output_that_cannot_be_written_is_exit_code_1_with_the_reason(string arguments)
    {
        using var command = Process.Start(new ProcessStartInfo("sh", ["-c", $"exec dotnet '{CommandPath}' {arguments} > /dev/full"]) { RedirectStandardError = true, UseShellExecute = false })!;
        await command.WaitForExitAsync().WaitAsync(Eventually.Deadline);
        Assert.Equal(1, command.ExitCode);
        Assert.EndsWith("usbipc: can't write the output: No space left on device\n", await command.StandardError.ReadToEndAsync());
    }

    private static string CommandPath => Path.Combine(AppContext.BaseDirectory, "usbipc.dll");

    private static Process Start(TestDaemon daemon, params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [CommandPath, .. arguments, "--socket", daemon.Path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
}
