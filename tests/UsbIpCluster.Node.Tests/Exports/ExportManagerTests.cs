using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ExportManagerTests : VirtualTimeSpec, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ScriptedExporter _exporter = new();
    private readonly ScriptedExporter _second = new();
    private readonly TestProbe _inventory;
    private readonly TestProbe _events;
    private readonly IActorRef _exports;
    private readonly List<DeviceEntry> _shown = [];

    public ExportManagerTests()
    {
        _inventory = CreateTestProbe();
        _events = CreateTestProbe();
        Sys.EventStream.Subscribe(_events.Ref, typeof(EventRow));
        _exporter.Show(Samples.Local("1-1", ExportStatus.Available));
        var settings = new ExportSettings(Samples.Lab1, [new NetworkAddress("10.0.0.1", 3240)], [], TempState.New());
        _exports = Sys.ActorOf(Props.Create(() => new ExportManager(
            settings, ImmutableArray.Create<IDeviceExporter>(_exporter, _second), _inventory.Ref)));
    }

    public async Task InitializeAsync()
    {
        await SettleAsync(_exports);
        await _inventory.ExpectMsgAsync<InventoryActor.GetView>();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_device_that_is_there_at_the_start_is_told_to_the_inventory()
    {
        Assert.Equal(Samples.Entry("1-1") with { Backend = "scripted" }, await ExpectShownAsync("1-1"));
        var added = await _events.ExpectMsgAsync<EventRow>();
        Assert.Equal(new EventRow(Samples.Time, "lab1", EventKinds.DeviceAdded, "1-1"), added);
    }

    [Fact]
    public async Task Every_exporter_brings_its_devices()
    {
        _second.Show(Samples.Local("sim-0", ExportStatus.Unbound));
        await ExpectShownAsync("1-1");
        Assert.Equal(DeviceState.Unbound, (await ExpectShownAsync("sim-0")).State);
        var answer = AskAsync<ExportManager.Done>(Bind(BusId.Parse("sim-0")));
        (await _second.NextAsync("bind")).Succeed();
        Assert.Equal("sim-0", Assert.Single((await answer).Entries).BusId.Value);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task Who_awaits_the_devices_is_answered_when_all_are_in_the_inventory()
    {
        const int Devices = 50;
        for (var number = 1; number < Devices; number++)
            _second.Show(Samples.Local($"sim-{number}", ExportStatus.Unbound));
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
        for (var number = 0; number < Devices; number++)
        {
            Assert.True(_inventory.HasMessages, $"{number} of {Devices} devices are in the inventory");
            await _inventory.ExpectMsgAsync<InventoryActor.LocalDevice>();
        }
    }

    [Fact]
    public async Task Who_asks_before_the_exporters_have_told_of_anything_is_answered_after_them()
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var inventory = CreateTestProbe();
            var settings = new ExportSettings(Samples.Lab1, [], [], TempState.New());
            var exports = Sys.ActorOf(Props.Create(() => new ExportManager(
                settings, ImmutableArray.Create<IDeviceExporter>(_exporter), inventory.Ref)));
            await exports.Ask<ExportManager.Settled>(new ExportManager.GetSettled(), Patience);
            await inventory.ExpectMsgAsync<InventoryActor.GetView>();
            Assert.True(inventory.HasMessages, $"attempt {attempt}: no device is in the inventory");
            await inventory.ExpectMsgAsync<InventoryActor.LocalDevice>();
        }
    }

    [Fact]
    public async Task A_device_that_goes_before_it_was_looked_at_keeps_nobody_waiting()
    {
        _second.Show(Samples.Local("sim-0", ExportStatus.Unbound));
        _second.Unplug(BusId.Parse("sim-0"));
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
    }

    [Fact]
    public async Task What_an_exporter_sees_reaches_the_device()
    {
        await ExpectShownAsync("1-1");
        _exporter.Show(Samples.BusId, ExportStatus.Faulted);
        Assert.Equal(DeviceState.Faulted, (await ExpectShownAsync("1-1")).State);
    }

    [Fact]
    public async Task A_device_that_is_unplugged_leaves_the_inventory()
    {
        await ExpectShownAsync("1-1");
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
        _exporter.Unplug(Samples.BusId);
        await _inventory.ExpectMsgAsync(new InventoryActor.LocalDeviceGone(Samples.BusId));
        await _events.ExpectMsgAsync<EventRow>(row => row.Kind == EventKinds.DeviceAdded);
        await _events.ExpectMsgAsync<EventRow>(row => row.Kind == EventKinds.Unexported);
        await _events.ExpectMsgAsync(new EventRow(Samples.Time, "lab1", EventKinds.DeviceRemoved, "1-1"));
        Assert.IsType<LeaseRefused>(await RequestAsync());
    }

    [Fact]
    public async Task What_was_never_there_can_not_go()
    {
        _exporter.Unplug(BusId.Parse("9-9"));
        await SettleAsync(_exports);
        await ExpectShownAsync("1-1");
        await _events.ExpectMsgAsync<EventRow>();
        ExpectNothing(_inventory);
        ExpectNothing(_events);
    }

    [Fact]
    public async Task A_device_that_is_plugged_in_again_is_a_new_one()
    {
        var lease = Assert.IsType<LeaseGranted>(await RequestAsync());
        _exporter.Unplug(Samples.BusId);
        _exporter.Show(Samples.Local("1-1", ExportStatus.Available) with { Serial = "another" });
        await _inventory.FishForMessageAsync<InventoryActor.LocalDeviceGone>(gone => gone.BusId == Samples.BusId);
        var entry = await ExpectShownAsync("1-1");
        Assert.Equal((DeviceState.Available, "another"), (entry.State, entry.Serial));
        using var importer = new Importer();
        _exports.Tell(importer.Serve(lease.LeaseId));
        Assert.Null(importer.ReadAnswer());
    }

    [Fact]
    public async Task A_device_that_is_plugged_in_again_while_the_old_one_is_worked_on_waits_for_its_end()
    {
        var call = await StartWorkAsync();
        _exporter.Unplug(Samples.BusId);
        _exporter.Show(Samples.Local("1-1", ExportStatus.Unbound) with { Serial = "first" });
        _exporter.Show(Samples.Local("1-1", ExportStatus.Available) with { Serial = "second" });
        await SettleAsync(_exports);
        Assert.IsType<LeaseRefused>(await RequestAsync());
        call.Fail(DeviceError.NoSuchDevice);
        await _inventory.FishForMessageAsync<InventoryActor.LocalDeviceGone>(gone => gone.BusId == Samples.BusId);
        var entry = await ExpectShownAsync("1-1");
        Assert.Equal((DeviceState.Available, "second"), (entry.State, entry.Serial));
        Assert.IsType<LeaseGranted>(await RequestAsync());
        string[] kinds = [EventKinds.DeviceAdded, EventKinds.Unexported, EventKinds.DeviceRemoved, EventKinds.DeviceAdded, EventKinds.Leased];
        Assert.Equal(kinds, _events.ReceiveN(5).Cast<EventRow>().Select(row => row.Kind));
        ExpectNothing(_events);
    }

    [Fact]
    public async Task A_device_that_comes_and_goes_again_while_the_old_one_is_worked_on_is_gone()
    {
        var call = await StartWorkAsync();
        _exporter.Unplug(Samples.BusId);
        _exporter.Show(Samples.Local("1-1", ExportStatus.Available));
        _exporter.Unplug(Samples.BusId);
        await SettleAsync(_exports);
        call.Fail(DeviceError.NoSuchDevice);
        await _inventory.FishForMessageAsync<InventoryActor.LocalDeviceGone>(gone => gone.BusId == Samples.BusId);
        await SettleAsync(_exports);
        ExpectNothing(_inventory);
        string[] kinds =
            [EventKinds.DeviceAdded, EventKinds.Unexported, EventKinds.DeviceRemoved, EventKinds.DeviceAdded, EventKinds.DeviceRemoved];
        Assert.Equal(kinds, _events.ReceiveN(5).Cast<EventRow>().Select(row => row.Kind));
    }

    [Fact]
    public async Task Whoever_waits_for_a_device_that_is_unplugged_is_answered()
    {
        using var first = new Importer();
        _exports.Tell(first.Serve());
        var call = await _exporter.NextAsync("serve");
        using var second = new Importer();
        _exports.Tell(second.Serve());
        var lease = RequestAsync();
        var bind = AskAsync<ExportManager.Done>(Bind(Samples.BusId));
        await SettleAsync(_exports);
        _exporter.Unplug(Samples.BusId);
        await SettleAsync(_exports);
        call.Fail(DeviceError.NoSuchDevice);
        Assert.Equal(OpStatus.NoDev, first.ReadAnswer());
        (await _exporter.NextAsync("serve")).Fail(DeviceError.NoSuchDevice);
        Assert.Equal(OpStatus.NoDev, second.ReadAnswer());
        Assert.IsAssignableFrom<INodeMessage>(await lease);

        // Whether the bind came first is not said.
        if (await Record.ExceptionAsync(() => bind) is { } error)
            Assert.Equal(DeviceError.NoSuchDevice, Assert.IsType<DeviceException>(error).Error);
        await _inventory.FishForMessageAsync<InventoryActor.LocalDeviceGone>(gone => gone.BusId == Samples.BusId);
    }

    [Fact]
    public async Task A_holder_whose_device_is_unplugged_while_it_is_fenced_is_answered()
    {
        await ImportAsync();
        var lease = RequestAsync();
        var fence = await _exporter.NextAsync("release");
        _exporter.Unplug(Samples.BusId);
        await SettleAsync(_exports);
        fence.SucceedUnseen();
        await lease;
    }

    [Fact]
    public async Task What_is_asked_of_a_device_that_is_not_there_is_refused()
    {
        var nowhere = BusId.Parse("9-9");
        var bind = await Assert.ThrowsAsync<DeviceException>(() => AskAsync<ExportManager.Done>(Bind(nowhere)));
        Assert.Equal((DeviceError.NoSuchDevice, "lab1 has no device 9-9"), (bind.Error, bind.Message));
        var unbind = await Assert.ThrowsAsync<DeviceException>(() => AskAsync<ExportManager.Done>(new ExportManager.Unbind([nowhere])));
        Assert.Equal(DeviceError.NoSuchDevice, unbind.Error);
        var lease = await AskAsync<LeaseRefused>(new RequestLease(nowhere, Samples.Holder));
        Assert.Equal((LeaseRefusal.NoSuchDevice, "lab1 has no device 9-9"), (lease.Refusal, lease.Message));
        using var importer = new Importer();
        _exports.Tell(importer.Serve(busId: "9-9"));
        Assert.Equal(OpStatus.NoDev, importer.ReadAnswer());
        _exports.Tell(new ReleaseLease(nowhere, Samples.Holder, new Epoch(1)));
        await SettleAsync(_exports);
    }

    [Fact]
    public async Task A_plain_client_is_offered_what_is_available()
    {
        _exporter.Show(Samples.Local("1-2", ExportStatus.Unbound));
        _exporter.Show(Samples.Local("1-3", ExportStatus.InUse));
        _second.Show(Samples.Local("sim-0", ExportStatus.Available));
        foreach (var busId in new[] { "1-1", "1-2", "1-3", "sim-0" })
            await ExpectShownAsync(busId);
        var offered = await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(System.Net.IPAddress.Loopback));
        Assert.Equal(["1-1", "sim-0"], offered.Devices.Select(device => device.Record.BusId.Value).Order());
        Assert.All(offered.Devices, device => Assert.Equal(Samples.Record(device.Record.BusId.Value), device.Record));
    }

    [Fact]
    public async Task A_plain_client_is_not_offered_what_has_been_unplugged()
    {
        await StartWorkAsync();
        _exporter.Unplug(Samples.BusId);
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(System.Net.IPAddress.Loopback))).Devices);
    }

    [Fact]
    public async Task Two_bus_ids_that_differ_in_a_sign_are_two_devices()
    {
        _second.Show(Samples.Local("1:1", ExportStatus.Available));
        Assert.Equal(DeviceState.Available, (await ExpectShownAsync("1:1")).State);
        _second.Show(Samples.Local("1.1", ExportStatus.Unbound));
        Assert.Equal(DeviceState.Unbound, (await ExpectShownAsync("1.1")).State);
    }

    [Fact]
    public async Task A_device_whose_actor_fails_starts_again_from_what_its_driver_says()
    {
        await ExpectShownAsync("1-1");
        _exporter.Show(Samples.BusId, ExportStatus.Faulted);
        await _inventory.FishForMessageAsync<InventoryActor.LocalDevice>(shown => shown.Entry.State == DeviceState.Faulted);
        Sys.ActorSelection(_exports.Path / "1-1").Tell(Kill.Instance, ActorRefs.NoSender);
        await SettleAsync(_exports);
        var lease = Assert.IsType<LeaseRefused>(await RequestAsync());
        Assert.Equal(LeaseRefusal.Failed, lease.Refusal);
    }

    [Fact]
    public async Task A_device_whose_actor_fails_again_and_again_is_left_out_until_its_exporter_tells_of_it()
    {
        var device = Sys.ActorSelection(_exports.Path / "1-1");
        for (var times = 0; times < 11; times++)
        {
            await RequestAsync();
            device.Tell(Kill.Instance, ActorRefs.NoSender);
        }

        await _inventory.FishForMessageAsync<InventoryActor.LocalDeviceGone>(gone => gone.BusId == Samples.BusId);
        await SettleAsync(_exports);
        Assert.Equal(LeaseRefusal.NoSuchDevice, Assert.IsType<LeaseRefused>(await RequestAsync()).Refusal);
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        await ExpectShownAsync("1-1");
        Assert.IsType<LeaseGranted>(await RequestAsync());
    }

    [Fact]
    public async Task Who_gets_and_loses_a_device_is_told_with_what_it_is()
    {
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
        _exporter.Show(Samples.Local("1-1", ExportStatus.Unbound));
        await _inventory.FishForMessageAsync<InventoryActor.LocalDevice>(shown => shown.Entry.State == DeviceState.Unbound);
        var bind = AskAsync<ExportManager.Done>(Bind(Samples.BusId));
        (await _exporter.NextAsync("bind")).Succeed();
        await bind;
        var lease = await AskAsync<LeaseGranted>(new RequestLease(Samples.BusId, Samples.Holder, "anna"));
        _exports.Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch));
        await _inventory.FishForMessageAsync<InventoryActor.LocalDevice>(shown => shown.Entry is { State: DeviceState.Available, Epoch.Value: > 0 });
        await SettleAsync(_exports);
        _exporter.Unplug(Samples.BusId);

        string[] kinds =
        [
            EventKinds.DeviceAdded, EventKinds.Unexported, EventKinds.Exported, EventKinds.Leased, EventKinds.Released, EventKinds.Unexported,
            EventKinds.DeviceRemoved,
        ];
        var rows = _events.ReceiveN(kinds.Length).Cast<EventRow>().ToArray();
        Assert.Equal(kinds, rows.Select(row => row.Kind));
        var device = new EventRow(
            VirtualNow,
            "lab1",
            EventKinds.Leased,
            "1-1",
            "lab1/1-1 0525:a4a5 serial=S-1-1 Product 1-1",
            Holder: "lab2/a1",
            Vid: "0525",
            Pid: "a4a5",
            Serial: "S-1-1",
            Product: "Product 1-1",
            Peer: "lab2",
            User: "anna");
        Assert.Equal([device, device with { Kind = EventKinds.Released }], rows[3..5]);
        Assert.Equal(device with { Kind = EventKinds.Exported, Holder = null, Peer = null, User = null }, rows[2]);
    }

    [Theory]
    [InlineData(7.9, true)]
    [InlineData(8, false)]
    public async Task A_device_is_not_stolen_for_somebody_who_has_stopped_waiting(double seconds, bool stolen)
    {
        var (holder, thief) = (CreateTestProbe(), CreateTestProbe());
        await ImportAsync();
        _exports.Tell(new RequestLease(Samples.BusId, Samples.Holder), holder.Ref);
        var fence = await _exporter.NextAsync("release");
        _exports.Tell(new RequestLease(Samples.BusId, Samples.OtherHolder, Steal: true), thief.Ref);
        await SettleAsync(_exports);
        Advance(Seconds(seconds));
        fence.Succeed();
        await holder.ExpectMsgAsync<LeaseGranted>();
        var refused = await AskAsync<LeaseRefused>(new RequestLease(Samples.BusId, new Holder(Samples.Lab2, new AttachmentId(77))));
        Assert.Equal(stolen ? Samples.OtherHolder : Samples.Holder, refused.HeldBy);
        if (stolen)
            await thief.ExpectMsgAsync<LeaseGranted>();
        else
            ExpectNothing(thief);
    }

    [Fact]
    public async Task The_exporters_are_left_alone_when_it_stops()
    {
        await SettleAsync(_exports);
        Assert.Equal((1, 1), (_exporter.Observers, _second.Observers));
        await _exports.GracefulStop(Patience);
        Assert.Equal((0, 0), (_exporter.Observers, _second.Observers));
    }

    private Task<T> AskAsync<T>(object message) => _exports.Ask<T>(message, Patience);

    private Task<INodeMessage> RequestAsync() => AskAsync<INodeMessage>(new RequestLease(Samples.BusId, Samples.Holder));

    /// <summary>The next entry of this device; those of other devices come in any order, and are kept.</summary>
    private async Task<DeviceEntry> ExpectShownAsync(string busId)
    {
        while (true)
        {
            if (_shown.Find(entry => entry.BusId.Value == busId) is { } found)
            {
                _shown.Remove(found);
                return found;
            }

            _shown.Add((await _inventory.ExpectMsgAsync<InventoryActor.LocalDevice>(hint: busId)).Entry);
        }
    }

    private static ExportManager.Bind Bind(BusId busId) => new(Samples.Selector(busId.Value), [busId], All: false, Name: null, Access: null);

    private async Task<ScriptedExporter.Call> StartWorkAsync()
    {
        _exports.Tell(new ExportManager.Unbind([Samples.BusId]), ActorRefs.NoSender);
        return await _exporter.NextAsync("unbind");
    }

    private async Task ImportAsync()
    {
        var lease = Assert.IsType<LeaseGranted>(await RequestAsync());
        using var importer = new Importer();
        _exports.Tell(importer.Serve(lease.LeaseId));
        (await _exporter.NextAsync("serve")).Succeed();
        await _inventory.FishForMessageAsync<InventoryActor.LocalDevice>(shown => shown.Entry.State == DeviceState.InUse);
    }
}
