using System.Diagnostics;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>The demo, as a user starts it, in a network with loopback only.</summary>
public sealed class DemoTests(ITestOutputHelper output) : ClusterTest(output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_demo_ends_by_itself_when_all_of_it_was_shown()
    {
        var host = (await AddHostsAsync(1))[0];
        var start = Stopwatch.GetTimestamp();
        var result = (await Command.RunAsync(Start(host, "--exit"), Patience)).Succeeded();
        Print($"demo --exit took {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");

        foreach (var shown in (string[])["cluster of 3", "LAB1-0001", "attached", "session is cut", "has it again, by itself", "reattaches 1", "done"])
            Assert.Contains(shown, result.Out, StringComparison.Ordinal);
        Assert.Empty(result.Error);
        await AssertNothingIsLeftAsync(host);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_demo_with_0()
    {
        var host = (await AddHostsAsync(1))[0];
        using var process = Command.Launch(Start(host));
        using var deadline = new CancellationTokenSource(Patience);
        var lines = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            lines.Add(line);
            if (!line.StartsWith("Ctrl-C", StringComparison.Ordinal))
                continue;
            SystemCalls.Send(-process.Id, Signal.Interrupt);
        }

        var error = await process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{string.Join('\n', lines)}\n{error}");
        Assert.Empty(error);
        Assert.Contains(lines, line => line.Contains("usbipc", StringComparison.Ordinal) && line.Contains("--socket", StringComparison.Ordinal));
        await AssertNothingIsLeftAsync(host);
    }

    // A terminal sends Ctrl-C to the whole group, the demo's daemons too.
    [Theory]
    [InlineData(nameof(Signal.Terminate), false)]
    [InlineData(nameof(Signal.Interrupt), true)]
    [InlineData(nameof(Signal.HangUp), true)]
    public async Task A_demo_that_is_ended_while_it_starts_leaves_nothing(string signal, bool toAll)
    {
        var host = (await AddHostsAsync(1))[0];
        using var process = Command.Launch(Start(host));
        using var deadline = new CancellationTokenSource(Patience);
        await Until.ReadAsync(host.Network.ProcessesAsync, processes => processes.Length > 1, "the demo has started a daemon", Patience);
        SystemCalls.Send(toAll ? -process.Id : process.Id, Enum.Parse<Signal>(signal));
        var shown = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = await process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{await shown}\n{error}");
        await AssertNothingIsLeftAsync(host);
    }

    // A group of its own, as a shell gives it, and a folder for its temporary files that is looked at afterwards.
    private static ProcessStartInfo Start(LabHost host, params IEnumerable<string> options)
    {
        var start = Command.Start("setsid", ["ip", "netns", "exec", host.Network.Name, Executables.Usbipcd, "demo", .. options]);
        start.Environment["TMPDIR"] = host.Folder.FullName;
        // The runtime's own files for debuggers stay behind when a process ends before it runs any of our code.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    private static async Task AssertNothingIsLeftAsync(LabHost host)
    {
        Assert.Empty(await host.Network.ProcessesAsync());
        Assert.Empty(host.Folder.GetFileSystemInfos().Select(left => left.FullName));
    }
}
