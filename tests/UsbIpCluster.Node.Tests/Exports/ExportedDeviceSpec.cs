using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Tests of one exported device, with an exporter that does its work when the test says so.</summary>
public abstract class ExportedDeviceSpec : VirtualTimeSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly List<Importer> _importers = [];
    private readonly ExportSettings _settings = new(
        Samples.Lab1, [new NetworkAddress("10.0.0.1", 3240), new NetworkAddress("fd00::1", 3240)], [], TempState.New());
    private IDisposable? _watch;
    private IActorRef _device = ActorRefs.Nobody;
    private ExportDecision _decision = Samples.NotExported;

    protected ExportedDeviceSpec()
    {
        Inventory = CreateTestProbe();
        Events = CreateTestProbe();
        Manager = CreateTestProbe();
        Sys.EventStream.Subscribe(Events.Ref, typeof(EventRow));
    }

    protected TestProbe Inventory { get; }

    protected TestProbe Events { get; }

    /// <summary>Gets what the device tells its parent.</summary>
    protected TestProbe Manager { get; }

    private protected ScriptedExporter Exporter { get; } = new();

    private protected static string Holder { get; } = Samples.Holder.ToString();

    /// <summary>Where the device's leases are kept.</summary>
    private protected StateFolder State => _settings.State;

    /// <summary>The device, as its driver says that it is; what the exporter sees of it is told to it.</summary>
    private protected Task StartAsync(ExportStatus status, ExportDecision? decided = null, bool draining = false) =>
        StartAsync(Samples.Local("1-1", status), decided, draining);

    private protected async Task StartAsync(LocalDevice device, ExportDecision? decided = null, bool draining = false)
    {
        var decision = _decision = decided ?? Samples.NotExported;
        var (settings, inventory) = (_settings, Inventory.Ref);
        var file = settings.LedgerOf(device.BusId);
        Exporter.Show(device);
        _device = await Parent.AddAsync(
            Sys,
            Props.Create(() => new ExportedDevice(Exporter, device, file, decision, draining, settings, inventory)),
            Manager.Ref);
        _watch = Exporter.Subscribe(change =>
            _device.Tell(new ExportedDevice.Seen(((DeviceChange.Present)change).Device), ActorRefs.NoSender));
        await Inventory.ExpectMsgAsync<InventoryActor.LocalDevice>();

        // One that is bound at once works already.
        if (!decision.Export || device.Status != ExportStatus.Unbound)
            await SettleAsync();
    }

    /// <summary>The daemon ends, and what is kept is on the disk.</summary>
    private protected async Task StopAsync()
    {
        _watch?.Dispose();
        Tell(new ExportedDevice.Unplugged());
        await Manager.FishForMessageAsync<Parent.ChildStopped>(_ => true);
        while (Inventory.HasMessages)
            Inventory.ReceiveOne();
    }

    protected Task SettleAsync() => SettleAsync(_device);

    /// <summary>The driver says this of the device now.</summary>
    private protected Task SeeAsync(ExportStatus status)
    {
        Exporter.Show(Samples.BusId, status);
        return SettleAsync();
    }

    protected void Tell(object message) => _device.Tell(message, ActorRefs.NoSender);

    protected Task<DeviceEntry> AskAsync(object message) => _device.Ask<DeviceEntry>(message, Patience);

    private protected Task<INodeMessage> RequestAsync(Holder holder) => RequestAsync(new RequestLease(Samples.BusId, holder));

    private protected Task<INodeMessage> RequestAsync(RequestLease request) =>
        _device.Ask<INodeMessage>(new ExportedDevice.Lend(request, VirtualNow + RequestLease.Patience), Patience);

    private protected Task<LeaseGranted> LeaseAsync() => LeaseAsync(new RequestLease(Samples.BusId, Samples.Holder));

    private protected async Task<LeaseGranted> LeaseAsync(RequestLease request) => Assert.IsType<LeaseGranted>(await RequestAsync(request));

    private protected async Task<LeaseRefused> RefusalAsync(Holder holder) => Assert.IsType<LeaseRefused>(await RequestAsync(holder));

    private protected Importer Connect()
    {
        var importer = new Importer();
        _importers.Add(importer);
        return importer;
    }

    /// <summary>An importer imports the device with a new lease.</summary>
    private protected async Task<(LeaseGranted Lease, Importer Importer)> ImportAsync(string? user = null)
    {
        var lease = await LeaseAsync(new RequestLease(Samples.BusId, Samples.Holder, user));
        var importer = Connect();
        Tell(importer.Serve(lease.LeaseId));
        (await Exporter.NextAsync("serve")).Succeed();
        await ExpectShownAsync(DeviceState.InUse, Holder);
        await SettleAsync();
        return (lease, importer);
    }

    /// <summary>Reads what the inventory was told up to this, which must come.</summary>
    protected async Task<DeviceEntry> ExpectShownAsync(DeviceState state, string? holder) =>
        (await Inventory.FishForMessageAsync<InventoryActor.LocalDevice>(
            shown => shown.Entry.State == state && shown.Entry.Holder == holder, hint: $"{state} {holder}")).Entry;

    protected async Task<EventRow> ExpectEventAsync(string kind) =>
        await Events.FishForMessageAsync<EventRow>(row => row.Kind == kind, hint: kind);

    /// <summary>The state as it is, all told and done.</summary>
    protected async Task<(DeviceState State, string? Holder)> StateAsync()
    {
        await SettleAsync();
        // A device that is exported answers a bind with its entry, and changes nothing.
        var entry = await AskAsync(new ExportedDevice.Bind(_decision));
        return (entry.State, entry.Holder);
    }

    protected override void AfterAll()
    {
        foreach (var importer in _importers)
            importer.Dispose();
    }
}
