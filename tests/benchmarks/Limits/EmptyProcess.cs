using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace UsbIpCluster.Benchmarks;

/// <summary>The least that a process of this runtime can be: it says that it is there, and waits for a signal.</summary>
internal sealed class EmptyProcess : IAsyncDisposable
{
    /// <summary>The argument that makes this program one.</summary>
    public const string Role = "empty-process";

    private readonly Process _process;

    private EmptyProcess(Process process, Startup startup) => (_process, Startup) = (process, startup);

    /// <summary>From its start to its word.</summary>
    public Startup Startup { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>What it does. A console would be more than nothing, so its word goes to the descriptor.</summary>
    public static int Run()
    {
        using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        output.Write("ready\n"u8);
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    /// <summary>Starts one.</summary>
    public static async Task<EmptyProcess> StartAsync(CancellationToken cancelled)
    {
        var start = Stopwatch.GetTimestamp();
        var process = Command.Launch(Command.Start(Environment.ProcessPath!, [Role]));
        var word = await process.StandardOutput.ReadLineAsync(cancelled);
        var startup = Startup.Since(start, process);
        Assert.Equal("ready", word);
        return new EmptyProcess(process, startup);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        SystemCalls.Send(_process.Id, Signal.Kill);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
