using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>Real hooks.</summary>
public sealed class HookRunnerTests : IAsyncLifetime
{
    private static readonly HookEvent Attached = HookEvent.Of(new EventRow(
        Samples.Time, "lab2", EventKinds.Attached, "1-1", Attachment: "a1", Serial: "S 1", LocalBusId: "7-4", Peer: "lab1"))!;

    private readonly string _folder = Directory.CreateTempSubdirectory("usbipcd-hooks-").FullName;
    private readonly HookRunner _runner = new(busId => $"/dev/of/{busId}");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _runner.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_hooks_of_an_event_run_one_after_the_other_with_its_name_and_facts()
    {
        Add("20-second", "echo two $1 $USBIPC_SERIAL $USBIPC_DEVICE_NODE");
        Add("10-first", "echo one; exit 3");
        Add("30-third", "kill -USR1 $$");
        var report = await RunAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(["10-first", "20-second", "30-third"], report.Runs.Select(run => run.Name));
        Assert.Equal(["one"], report.Runs[0].End!.Output.ToArray());
        Assert.Equal(["two attached S 1 /dev/of/7-4"], report.Runs[1].End!.Output.ToArray());
        Assert.Equal(["ended with exit code 3", null, "was ended by signal 10"], report.Runs.Select(run => run.Problem));
    }

    [Fact]
    public async Task A_hook_has_nothing_of_the_daemons_environment_but_the_way_to_programs()
    {
        Add("env", "exec env");
        var names = (await RunAsync(TimeSpan.FromSeconds(60))).Runs[0].End!.Output.Select(line => line.Split('=')[0]).ToHashSet(StringComparer.Ordinal);

        // The shell adds where it is.
        names.ExceptWith(["PWD", "OLDPWD", "SHLVL", "_"]);
        string[] expected =
        [
            "LANG", "PATH", "USBIPC_ATTACHMENT", "USBIPC_BUSID", "USBIPC_DEVICE_NODE", "USBIPC_EVENT", "USBIPC_KIND", "USBIPC_LOCAL_BUSID",
            "USBIPC_NODE", "USBIPC_PEER", "USBIPC_SERIAL", "USBIPC_TIME",
        ];
        Assert.Equal(expected, names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_hook_that_hangs_is_ended_and_the_next_one_runs()
    {
        Add("10-hangs", "sleep 1000");
        Add("20-works", "echo on");
        var report = await RunAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal("was ended after 0.2 s", report.Runs[0].Problem);
        Assert.Equal("20-works", report.Runs[1].Name);
    }

    [Fact]
    public async Task What_is_no_program_is_a_problem_of_its_own()
    {
        File.WriteAllText(Path.Combine(_folder, "10-broken"), "#!/nowhere/sh\n");
        File.SetUnixFileMode(Path.Combine(_folder, "10-broken"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Add("20-works", "echo on");
        var report = await RunAsync(TimeSpan.FromSeconds(60));
        Assert.StartsWith("could not be started: No such file", report.Runs[0].Problem, StringComparison.Ordinal);
        Assert.Equal(["on"], report.Runs[1].End!.Output.ToArray());
    }

    [Fact]
    public async Task When_the_daemon_ends_its_hooks_end()
    {
        Add("10-hangs", "echo $$ > $0.pid; exec sleep 1000");
        Add("20-never", "touch $0.ran");
        var run = RunAsync(TimeSpan.FromHours(1));
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (!File.Exists(Path.Combine(_folder, "10-hangs.pid")) && DateTime.UtcNow < deadline)
            await Task.Delay(5);
        await _runner.DisposeAsync();
        Assert.Equal("was ended by signal 15", Assert.Single((await run.WaitAsync(TimeSpan.FromSeconds(20))).Runs).Problem);
        Assert.Empty((await RunAsync(TimeSpan.FromHours(1))).Runs);
        Assert.False(File.Exists(Path.Combine(_folder, "20-never.ran")));
    }

    private Task<HookReport> RunAsync(TimeSpan timeout) => _runner.RunAsync(Attached, new HookOptions(_folder, timeout));

    private void Add(string name, string script)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
