using System.Collections.Immutable;
using System.ComponentModel;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>Where the hooks are, and how long each may run.</summary>
internal sealed record HookOptions(string Directory, TimeSpan Timeout);

/// <summary>What came of the hooks of one event.</summary>
/// <param name="Runs">Each hook, in the order in which they ran.</param>
/// <param name="Refused">What was not run although it is executable, and why.</param>
internal sealed record HookReport(ImmutableArray<HookRun> Runs, ImmutableArray<string> Refused);

/// <summary>One hook.</summary>
/// <param name="Name">The name of its file.</param>
/// <param name="End">How it ended; null when it was not started.</param>
/// <param name="Problem">What is wrong with that; null when nothing is.</param>
internal sealed record HookRun(string Name, ProgramEnd? End, string? Problem);

/// <summary>Runs the hooks of an event, one after the other, on a thread of their own.</summary>
/// <param name="deviceNode">The device node of a device of this host.</param>
internal sealed class HookRunner(Func<BusId, string?> deviceNode) : IAsyncDisposable
{
    /// <summary>How many lines of a hook's output are logged.</summary>
    public const int MaxLines = 20;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    // The daemon's own environment may hold anything; these two say where programs are, and how they speak.
    private static readonly KeyValuePair<string, string>[] Surroundings =
    [
        KeyValuePair.Create(
            "PATH", Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        KeyValuePair.Create("LANG", Environment.GetEnvironmentVariable("LANG") ?? "C.UTF-8"),
    ];

    private readonly Lock _lock = new();
    private readonly HashSet<ChildProgram> _programs = [];
    private readonly HashSet<Task> _threads = [];
    private bool _isStopping;

    /// <summary>Runs the hooks that are there now.</summary>
    public async Task<HookReport> RunAsync(HookEvent what, HookOptions options)
    {
        // Most nodes have no hooks, and need no thread for them.
        var contents = await Task.Run(() => HookFolder.Read(options.Directory));
        if (contents.Programs.IsEmpty)
            return new HookReport([], contents.Refused);
        var thread = Task.Factory.StartNew(
            () => Run(contents.Programs, what, options.Timeout), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        lock (_lock)
            _threads.Add(thread);
        try
        {
            return new HookReport(await thread, contents.Refused);
        }
        finally
        {
            lock (_lock)
                _threads.Remove(thread);
        }
    }

    /// <summary>Starts no more hooks, and ends those that run.</summary>
    public async ValueTask DisposeAsync()
    {
        Task ended;
        lock (_lock)
        {
            _isStopping = true;
            foreach (var program in _programs)
                program.Terminate();
            ended = Task.WhenAll(_threads);
        }

        if (await Task.WhenAny(ended, Task.Delay(StopTimeout)) == ended)
            return;
        lock (_lock)
        {
            foreach (var program in _programs)
                program.Kill();
        }

        await Task.WhenAny(ended, Task.Delay(StopTimeout));
    }

    private ImmutableArray<HookRun> Run(ImmutableArray<string> programs, HookEvent what, TimeSpan timeout)
    {
        KeyValuePair<string, string>[] environment =
            [.. Surroundings, .. what.ToEnvironment(what.LocalBusId is { } busId ? deviceNode(busId) : null)];
        var runs = ImmutableArray.CreateBuilder<HookRun>();
        foreach (var path in programs)
        {
            var name = Path.GetFileName(path);
            try
            {
                if (Start(path, what.Name, environment) is not { } program)
                    break;
                var end = program.Wait(timeout, MaxLines);
                lock (_lock)
                    _programs.Remove(program);
                runs.Add(new HookRun(name, end, ProblemOf(end, timeout)));
            }
            catch (Win32Exception error)
            {
                runs.Add(new HookRun(name, null, $"could not be started: {error.Message}"));
            }
        }

        return runs.ToImmutable();
    }

    private ChildProgram? Start(string path, string name, IEnumerable<KeyValuePair<string, string>> environment)
    {
        lock (_lock)
        {
            if (_isStopping)
                return null;
            var program = ChildProgram.Start(path, [name], environment);
            _programs.Add(program);
            return program;
        }
    }

    private static string? ProblemOf(ProgramEnd end, TimeSpan timeout) => end switch
    {
        { TimedOut: true } => $"was ended after {timeout.TotalSeconds:0.###} s",
        { Signal: { } signal } => $"was ended by signal {signal}",
        { ExitCode: { } code and not 0 } => $"ended with exit code {code}",
        _ => null,
    };
}
