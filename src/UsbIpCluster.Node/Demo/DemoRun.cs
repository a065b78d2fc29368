using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// The main job on a machine without any USB: three nodes on loopback, an inventory, a device attached by what it is, its session cut, and
/// the device back by itself. Devices are always simulated, so that nothing of the machine is touched.
/// </summary>
internal sealed class DemoRun : IAsyncDisposable
{
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SignalDelay = TimeSpan.FromSeconds(1);

    private readonly List<DemoNode> _nodes = [];
    private readonly List<ControlClient> _clients = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipcluster-demo-");
    private TcpRelay? _relay;

    private DemoRun()
    {
    }

    /// <summary>Runs the demo; returns 0 when everything in it worked.</summary>
    public static async Task<int> RunAsync(bool exit, HostControllerKind controller, CancellationToken cancelled)
    {
        await using var demo = new DemoRun();
        try
        {
            await demo.StartNodesAsync(controller, cancelled);
            await demo.ShowInventoryAsync(cancelled);
            await demo.AttachAndCutAsync(cancelled);
            if (!exit)
                await demo.StayAsync(cancelled);
            Console.WriteLine("done");
            return 0;
        }
        catch (Exception error) when (IsExpected(error))
        {
            if (await IsCancelledAsync(cancelled))
            {
                Console.WriteLine("stopped");
                return 0;
            }

            await Console.Error.WriteLineAsync($"usbipcd: the demo failed: {error.Message}");
            foreach (var log in demo._folder.GetFiles("*.log"))
            {
                // The nodes still run, and write.
                using var reader = new StreamReader(log.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
                await Console.Error.WriteLineAsync($"--- {log.Name}\n{await reader.ReadToEndAsync(CancellationToken.None)}");
            }

            return 1;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        if (_relay is not null)
            await _relay.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StartNodesAsync(HostControllerKind controller, CancellationToken cancelled)
    {
        Console.WriteLine(controller == HostControllerKind.Kernel
            ? "Three nodes on loopback with simulated devices; they are attached to this machine's kernel (vhci-hcd), as you asked."
            : "Three nodes on loopback with simulated devices and a simulated host controller: no kernel module, no real device is touched.");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "demo.json"), "{}", cancelled);
        var exporter = DemoNode.FreeEndPoint();
        _relay = new TcpRelay(exporter);
        var first = DemoNode.FreeEndPoint();
        foreach (var name in (string[])["lab1", "lab2", "lab3"])
        {
            var isFirst = _nodes.Count == 0;
            _nodes.Add(DemoNode.Start(
                _folder.FullName,
                name,
                [
                    "--listen", (isFirst ? exporter : DemoNode.FreeEndPoint()).ToString(),
                    "--cluster", (isFirst ? first : DemoNode.FreeEndPoint()).ToString(),
                    "--exporter", "simulated",
                    "--host-controller", controller.ToString(),
                    .. isFirst ? ["--advertise", _relay.EndPoint.ToString()] : (string[])["--seed", first.ToString()],
                ]));
        }

        using var step = Step(cancelled);
        foreach (var node in _nodes)
            _clients.Add(await node.ConnectAsync(step.Token));
        await UntilAsync(async () => (await _clients[1].ListAsync(new ListParams(), step.Token)).Count == 3, step.Token);
        var nodes = await _clients[1].NodesAsync(new NodesParams(), step.Token);
        Say($"cluster of {nodes.Count}: {string.Join(", ", nodes.Select(node => $"{node.Node} ({node.Address}, {node.Status})"))}");
    }

    private async Task ShowInventoryAsync(CancellationToken cancelled)
    {
        using var step = Step(cancelled);
        var bound = await _clients[0].BindAsync(new BindParams("serial=LAB1-0001", "console"), step.Token);
        Say($"usbipc bind on lab1: {bound[0].BusId} is {bound[0].State} as \"{bound[0].Name}\"");
        await UntilAsync(
            async () => (await _clients[1].ListAsync(new ListParams("name=console"), step.Token)) is [{ State: DeviceStates.Available }],
            step.Token);
        Say("the inventory, asked for on lab2:");
        foreach (var row in await _clients[1].ListAsync(new ListParams(), step.Token))
            Console.WriteLine($"      {row.Node}/{row.BusId}  {row.Vid}:{row.Pid}  {row.Serial,-10}  {row.State,-10}  {row.Product}");
    }

    private async Task AttachAndCutAsync(CancellationToken cancelled)
    {
        using var step = Step(cancelled);
        var row = (await _clients[1].AttachAsync(new AttachParams("serial=LAB1-0001", WaitSeconds: 20), step.Token))[0];
        Say($"usbipc attach serial=LAB1-0001 on lab2: port {row.Port}, {row.Id}, {row.State} as {row.LocalBusId}");

        await using var follower = await _nodes[1].ConnectAsync(step.Token);
        var cut = _relay!.Cut();
        Say($"its TCP session is cut ({cut} connection reset)");
        await foreach (var happened in follower.EventsAsync(new EventsParams(Follow: true), step.Token))
        {
            if (happened.Attachment != row.Id || happened.Kind is not (EventKinds.Lost or EventKinds.Reattached))
                continue;
            Say(happened.Kind == EventKinds.Lost
                ? $"lab2 noticed: {happened.Reason}"
                : $"lab2 has it again, by itself, {happened.DurationMs:0} ms after the loss");
            if (happened.Kind == EventKinds.Reattached)
                break;
        }

        var now = (await _clients[1].PortAsync(new PortParams(), step.Token))[0];
        Say($"usbipc port on lab2: port {now.Port}, {now.Id}, {now.State}, reattaches {now.Reattaches}");
    }

    private async Task StayAsync(CancellationToken cancelled)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "usbipc");
        var usbipc = File.Exists(beside) ? beside : "dotnet run --project src/UsbIpCluster.Cli --";
        Console.WriteLine("The cluster stays up. Try, in another terminal:");
        Console.WriteLine($"      {usbipc} --socket {_nodes[1].Socket} list");
        Console.WriteLine($"      {usbipc} --socket {_nodes[1].Socket} port");
        Console.WriteLine($"      {usbipc} --socket {_nodes[2].Socket} nodes");
        Console.WriteLine($"      {usbipc} --socket {_nodes[1].Socket} events --follow");
        Console.WriteLine("Ctrl-C ends it.");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancelled);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        while (!await condition())
            await Task.Delay(50, cancellationToken);
    }

    private static bool IsExpected(Exception error) => error is ControlException or OperationCanceledException or IOException;

    // A terminal sends Ctrl-C to the nodes as well: one of them can end, and be missed, before this process has heard of it.
    private static async Task<bool> IsCancelledAsync(CancellationToken cancelled)
    {
        await Task.Delay(SignalDelay, cancelled).ContinueWith(_ => { }, TaskScheduler.Default);
        return cancelled.IsCancellationRequested;
    }

    private static CancellationTokenSource Step(CancellationToken cancelled)
    {
        var step = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        step.CancelAfter(StepTimeout);
        return step;
    }

    private static void Say(string line) => Console.WriteLine($"  {DateTimeOffset.Now:HH:mm:ss.fff}  {line}");
}
