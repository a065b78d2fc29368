using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>Tests of a node's attachments: its actors are the real ones, its ports are scripted, and so is the exporter's node.</summary>
public abstract class AttachmentManagerSpec : VirtualTimeSpec, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly StateFolder _state = TempState.New();
    private readonly Stage _stage;
    private int _run;
    private InventoryView _view = Samples.View("lab2", Samples.Node("lab2"));

    protected AttachmentManagerSpec()
    {
        Holders = new Holders(Processes);
        Inventory = CreateTestProbe();
        Exports = CreateTestProbe();
        _stage = new Stage(Sys);
    }

    protected TestProbe Inventory { get; }

    protected TestProbe Exports { get; }

    protected IActorRef Manager { get; private set; } = ActorRefs.Nobody;

    private protected ScriptedController Controller { get; } = new();

    private protected ImportServer Server { get; } = new();

    private protected ScriptedProcesses Processes { get; } = new();

    /// <summary>Who holds attachments; a test that ends the daemon makes those of the next one.</summary>
    private protected Holders Holders { get; set; }

    public async Task InitializeAsync()
    {
        await _stage.AddAsync(Exports.Ref, "exports");
        Manager = await StartAsync("attachments", Controller);
    }

    public Task DisposeAsync()
    {
        Server.Dispose();
        return Task.CompletedTask;
    }

    private protected async Task<IActorRef> StartAsync(string name, IHostController? controller)
    {
        var settings = new AttachmentSettings(Samples.Lab2, SessionSocketOptions.Default, _state) { Holders = Holders };
        var (view, inventory) = (_view, Inventory.Ref);
        var manager = await _stage.AddAsync(Props.Create(() => new AttachmentManager(settings, controller, inventory, view)), name);
        await SettleAsync(manager);

        // It asks for what it may have missed; that it has the view already is as good an answer.
        Inventory.FishForMessage<InventoryActor.GetView>(_ => true);
        return manager;
    }

    private protected StateFolder State => _state;

    private protected KeptAttachments? Kept =>
        new StateFile<KeptAttachments>(_state, "attachments.json").Read(out _);

    /// <summary>What was told last is on the disk, and the daemon ends. The kernel keeps its ports.</summary>
    private protected async Task StopAsync()
    {
        var told = await SnapshotAsync();
        await AwaitAssertAsync(
            () => Assert.Equal(
                told.Attachments.Select(status => (status.Id, status.Session?.Port.Number, status.Reattaches)),
                (Kept?.Attachments ?? []).Select(line => (line.Id, line.Session?.Port, line.Reattaches))),
            Patience,
            TimeSpan.FromMilliseconds(5));
        await Manager.GracefulStop(Patience);
    }

    private protected async Task StartAgainAsync() => Manager = await StartAsync($"attachments-{++_run}", Controller);

    private protected async Task RestartAsync()
    {
        await StopAsync();
        await StartAgainAsync();
    }

    /// <summary>What lab1, the node that is this stage, has.</summary>
    protected Task ShowAsync(params DeviceEntry[] devices) => ShowAsync(reachable: true, devices);

    protected Task ShowAsync(bool reachable, params DeviceEntry[] devices)
    {
        var previous = _view;
        var lab1 = Samples.Node("lab1", devices) with { Address = _stage.Address };
        _view = previous with { Nodes = previous.Nodes.SetItem(Samples.Lab1, new ClusterNode(lab1, reachable)) };
        Sys.EventStream.Publish(new InventoryActor.Changed(_view, previous));
        return SettleAsync(Manager);
    }

    private protected static AttachmentTarget Target(string selector) => new AttachmentTarget.Device(Samples.Selector(selector));

    private protected Task<AttachmentStatus> AttachAsync(string selector, TimeSpan? wait = null) => AttachAsync(Target(selector), wait);

    private protected Task<AttachmentStatus> AttachAsync(AttachmentTarget target, TimeSpan? wait = null) =>
        Manager.Ask<AttachmentStatus>(new AttachmentManager.Attach(target, Once: false, wait), Patience);

    private protected async Task<ControlException> RefusalAsync(string selector, TimeSpan? wait = null) =>
        await Assert.ThrowsAsync<ControlException>(() => AttachAsync(selector, wait));

    private protected Task<AttachmentManager.Snapshot> DetachAsync(string? target) =>
        Manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.Detach(target), Patience);

    private protected Task<ControlException> DetachRefusalAsync(string target) =>
        Assert.ThrowsAsync<ControlException>(() => DetachAsync(target));

    private protected Task<AttachmentManager.Snapshot> SnapshotAsync() =>
        Manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.GetSnapshot(), Patience);

    /// <summary>Attaches a device to a port, up to being usable.</summary>
    private protected async Task<AttachmentStatus> AttachToAsync(int port, string selector)
    {
        var answer = AttachAsync(selector);
        await HandOverAsync(port);
        var status = await answer;
        Controller.Show(port, PortStatus.Ready);
        await AwaitStateAsync(status.Id, AttachmentStates.Attached);
        return status;
    }

    /// <summary>Answers the next request for a lease and the import that follows, and gives it a port.</summary>
    private protected async Task<RequestLease> HandOverAsync(int port)
    {
        var request = await Exports.FishForMessageAsync<RequestLease>(_ => true);
        Exports.Reply(new LeaseGranted(Protocol.LeaseId.New(), new Epoch(5), request.BusId, [Server.Address], Seconds(10), Samples.Secret));
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(port);
        return request;
    }

    /// <summary>Detaches what this names: so many ports.</summary>
    protected async Task DetachPortsAsync(string? target, int count = 1)
    {
        var answer = DetachAsync(target);
        for (var i = 0; i < count; i++)
            (await Controller.NextAsync("detach")).Detach();
        Assert.Equal(count, (await answer).Attachments.Length);
    }

    private protected Task AwaitStateAsync(AttachmentId id, string state) => AwaitAssertAsync(
        async () => Assert.Equal(state, Assert.Single((await SnapshotAsync()).Attachments, status => status.Id == id).State),
        Patience,
        TimeSpan.FromMilliseconds(5));
}
