using System.Diagnostics;
using System.Text.Json;
using UsbIpCluster.Cli.Running;
using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

/// <summary><c>usbipc run</c>, in processes of its own where a command is run.</summary>
public sealed class RunTests
{
    private static readonly PortRow Serial = new(
        3, "a7", AttachmentStates.Attached, "serial=S", "0403", "6001", "S", "FT232R", "lab1", "1-1.4", "10.0.0.1:3240", "9-1", null, 0,
        null, Devices: ["/dev/ttyUSB0", "/dev/bus/usb/009/002"]);

    private static readonly PortRow Bare =
        Serial with { Id = "a8", Port = 4, Serial = null, BusId = "1-2", LocalBusId = "9-2", Devices = null };

    [Theory]
    [InlineData("say which devices: one selector for each", "--", "true")]
    [InlineData("say what to run, after --: usbipc run SELECTOR... -- COMMAND [ARG...]", "1-1")]
    [InlineData("say what to run, after --: usbipc run SELECTOR... -- COMMAND [ARG...]", "1-1", "--")]
    [InlineData("say what to run, after --: usbipc run SELECTOR... -- COMMAND [ARG...]", "1-1", "--", "")]
    [InlineData("unknown option '--once'", "1-1", "--once", "--", "true")]
    [InlineData("a selector is empty", "", "--", "true")]
    [InlineData("--wait takes a duration such as 500ms, 30s, 2m or 1h, a week at most; not 'soon'", "--wait=soon", "1-1", "--", "true")]
    public async Task Wrong_usage_is_exit_code_2_and_nothing_is_asked(string error, params string[] arguments)
    {
        var run = await CommandRun.AloneAsync(["run", .. arguments]);
        Assert.Equal((2, "", $"usbipc: {error}\nsee usbipc run --help\n"), (run.ExitCode, run.Out, run.Error));
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(60, true, "--wait")]
    [InlineData(5, true, "--wait=5s")]
    public async Task It_waits_a_minute_for_what_is_not_there_and_with_wait_for_what_is_busy(
        double seconds, bool whileBusy, params string[] options)
    {
        await using var daemon = new TestDaemon();
        HoldParams? asked = null;
        daemon.Handler.Hold = (request, _) =>
        {
            asked = request;
            throw new ControlException(ControlError.Unavailable, "busy");
        };
        var run = await CommandRun.OfAsync(daemon, ["run", "name=one", .. options, "name=two", "--", "true"]);
        Assert.Equal((4, "", "usbipc: busy\n"), (run.ExitCode, run.Out, run.Error));
        Assert.Equal(["name=one", "name=two"], asked!.Selectors);
        Assert.Equal((seconds, whileBusy), (asked.WaitSeconds, asked.WaitWhileBusy));
    }

