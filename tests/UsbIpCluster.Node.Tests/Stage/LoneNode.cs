using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;
using UsbIpCluster.Userspace;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// Every actor of a node but those of the cluster, on simulated devices and a simulated host controller, over loopback TCP: it is its own
/// exporter and importer.
/// </summary>
internal sealed class LoneNode : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private LoneNode(params SimulatedDevice[] devices)
    {
        Exporter = new SimulatedExporter(devices);
        Holders = new Holders(Processes);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Listen(128);
    }

    public SimulatedExporter Exporter { get; }

    public SimulatedHostController Controller { get; } = new();

    public NetworkAddress Address => new("127.0.0.1", ((IPEndPoint)_socket.LocalEndPoint!).Port);

    public IActorRef Inventory { get; private set; } = ActorRefs.Nobody;

    public IActorRef Exports { get; private set; } = ActorRefs.Nobody;

    public IActorRef Attachments { get; private set; } = ActorRefs.Nobody;

    public EventLog Events { get; } = new();

    public ScriptedProcesses Processes { get; } = new();

    public Holders Holders { get; }

    public static async Task<LoneNode> StartAsync(ActorSystem system, params SimulatedDevice[] devices)
    {
        var node = new LoneNode(devices);
        var stage = new Stage(system);
        var self = Samples.Node("lab1") with { Address = stage.Address };
        var view = InventoryView.Of(self);
        var (exporter, controller, socket) = (node.Exporter, node.Controller, node._socket);
        var state = TempState.New();
        var names = new PeerNames();
        var exports = new ExportSettings(Samples.Lab1, [node.Address], [], state);
        var attachments = new AttachmentSettings(Samples.Lab1, SessionSocketOptions.Default, state) { Holders = node.Holders };
        var serving = new ListenerSettings(ListenerLimits.Default, [IPNetwork.Parse("127.0.0.0/8")]);

        var events = node.Events;
        await system.SettleAsync(await stage.AddAsync(Props.Create(() => new ControlEndpoint(events, Samples.Lab1)), "control"));
        var inventory = node.Inventory = await stage.AddAsync(
            Props.Create(() => new InventoryActor(self, ActorRefs.Nobody, names, new InventoryLag(TimeProvider.System))), "inventory");
        node.Attachments = await stage.AddAsync(
            Props.Create(() => new AttachmentManager(attachments, controller, inventory, view)), "attachments");
        await system.SettleAsync(node.Attachments);
        var manager = node.Exports = await stage.AddAsync(
            Props.Create(() => new ExportManager(exports, ImmutableArray.Create<IDeviceExporter>(exporter), inventory)), "exports");
        var listener = await stage.AddAsync(
            Props.Create(() => new UsbIpListener(socket, serving, manager, ActorRefs.Nobody, new Refusals())), "listener");
        await system.SettleAsync(manager);
        await system.SettleAsync(listener);
        return node;
    }

    public async Task<DeviceEntry> BindAsync(string busId, string? name = null, Access? access = null)
    {
        var bind = new ExportManager.Bind(Samples.Selector(busId), [BusId.Parse(busId)], All: false, name, access);
        return (await Exports.Ask<ExportManager.Done>(bind, Patience)).Entries[0];
    }

    public async Task<DeviceEntry> UnbindAsync(string busId) =>
        (await Exports.Ask<ExportManager.Done>(new ExportManager.Unbind([BusId.Parse(busId)]), Patience)).Entries[0];

    public Task<AttachmentStatus> AttachAsync(string selector, TimeSpan? wait = null, bool once = false) =>
        AttachAsync(new AttachmentTarget.Device(Samples.Selector(selector)), wait, once);

    public Task<AttachmentStatus> AttachAsync(AttachmentTarget target, TimeSpan? wait = null, bool once = false) =>
        Attachments.Ask<AttachmentStatus>(new AttachmentManager.Attach(target, once, wait), Patience);

    public Task<AttachmentManager.Snapshot> DetachAsync(string? target) =>
        Attachments.Ask<AttachmentManager.Snapshot>(new AttachmentManager.Detach(target), Patience);

    public Task<AttachmentManager.Snapshot> SnapshotAsync() =>
        Attachments.Ask<AttachmentManager.Snapshot>(new AttachmentManager.GetSnapshot(), Patience);

    public async Task<InventoryView> ViewAsync() =>
        (await Inventory.Ask<InventoryActor.Changed>(new InventoryActor.GetView(), Patience)).View;

    public IReadOnlyList<EventRow> RecentEvents() => Events.Open(follow: false, CancellationToken.None).Recent;

    public async ValueTask DisposeAsync()
    {
        await Controller.DisposeAsync();
        await Exporter.DisposeAsync();
        _socket.Dispose();
    }
}
