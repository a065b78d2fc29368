using System.Globalization;
using System.Text.Json;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

public sealed class ErrorTests
{
    [Theory]
    [InlineData(ControlError.Failed, 1)]
    [InlineData(ControlError.Usage, 2)]
    [InlineData(ControlError.NotFound, 3)]
    [InlineData(ControlError.Unavailable, 4)]
    [InlineData(ControlError.TimedOut, 6)]
    public async Task The_daemons_error_is_two_lines_and_its_exit_code(ControlError error, int exitCode)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Attach = (_, _) => throw new ControlException(error, "what", "what to do");
        Assert.Equal(new CommandRun(exitCode, "", "usbipc: what\nwhat to do\n"), await CommandRun.OfAsync(daemon, "attach", "1-1"));
    }

    [Fact]
    public async Task No_daemon_is_exit_code_5_with_how_to_start_it() =>
        Assert.Equal(
            new CommandRun(5, "", "usbipc: no daemon at /nonexistent/control.sock\nis usbipcd running? systemctl start usbipcd\n"),
            await CommandRun.AloneAsync("list"));

    [Fact]
    public async Task An_error_in_JSON_is_one_object_on_standard_error()
    {
        var run = await CommandRun.AloneAsync("list", "--json");
        Assert.Equal((5, ""), (run.ExitCode, run.Out));
        Assert.Equal(
            """{"error":{"code":"noDaemon","message":"no daemon at /nonexistent/control.sock","hint":"is usbipcd running? systemctl start usbipcd"}}""",
            Assert.Single(run.ErrorLines));
    }

    [Fact]
    public async Task Wrong_usage_in_JSON_is_one_object_as_well()
    {
        var run = await CommandRun.AloneAsync("attach", "--json");
        using var json = JsonDocument.Parse(Assert.Single(run.ErrorLines));
        Assert.Equal("usage", json.RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("SELECTOR is empty", "attach", "")]
    [InlineData("say which device: a selector, or --remote and --busid", "attach")]
    [InlineData("one argument too many: 'b'", "attach", "a", "b")]
    [InlineData("no such command: 'atach'", "atach")]
    [InlineData("a command is missing")]
    public async Task Wrong_usage_says_what_is_wrong_in_words(string words, params string[] arguments)
    {
        var run = await CommandRun.AloneAsync(arguments);
        Assert.Equal((2, "", $"usbipc: {words}"), (run.ExitCode, run.Out, run.ErrorLines[0]));
    }

    [Fact]
    public async Task An_ambiguous_selector_lists_the_candidates_between_what_and_what_to_do()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Attach = (_, _) => throw new ControlException(ControlError.Usage, "2 devices match", "name one of them", ["lab1/1-1", "lab2/1-1"]);
        Assert.Equal(
            new CommandRun(2, "", "usbipc: 2 devices match\n  lab1/1-1\n  lab2/1-1\nname one of them\n"),
            await CommandRun.OfAsync(daemon, "attach", "0525:a4a5"));
    }

    [Fact]
    public async Task Candidates_are_in_the_JSON_too()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Attach = (_, _) => throw new ControlException(ControlError.Usage, "2 devices match", null, ["lab1/1-1"]);
        Assert.Equal(
            """{"error":{"code":"usage","message":"2 devices match","hint":null,"candidates":["lab1/1-1"]}}""",
            Assert.Single((await CommandRun.OfAsync(daemon, "attach", "0525:a4a5", "--json")).ErrorLines));
    }

    [Fact]
    public async Task Escapes_are_stripped_from_messages_hints_and_candidates()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Attach = (_, _) => throw new ControlException(ControlError.Usage, "\e[2Jwhat\n", "to\r do", ["\u009b1m"]);
        Assert.Equal("usbipc: [2Jwhat\n  1m\nto do\n", (await CommandRun.OfAsync(daemon, "attach", "1-1")).Error);
    }

    [Fact]
    public async Task A_daemon_that_does_not_answer_is_exit_code_6_after_the_timeout()
    {
        await using var daemon = new TestDaemon();
        var cancelled = new TaskCompletionSource();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(null, cancelled);
        // Long enough for the request to reach the daemon on a busy machine.
        Assert.Equal(
            new CommandRun(6, "", "usbipc: the daemon did not finish within 2s\n--timeout gives it longer\n"),
            await CommandRun.OfAsync(daemon, "list", "--timeout", "2s"));
        await cancelled.Task.WaitAsync(Eventually.Deadline);
    }

    [Fact]
    public async Task Ctrl_C_is_exit_code_130_and_quiet()
    {
        await using var daemon = new TestDaemon();
        var begun = new TaskCompletionSource();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(begun);
        using var interrupt = new CancellationTokenSource();
        var run = CommandRun.OfAsync(daemon, x => x, interrupt.Token, "list");
        await begun.Task.WaitAsync(Eventually.Deadline);
        await interrupt.CancelAsync();
        Assert.Equal(new CommandRun(130, "", ""), await run);
    }

    [Fact]
    public async Task Verbose_shows_the_cause()
    {
        var run = await CommandRun.AloneAsync("list", "-v");
        Assert.Equal(3, run.ErrorLines.Length);
        Assert.Contains("SocketException", run.ErrorLines[2]);
    }

    [Fact]
    public async Task The_socket_option_goes_before_the_environment()
    {
        await using var daemon = new TestDaemon();
        Assert.Equal(5, (await CommandRun.OfAsync(daemon, "list", "--socket", "/nonexistent/x")).ExitCode);
    }

    [Theory]
    [InlineData("attach serial=S", "serial=S")]
    [InlineData("drain --wait", "what is still in use")]
    [InlineData("list -r oldhost", "oldhost")]
    [InlineData("list", "the daemon")]
    public async Task On_a_terminal_progress_shows_after_a_while_and_goes_again(string line, string waitingFor)
    {
        await using var daemon = new TestDaemon();
        var shown = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        daemon.Handler.Attach = async (_, _) => await ShownAsync<PortRow>();
        daemon.Handler.Drain = async (_, _) => await ShownAsync<DeviceRow>();
        daemon.Handler.List = async (_, _) => await ShownAsync(Samples.Disk);
        using var error = new WatchedWriter(text =>
        {
            if (text.Contains($"waiting for {waitingFor} (", StringComparison.Ordinal))
                shown.TrySetResult(text);
        });
        var run = await CommandRun.OfAsync(daemon, x => x with { ErrorIsTerminal = true, Error = error, Clock = TimeProvider.System }, [.. line.Split(' ')]);
        Assert.Equal(0, run.ExitCode);

        // Half a second, or what a busy machine makes of it; never less.
        var seconds = (await shown.Task).Split('(')[1].Split(' ')[0];
        Assert.InRange(double.Parse(seconds, CultureInfo.InvariantCulture), 0.5, 9);
        Assert.EndsWith("\r\e[K", error.ToString());

        async Task<IReadOnlyList<T>> ShownAsync<T>(params T[] rows)
        {
            await shown.Task.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
            return rows;
        }
    }

    [Fact]
    public async Task What_is_quick_shows_no_progress()
    {
        await using var daemon = new TestDaemon();
        var clock = new StoppedClock();
        Assert.Empty((await CommandRun.OfAsync(daemon, x => x with { ErrorIsTerminal = true, Clock = clock }, "version")).Error);
        Assert.Equal([TimeSpan.FromMilliseconds(500)], clock.Timers);
    }

    /// <summary>No time passes, however long a busy machine takes: it tells for how long its timers were set.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public List<TimeSpan> Timers { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers.Add(dueTime);
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Tells what is written.</summary>
    private sealed class WatchedWriter(Action<string> watch) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            watch(value ?? "");
        }
    }
}
