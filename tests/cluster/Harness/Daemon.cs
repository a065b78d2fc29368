using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A process of <c>usbipcd</c> on a host of a lab.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    /// <summary>How long a start may take.</summary>
    public static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    private const int LogLines = 300;

    private readonly ConcurrentQueue<string> _log = new();
    private readonly Process _process;
    private readonly Socket _readiness;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly TaskCompletionSource<DateTimeOffset> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private ControlClient? _client;

    private Daemon(LabHost host, Process process, Socket readiness)
    {
        Host = host;
        _process = process;
        _readiness = readiness;
        _ = HearAsync();
        _reading = ReadLogAsync();
    }

    /// <summary>Where it runs.</summary>
    public LabHost Host { get; }

    /// <summary>When it said that it was ready; it has to have said it.</summary>
    public DateTimeOffset ReadyAt => _ready.Task.IsCompletedSuccessfully ? _ready.Task.Result : throw new InvalidOperationException($"{Host.Name} is not ready");

    /// <summary>What it has told the service manager, in order.</summary>
    public IReadOnlyCollection<string> Said => _said;

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>What it has logged: its last lines.</summary>
    public IReadOnlyCollection<string> Log => _log;

    /// <summary>Starts it; <c>ip netns exec</c> becomes the daemon, so that the process is the daemon's.</summary>
    public static Daemon Launch(LabHost host, IEnumerable<string> arguments)
    {
        var path = Path.Combine(host.Folder.FullName, "ready.sock");
        File.Delete(path);
        var readiness = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        readiness.Bind(new UnixDomainSocketEndPoint(path));
        var start = Command.Start("ip", ["netns", "exec", host.Network.Name, Executables.Usbipcd, .. arguments]);
        start.Environment["NOTIFY_SOCKET"] = path;
        return new Daemon(host, Command.Launch(start), readiness);
    }

    /// <summary>Waits until it says that it is ready, as it says it to systemd.</summary>
    public async Task WaitUntilReadyAsync()
    {
        if (_ready.Task.IsCompletedSuccessfully)
            return;
        using var deadline = new CancellationTokenSource(StartPatience);
        var exited = _process.WaitForExitAsync(deadline.Token);
        if (await Task.WhenAny(_ready.Task, exited) != _ready.Task)
            Assert.Fail($"{Host.Name} did not come up: {DescribeExit()}\n{DescribeLog()}");
    }

    /// <summary>Asks it over the control socket, on one connection for all questions.</summary>
    public async Task<T> AskAsync<T>(Func<ControlClient, CancellationToken, Task<T>> ask)
    {
        using var deadline = new CancellationTokenSource(Command.Patience);
        _client ??= await ControlClient.ConnectAsync(Host.Socket, deadline.Token);
        return await ask(_client, deadline.Token);
    }

    /// <summary>The devices that it knows.</summary>
    public Task<IReadOnlyList<DeviceRow>> ListAsync(string? selector = null) =>
        AskAsync((client, cancelled) => client.ListAsync(new ListParams(selector), cancelled));

    /// <summary>The nodes that it knows.</summary>
    public Task<IReadOnlyList<NodeRow>> NodesAsync() => AskAsync((client, cancelled) => client.NodesAsync(new NodesParams(), cancelled));

    /// <summary>Its attachments.</summary>
    public Task<IReadOnlyList<PortRow>> PortAsync() => AskAsync((client, cancelled) => client.PortAsync(new PortParams(), cancelled));

    /// <summary>Its recent events.</summary>
    public Task<List<EventRow>> EventsAsync() =>
        AskAsync((client, cancelled) => client.EventsAsync(new EventsParams(), cancelled).ToListAsync(cancelled).AsTask());

    /// <summary>Exports a device of its own.</summary>
    public Task<DeviceRow> BindAsync(string selector) => BindAsync(new BindParams(selector));

    /// <summary>Exports a device of its own, under a name or for some.</summary>
    public async Task<DeviceRow> BindAsync(BindParams request) =>
        Assert.Single(await AskAsync((client, cancelled) => client.BindAsync(request, cancelled)));

    /// <summary>Attaches a device, and waits until it is usable.</summary>
    public Task<PortRow> AttachAsync(string selector) => AttachAsync(new AttachParams(selector, WaitSeconds: 20));

    /// <summary>Attaches a device.</summary>
    public async Task<PortRow> AttachAsync(AttachParams request) =>
        Assert.Single(await AskAsync((client, cancelled) => client.AttachAsync(request, cancelled)));

    /// <summary>Detaches.</summary>
    public Task<IReadOnlyList<PortRow>> DetachAsync(string target) =>
        AskAsync((client, cancelled) => client.DetachAsync(new DetachParams(target), cancelled));

    /// <summary>Waits for an event.</summary>
    public async Task<EventRow> WaitForEventAsync(string kind, Func<EventRow, bool>? which = null, TimeSpan? within = null)
    {
        var events = await Until.ReadAsync(
            EventsAsync,
            rows => rows.Exists(row => row.Kind == kind && which?.Invoke(row) != false),
            $"an event '{kind}' on {Host.Name}",
            within);
        return events.First(row => row.Kind == kind && which?.Invoke(row) != false);
    }

    /// <summary>Waits until it is ready and knows of so many nodes, all up and reachable, and of their devices.</summary>
    public async Task WaitForClusterAsync(int nodes, int devices)
    {
        await WaitUntilReadyAsync();
        await Until.ReadAsync(
            NodesAsync,
            rows => rows.Count == nodes && rows.All(row => row is { Status: "up", Reachable: true }),
            $"a cluster of {nodes} on {Host.Name}");
        await Until.ReadAsync(ListAsync, rows => rows.Count == devices && rows.All(row => row.Reachable), $"{devices} devices on {Host.Name}");

        Task<IReadOnlyList<DeviceRow>> ListAsync() => this.ListAsync();
    }

    /// <summary>Sends it a signal.</summary>
    public void Send(Signal signal) => SystemCalls.Send(ProcessId, signal);

    /// <summary>Waits for its end; its exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            await _reading;
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Host.Name} did not end within {within.TotalSeconds} s");
        }

        return _process.ExitCode;
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        Send(Signal.Kill);
        await WaitForExitAsync(Until.Patience);
    }

    /// <summary>What it costs the machine now.</summary>
    public Vitals ReadVitals() => Vitals.Of(ProcessId);

    /// <summary>Its log with a title.</summary>
    public string DescribeLog() => $"--- {Host.Name}, process {ProcessId}, {DescribeExit()}\n{string.Join('\n', _log)}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        if (!_process.HasExited)
            await KillAsync();
        await _reading;
        _process.Dispose();
        _readiness.Dispose();
    }

    private async Task HearAsync()
    {
        var buffer = new byte[256];
        try
        {
            while (true)
            {
                var length = await _readiness.ReceiveAsync(buffer);
                _said.Enqueue(Encoding.UTF8.GetString(buffer, 0, length));
                if (_said.Last() == "READY=1")
                    _ready.TrySetResult(DateTimeOffset.UtcNow);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ReadLogAsync()
    {
        var output = _process.StandardOutput.ReadToEndAsync();
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _log.Enqueue(line);
            if (_log.Count > LogLines)
                _log.TryDequeue(out _);
        }

        await output;
    }

    private string DescribeExit() => _process.HasExited ? $"ended with exit code {_process.ExitCode}" : "running";
}
