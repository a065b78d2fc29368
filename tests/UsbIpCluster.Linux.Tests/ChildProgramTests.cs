using System.ComponentModel;
using System.Globalization;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

/// <summary>Programs that are run, and ended.</summary>
public sealed class ChildProgramTests : IDisposable
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_has_its_arguments_and_its_environment_and_no_other_and_an_empty_input()
    {
        var end = Run("""echo "$0 $1" "$A"; read line || echo empty; env | grep -c INHERITED; ls /proc/self/fd/0 -l | grep -o '/dev/.*'""", ["x", "one two"]);
        Assert.Equal(["x one two of a", "empty", "0", "/dev/null"], end.Output.ToArray());
        Assert.Equal((0, null, false, 0), (end.ExitCode, end.Signal, end.TimedOut, end.LinesLeftOut));
    }

    [Fact]
    public void It_has_no_descriptor_but_its_input_and_its_outputs()
    {
        // One that this process itself was started with is not closed when a program is executed.
        using var open = File.OpenRead("/proc/self/status");
        var inherited = SystemCalls.Open("/proc/self/status", SystemCalls.ReadOnly);
        try
        {
            // ls has the folder that it lists, too.
            var end = ChildProgram.Start("/bin/ls", ["/proc/self/fd"], []).Wait(Ample, 10);
            Assert.Equal(["0", "1", "2", "3"], end.Output.ToArray());
        }
        finally
        {
            _ = SystemCalls.Close(inherited);
        }
    }

    [Fact]
    public void It_ignores_and_blocks_no_signals()
    {
        // The C library has 32 and 33 for its threads. This process ignores SIGPIPE.
        const ulong threads = 0x180000000;
        var masks = ChildProgram.Start("/bin/grep", ["-E", "^Sig(Blk|Ign)", "/proc/self/status"], []).Wait(Ample, 10)
            .Output.Select(line => ulong.Parse(line[^16..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & ~threads);
        Assert.Equal([0UL, 0UL], masks);
    }

    [Theory]
    [InlineData("exit 7", 7, null)]
    [InlineData("kill -KILL $$", null, 9)]
    public void How_it_ended_is_told(string script, int? exitCode, int? signal)
    {
        var end = Run(script);
        Assert.Equal((exitCode, signal, false), (end.ExitCode, end.Signal, end.TimedOut));
    }

    [Fact]
    public void The_first_lines_are_kept_and_the_others_counted()
    {
        var end = Run("for i in 1 2 3 4 5; do echo $i; echo; done; printf '\\033[31m' >&2; head -c 100000 /dev/zero | tr '\\0' x", maxLines: 6);
        Assert.Equal(["1", "2", "3", "4", "5"], end.Output[..5].ToArray());
        Assert.StartsWith("?[31mxxx", end.Output[5], StringComparison.Ordinal);
        Assert.Equal((255, 0), (end.Output[5].Length, end.LinesLeftOut));
        Assert.Equal((2, 3), (Run("seq 5", maxLines: 2).Output.Length, Run("seq 5", maxLines: 2).LinesLeftOut));
    }

    [Fact]
    public async Task When_its_time_is_over_it_and_what_it_started_end()
    {
        var end = Run($"sleep 1000 & echo $! > {_folder.Combine("child")}; echo started; wait", timeout: TimeSpan.FromMilliseconds(300));
        Assert.Equal((null, 15, true), (end.ExitCode, end.Signal, end.TimedOut));
        Assert.Equal(["started"], end.Output.ToArray());
        await AssertEndedAsync("child");
    }

    [Fact]
    public async Task What_does_not_end_when_told_is_killed()
    {
        var end = Run($"trap '' TERM; sleep 1000 & echo $! > {_folder.Combine("child")}; while :; do wait; done", timeout: TimeSpan.FromMilliseconds(300));
        Assert.Equal((null, 9, true), (end.ExitCode, end.Signal, end.TimedOut));
        await AssertEndedAsync("child");
    }

    [Fact]
    public async Task What_it_leaves_behind_is_ended_and_not_waited_for()
    {
        var end = Run($"sleep 1000 & echo $! > {_folder.Combine("child")}; echo done");
        Assert.Equal((0, false), (end.ExitCode, end.TimedOut));
        Assert.Equal(["done"], end.Output.ToArray());
        await AssertEndedAsync("child");
    }

    [Fact]
    public async Task It_can_be_ended_by_another_thread_and_then_no_more()
    {
        var program = ChildProgram.Start("/bin/sleep", ["1000"], []);
        var end = Task.Run(() => program.Wait(Ample, 1));
        program.Terminate();
        Assert.Equal(15, (await end.WaitAsync(Ample)).Signal);
        program.Kill();
    }

    [Fact]
    public void What_is_no_program_is_an_error()
    {
        Assert.Equal(2, Assert.Throws<Win32Exception>(() => ChildProgram.Start("/nowhere", [], [])).NativeErrorCode);
        File.WriteAllText(_folder.Combine("text"), "hello\n");
        File.SetUnixFileMode(_folder.Combine("text"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(8, Assert.Throws<Win32Exception>(() => ChildProgram.Start(_folder.Combine("text"), [], [])).NativeErrorCode);
    }

    [Fact]
    public void It_leaves_no_descriptors_behind()
    {
        Run("true");
        var before = Directory.GetFiles("/proc/self/fd").Length;
        for (var times = 0; times < 100; times++)
            Run("true");

        // Other tests open some meanwhile.
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 90);
    }

    private static ProgramEnd Run(string script, string[]? arguments = null, TimeSpan? timeout = null, int maxLines = 20) =>
        ChildProgram.Start("/bin/sh", ["-c", script, .. arguments ?? []], [KeyValuePair.Create("PATH", "/usr/bin:/bin"), KeyValuePair.Create("A", "of a")])
            .Wait(timeout ?? Ample, maxLines);

    private async Task AssertEndedAsync(string name)
    {
        var process = int.Parse(File.ReadAllText(_folder.Combine(name)), CultureInfo.InvariantCulture);
        await Eventually.TrueAsync(() => !IsRunning(process));
    }

    // One that has ended and that nobody has asked for is a zombie: its parent has ended before it, so that somebody else is to ask.
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
