using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>One node of the demo: a daemon in a process of its own, with simulated devices.</summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _log;

    private DemoNode(string name, string socket, Process process, Task log)
    {
        Name = name;
        Socket = socket;
        _process = process;
        _log = log;
    }

    /// <summary>The node's name.</summary>
    public string Name { get; }

    /// <summary>The node's control socket.</summary>
    public string Socket { get; }

    /// <summary>A port of loopback that is free now.</summary>
    public static IPEndPoint FreeEndPoint()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)probe.LocalEndPoint!;
    }

    /// <summary>Starts the daemon; its log goes to <c>NAME.log</c> in the folder.</summary>
    public static DemoNode Start(string folder, string name, IEnumerable<string> options)
    {
        var socket = Path.Combine(folder, $"{name}.sock");
        var start = new ProcessStartInfo { UseShellExecute = false, RedirectStandardError = true };
        (start.FileName, var arguments) = Program();
        string[] own = ["--config", Path.Combine(folder, "demo.json"), "--node", name, "--state", Path.Combine(folder, name), "--control", socket];
        foreach (var argument in arguments.Concat(own).Concat(options))
            start.ArgumentList.Add(argument);

        // The demo is the same on every machine: nothing of this one's configuration reaches it.
        foreach (var variable in start.Environment.Keys.Where(key => key.StartsWith(ConfigurationValues.Prefix, StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(variable);

        var process = Process.Start(start)!;
        return new DemoNode(name, socket, process, WriteLogAsync(process, Path.Combine(folder, $"{name}.log")));
    }

    /// <summary>A connection to its control socket, as soon as it is there.</summary>
    /// <exception cref="ControlException">Failed: the daemon has ended.</exception>
    public async Task<ControlClient> ConnectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_process.HasExited)
                throw new ControlException(ControlError.Failed, $"{Name} ended with exit code {_process.ExitCode}");
            try
            {
                return await ControlClient.ConnectAsync(Socket, cancellationToken);
            }
            catch (ControlException error) when (error.Error == ControlError.NoDaemon)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            SystemSignals.Terminate(_process.Id);
        using var patience = new CancellationTokenSource(StopTimeout);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        await _log;
        _process.Dispose();
    }

    // The same program again: by its own executable, or by the host that runs it.
    private static (string File, string[] Arguments) Program() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) != "dotnet"
            ? (path, [])
            : (Environment.ProcessPath ?? "dotnet", [Assembly.GetExecutingAssembly().Location]);

    private static async Task WriteLogAsync(Process process, string path)
    {
        await using var file = File.Create(path);
        await process.StandardError.BaseStream.CopyToAsync(file);
    }
}
