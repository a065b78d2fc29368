using System.Collections.Immutable;
using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The parent of one <see cref="ExportedDevice"/> for each local device, made and ended by what the exporters see. Requests for a device
/// go through it, and those for a device that is not there are answered here.
/// </summary>
internal sealed class ExportManager : ReceiveActor
{
    /// <summary>What an exporter has seen.</summary>
    public sealed record Change(IDeviceExporter Exporter, DeviceChange What);

    /// <summary>
    /// Give out no new leases, or give them out again. Answered with <see cref="Used"/>: at once, or when nothing is used any more.
    /// </summary>
    public sealed record Drain(bool Off, TimeSpan? Wait);

    /// <summary>The devices that somebody has.</summary>
    public sealed record Used(ImmutableArray<BusId> BusIds);

    /// <summary>Asks for the devices that a plain USB/IP client may see; answered with an <see cref="Offered"/>.</summary>
    public sealed record GetOffered;

    /// <summary>The exported devices that no session has.</summary>
    public sealed record Offered(ImmutableArray<DevlistDevice> Devices);

    private readonly ExportSettings _settings;
    private readonly ImmutableArray<IDeviceExporter> _exporters;
    private readonly IActorRef _inventory;
    private readonly Dictionary<BusId, Local> _devices = [];
    private readonly List<IDisposable> _subscriptions = [];

    public ExportManager(ExportSettings settings, ImmutableArray<IDeviceExporter> exporters, IActorRef inventory)
    {
        _settings = settings;
        _exporters = exporters;
        _inventory = inventory;

        Receive<Change>(OnChange);
        Receive<Terminated>(OnTerminated);
        Receive<ExportedDevice.Bind>(bind => Route(bind.BusId, bind, () => Sender.Tell(new Status.Failure(NoSuchDevice(bind.BusId)))));
        Receive<ExportedDevice.Unbind>(unbind => Route(unbind.BusId, unbind, () => Sender.Tell(new Status.Failure(NoSuchDevice(unbind.BusId)))));
        Receive<RequestLease>(request => Route(request.BusId, request, () =>
            Sender.Tell(new LeaseRefused(LeaseRefusal.NoSuchDevice, NoSuchDevice(request.BusId).Message))));
        Receive<ReleaseLease>(release => Route(release.BusId, release, () => { }));
        Receive<ExportedDevice.Serve>(serve => Route(serve.Request.BusId, serve, () => serve.Request.TurnAway(OpStatus.NoDev)));
        Receive<ExportedDevice.Restarted>(restarted => Sender.Tell(new ExportedDevice.Seen(_devices[restarted.BusId].Last)));
        Receive<InventoryActor.TellAgain>(again =>
        {
            foreach (var local in _devices.Values)
                local.Actor.Tell(again);
        });
        Receive<GetOffered>(_ => Sender.Tell(new Offered([.. _devices.Values
            .Where(local => local.Presence == Presence.Here && local.Last.Status == ExportStatus.Available)
            .Select(local => new DevlistDevice(local.Last.Record, local.Last.Interfaces))])));
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        // A device's actor holds nothing that its driver could not say again: a new one starts from there. One that fails again and
        // again is left out until its exporter tells of the device.
        new OneForOneStrategy(10, TimeSpan.FromMinutes(1), _ => Directive.Restart);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.TellAgain));
        var self = Self;
        foreach (var exporter in _exporters)
            _subscriptions.Add(exporter.Subscribe(change => self.Tell(new Change(exporter, change), ActorRefs.NoSender)));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        foreach (var subscription in _subscriptions)
            subscription.Dispose();
    }

    private void OnChange(Change change)
    {
        var known = _devices.GetValueOrDefault(change.What.BusId);
        switch (change.What)
        {
            case DeviceChange.Present present when known is null:
                Start(change.Exporter, present.Device);
                Publish(EventKinds.DeviceAdded, present.BusId, present.Time);
                break;
            case DeviceChange.Present present when known.Presence == Presence.Leaving:
                // The old one's actor has not ended yet; its name is free when it has.
                _devices[present.BusId] = known with { Last = present.Device, Exporter = change.Exporter, Presence = Presence.BackAlready };
                Publish(EventKinds.DeviceAdded, present.BusId, present.Time);
                break;
            case DeviceChange.Present present:
                _devices[present.BusId] = known with { Last = present.Device };
                if (known.Presence == Presence.Here)
                    known.Actor.Tell(new ExportedDevice.Seen(present.Device));
                break;
            case DeviceChange.Gone gone when known is { Presence: not Presence.Leaving }:
                _devices[gone.BusId] = known with { Presence = Presence.Leaving };
                known.Actor.Tell(new ExportedDevice.Unplugged());
                Publish(EventKinds.DeviceRemoved, gone.BusId, gone.Time);
                break;
        }
    }

    private void Start(IDeviceExporter exporter, LocalDevice device)
    {
        var actor = Context.ActorOf(
            Props.Create(() => new ExportedDevice(exporter, device, _settings, _inventory)), device.BusId.Value);
        Context.Watch(actor);
        _devices[device.BusId] = new Local(actor, exporter, device);
    }

    private void OnTerminated(Terminated terminated)
    {
        foreach (var (busId, local) in _devices.Where(d => d.Value.Actor.Equals(terminated.ActorRef)).ToArray())
        {
            _devices.Remove(busId);
            _inventory.Tell(new InventoryActor.LocalDeviceGone(busId));
            if (local.Presence == Presence.BackAlready)
                Start(local.Exporter, local.Last);
        }
    }

    private void Route(BusId busId, object message, Action otherwise)
    {
        if (_devices.GetValueOrDefault(busId) is { Presence: Presence.Here } local)
            local.Actor.Forward(message);
        else
            otherwise();
    }

    private DeviceException NoSuchDevice(BusId busId) =>
        new(DeviceError.NoSuchDevice, $"{_settings.Node} has no device {busId}", "usbipc list shows the cluster's devices");

    private void Publish(string kind, BusId busId, DateTimeOffset time) =>
        Context.System.EventStream.Publish(new EventRow(time, _settings.Node.Value, kind, busId.Value));

    private enum Presence
    {
        Here,

        // Unplugged, and its actor is ending.
        Leaving,

        // Plugged in again while its actor was ending.
        BackAlready,
    }

    private sealed record Local(IActorRef Actor, IDeviceExporter Exporter, LocalDevice Last, Presence Presence = Presence.Here);
}