    [Fact]
    public async Task Options_behind_the_dashes_are_the_commands()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        using var run = Start(daemon, "run", "1-1", "--", "echo", "--json", "--wait", "--", "-v");
        Assert.Equal((0, "--json --wait -- -v\n", ""), await EndOfAsync(run));
    }

    [Fact]
    public async Task The_command_has_the_devices_in_its_environment_and_they_are_detached_after_it()
    {
        await using var daemon = new TestDaemon();
        var detached = new List<string?>();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial, Bare);
        daemon.Handler.Detach = (request, _) =>
        {
            lock (detached)
                detached.Add(request.Target);
            return ScriptedHandler.Rows(Serial);
        };
        using var run = Start(
            daemon,
            start => start.Environment["USBIPC_DEVICE_9"] = "/dev/outer",
            "run", "1-1", "1-2", "--", "sh", "-c", "env | grep ^USBIPC_ | sort");
        var (exitCode, output, error) = await EndOfAsync(run);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(
            [
                "USBIPC_BUSID=9-1", "USBIPC_BUSID_1=9-1", "USBIPC_BUSID_2=9-2", "USBIPC_COUNT=2", "USBIPC_DEVICE=/dev/ttyUSB0",
                "USBIPC_DEVICES=/dev/ttyUSB0 /dev/bus/usb/009/002", "USBIPC_DEVICES_1=/dev/ttyUSB0 /dev/bus/usb/009/002",
                "USBIPC_DEVICE_1=/dev/ttyUSB0", "USBIPC_PID=6001", "USBIPC_PID_1=6001", "USBIPC_PID_2=6001", "USBIPC_PORT=3",
                "USBIPC_PORT_1=3", "USBIPC_PORT_2=4", "USBIPC_REMOTE=lab1/1-1.4", "USBIPC_REMOTE_1=lab1/1-1.4", "USBIPC_REMOTE_2=lab1/1-2",
                "USBIPC_SERIAL=S", "USBIPC_SERIAL_1=S", "USBIPC_USB=/dev/bus/usb/009/002", "USBIPC_USB_1=/dev/bus/usb/009/002",
                "USBIPC_VID=0403", "USBIPC_VID_1=0403", "USBIPC_VID_2=0403",
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal(["a7", "a8"], detached.Order());
    }

    [Fact]
    public void Text_of_a_device_is_one_line_in_the_environment() =>
        Assert.Contains(("SERIAL_1", "a[2Jb"), DeviceVariables.Of([Serial with { Serial = "a\n\e[2J\0b" }]));

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 42", 42)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -SEGV $$", 139)]
    public async Task The_exit_code_is_the_commands(string script, int exitCode)
    {
        await using var daemon = new TestDaemon();
        var detached = new TaskCompletionSource<string?>();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        daemon.Handler.Detach = (request, _) =>
        {
            detached.TrySetResult(request.Target);
            return ScriptedHandler.Rows(Serial);
        };
        using var run = Start(daemon, "run", "1-1", "--", "sh", "-c", script);
        Assert.Equal((exitCode, "", ""), await EndOfAsync(run));
        Assert.Equal("a7", await detached.Task.WaitAsync(Eventually.Deadline));
    }

    [Theory]
    [InlineData("no-such-command-anywhere", 127, "no-such-command-anywhere: command not found")]
    [InlineData("/no/such/command", 127, "/no/such/command: No such file or directory")]
    [InlineData("/etc/passwd", 126, "/etc/passwd: Permission denied")]
    public async Task A_command_that_can_not_be_run_is_what_shells_say(string command, int exitCode, string message)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        using var run = Start(daemon, "run", "1-1", "--", command);
        Assert.Equal((exitCode, "", $"usbipc: {message}\n"), await EndOfAsync(run));
    }

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("INT", 2)]
    [InlineData("HUP", 1)]
    [InlineData("USR1", 10)]
    [InlineData("USR2", 12)]
    [InlineData("ALRM", 14)]
    public async Task A_signal_is_passed_on_and_the_commands_end_is_waited_for(string signal, int number)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        using var run = Start(
            daemon, "run", "1-1", "--", "sh", "-c", $"trap 'echo got {number}; exit 9' {signal}; echo ready; while :; do sleep 0.05; done");
        Assert.Equal("ready", await run.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline));
        using (var kill = Process.Start("kill", [$"-{signal}", run.Id.ToString()]))
            await kill.WaitForExitAsync();
        Assert.Equal((9, $"got {number}\n", ""), await EndOfAsync(run));
    }

    [Fact]
    public async Task Ctrl_C_while_the_daemon_answers_runs_no_command_and_detaches()
    {
        await using var daemon = new TestDaemon();
        using var cancelled = new CancellationTokenSource();
        var detached = new TaskCompletionSource<string?>();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        daemon.Handler.Detach = (request, _) =>
        {
            detached.TrySetResult(request.Target);
            return ScriptedHandler.Rows(Serial);
        };

        // What -v says of a device is written after the answer and before the command.
        using var error = new Watched(cancelled.Cancel);
        var run = await CommandRun.OfAsync(daemon, x => x with { Error = error }, cancelled.Token, "run", "-v", "1-1", "--", "false");
        Assert.Equal((130, ""), (run.ExitCode, run.Out));
        Assert.Equal("a7", await detached.Task.WaitAsync(Eventually.Deadline));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(15)]
    public async Task A_signal_before_there_is_a_command_reaches_it_on_a_terminal_too(int number)
    {
        using var signals = new PassedOnSignals(() => true);
        signals.PassOn(number);
        var child = ChildProcess.Start(["sleep", "10"], [$"PATH={Environment.GetEnvironmentVariable("PATH")}"]);
        signals.To(child);
        Assert.Equal(128 + number, await child.WaitAsync());
    }

    [Fact]
    public async Task The_exit_code_is_the_commands_where_the_end_of_children_is_ignored()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        using var run = StartProgram(
            daemon, _ => { }, "env", "--ignore-signal=CHLD", "dotnet", CommandPath, "run", "1-1", "--", "sh", "-c", "grep SigIgn /proc/self/status; exit 7");
        var (exitCode, output, error) = await EndOfAsync(run);
        Assert.Equal((7, ""), (exitCode, error));
        Assert.Equal(0UL, Convert.ToUInt64(output.Split('\t')[1].Trim(), 16) >> 16 & 1);
    }

    [Fact]
    public async Task A_script_that_names_no_interpreter_is_told_so()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        var script = Path.Combine(Directory.CreateTempSubdirectory().FullName, "script");
        try
        {
            await File.WriteAllTextAsync(script, "echo on\n");
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            using var run = Start(daemon, "run", "1-1", "--", script);
            Assert.Equal(
                (126, "", $"usbipc: {script}: Exec format error; the first line of a script has to name its interpreter (#!)\n"),
                await EndOfAsync(run));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(script)!, recursive: true);
        }
    }

    [Fact]
    public async Task A_signal_that_is_ignored_already_is_ignored_by_the_command_too()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        var script = $"trap '' HUP; exec dotnet '{CommandPath}' run 1-1 -- sh -c 'kill -HUP $PPID $$; echo on'";
        using var run = StartProgram(daemon, _ => { }, "sh", "-c", script);
        Assert.Equal((0, "on\n", ""), await EndOfAsync(run));
    }

    [Fact]
    public async Task The_command_has_standard_input_and_ends_by_a_closed_pipe_as_in_a_shell()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        using var run = Start(daemon, start => start.RedirectStandardInput = true, "run", "1-1", "--", "sh", "-c", "cat; yes | head -n 1");
        await run.StandardInput.WriteAsync("typed\n");
        run.StandardInput.Close();
        Assert.Equal((0, "typed\ny\n", ""), await EndOfAsync(run));
    }

    [Fact]
    public async Task A_daemon_that_is_gone_at_the_end_changes_no_exit_code()
    {
        var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => ScriptedHandler.Rows(Serial);
        using var run = Start(
            daemon, start => start.RedirectStandardInput = true, "run", "1-1", "--", "sh", "-c", "echo ready; cat; exit 5");
        Assert.Equal("ready", await run.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline));
        await daemon.DisposeAsync();
        run.StandardInput.Close();
        var (exitCode, output, error) = await EndOfAsync(run);
        Assert.Equal((5, ""), (exitCode, output));
        Assert.StartsWith("usbipc: not detached yet (", error);
    }

    [Fact]
    public async Task Errors_are_objects_with_json()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Hold = (_, _) => throw new ControlException(ControlError.TimedOut, "late");
        var run = await CommandRun.OfAsync(daemon, "run", "--json", "1-1", "--", "true");
        using var json = JsonDocument.Parse(Assert.Single(run.ErrorLines));
        Assert.Equal((6, "", "timedOut"), (run.ExitCode, run.Out, json.RootElement.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Port_shows_what_programs_open_and_who_holds_it()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Port = (_, _) => ScriptedHandler.Rows(Serial with { HeldBy = new HeldByRow(4711, "alice") });
        var run = await CommandRun.OfAsync(daemon, "port", "-v");
        Assert.Contains("process 4711 (alice)", run.Lines[1]);
        Assert.Contains("/dev/ttyUSB0 /dev/bus/usb/009/002", run.Lines[1]);
        var json = await CommandRun.OfAsync(daemon, "port", "--json");
        Assert.Contains("""
            "devices":["/dev/ttyUSB0","/dev/bus/usb/009/002"],"heldBy":{"pid":4711,"user":"alice"}
            """, json.Out);
    }

    private static string CommandPath => Path.Combine(AppContext.BaseDirectory, "usbipc.dll");

    private static Process Start(TestDaemon daemon, params string[] arguments) => Start(daemon, _ => { }, arguments);

    private static Process Start(TestDaemon daemon, Action<ProcessStartInfo> change, params string[] arguments) =>
        StartProgram(daemon, change, "dotnet", [CommandPath, .. arguments]);

    private static Process StartProgram(TestDaemon daemon, Action<ProcessStartInfo> change, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["USBIPCLUSTER__CONTROL"] = daemon.Path;
        change(start);
        return Process.Start(start)!;
    }

    /// <summary>Tells when something is written.</summary>
    private sealed class Watched(Action written) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            written();
        }
    }

    private static async Task<(int ExitCode, string Out, string Error)> EndOfAsync(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Eventually.Deadline);
        return (process.ExitCode, await output, await error);
    }
}
