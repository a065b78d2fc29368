using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Benchmarks;

/// <summary>A process of <c>usbipcd</c> on a loopback address of its own, with a simulated device and mutual TLS.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly string _log;
    private readonly Process _process;
    private readonly Task _logging;

    private Node(string name, string folder, IPEndPoint cluster, IPEndPoint listen, Process process)
    {
        (Name, Cluster, Listen, _process) = (name, cluster, listen, process);
        ControlSocket = ControlSocketIn(folder);
        _log = Path.Combine(folder, "log");
        _logging = WriteLogAsync();
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where it serves the cluster.</summary>
    public IPEndPoint Cluster { get; }

    /// <summary>Where it serves USB/IP.</summary>
    public IPEndPoint Listen { get; }

    /// <summary>Its control socket.</summary>
    public string ControlSocket { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>From its start to READY, as it says it to systemd.</summary>
    public Startup Startup { get; private set; } = null!;

    /// <summary>Starts it, and waits until it is ready.</summary>
    public static async Task<Node> StartAsync(
        Product product, DirectoryInfo folder, string name, IPAddress address, TlsFiles files, Node? seed, int devices, CancellationToken cancelled)
    {
        var own = folder.CreateSubdirectory(name).FullName;
        var configuration = Path.Combine(own, "usbipcd.json");
        await File.WriteAllTextAsync(configuration, Configuration(files, devices).ToJsonString(), cancelled);
        var (cluster, listen) = (FreeEndPoint(address), FreeEndPoint(address));
        var start = Command.Start(
            product.Usbipcd,
            [
                "--config", configuration,
                "--node", name,
                "--state", Path.Combine(own, "state"),
                "--control", ControlSocketIn(own),
                "--listen", listen.ToString(),
                "--cluster", cluster.ToString(),
                "--exporter", "simulated",
                "--host-controller", "simulated",
                .. seed is null ? [] : (string[])["--seed", seed.Cluster.ToString()],
            ]);
        start.Environment["NOTIFY_SOCKET"] = Path.Combine(own, "ready.sock");
        using var readiness = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        readiness.Bind(new UnixDomainSocketEndPoint(start.Environment["NOTIFY_SOCKET"]!));

        var began = Stopwatch.GetTimestamp();
        var node = new Node(name, own, cluster, listen, Command.Launch(start));
        try
        {
            await node.HearReadinessAsync(readiness, cancelled);
            node.Startup = Startup.Since(began, node._process);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection to its control socket.</summary>
    public Task<ControlClient> ConnectAsync(CancellationToken cancelled) => ControlClient.ConnectAsync(ControlSocket, cancelled);

    /// <summary>What it has logged.</summary>
    public string DescribeLog()
    {
        using var reader = new StreamReader(new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return $"--- {Name}\n{reader.ReadToEnd()}";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        SystemCalls.Send(ProcessId, Signal.Kill);
        await _process.WaitForExitAsync();
        await _logging;
        _process.Dispose();
    }

    // Devices are exported from the start where there are more than the one that benchmarks bind.
    private static JsonObject Configuration(TlsFiles files, int devices) => new()
    {
        ["simulated"] = new JsonObject { ["devices"] = devices },
        ["exports"] = new JsonArray([.. devices > 1 ? new JsonNode[] { new JsonObject { ["match"] = "class=cdc" } } : []]),
        ["cluster"] = new JsonObject
        {
            ["tls"] = new JsonObject { ["ca"] = files.Authority, ["certificate"] = files.Certificate, ["key"] = files.Key },
        },
    };

    private static string ControlSocketIn(string folder) => Path.Combine(folder, "control.sock");

    private static IPEndPoint FreeEndPoint(IPAddress address)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return (IPEndPoint)probe.LocalEndPoint!;
    }

    private async Task HearReadinessAsync(Socket readiness, CancellationToken cancelled)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        var exit = _process.WaitForExitAsync(ended.Token);
        var buffer = new byte[256];
        var word = readiness.ReceiveAsync(buffer, ended.Token).AsTask();
        if (await Task.WhenAny(word, exit) == exit && !cancelled.IsCancellationRequested)
        {
            await _logging;
            Assert.Fail($"{Name} did not come up: exit code {_process.ExitCode}\n{DescribeLog()}");
        }

        Assert.Equal("READY=1", Encoding.UTF8.GetString(buffer, 0, await word));
        await ended.CancelAsync();
    }

    private async Task WriteLogAsync()
    {
        await using var file = new FileStream(_log, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var output = _process.StandardOutput.ReadToEndAsync();
        await _process.StandardError.BaseStream.CopyToAsync(file);
        await output;
    }
}
