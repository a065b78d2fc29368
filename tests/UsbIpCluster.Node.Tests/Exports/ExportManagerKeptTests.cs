using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What operators said of the exports and is kept, names, draining, and the way to a former holder.</summary>
public sealed class ExportManagerKeptTests : VirtualTimeSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly UsbClass SeatKeyboard = new(3, 1, 1);

    private readonly StateFolder _state = TempState.New();
    private readonly TestProbe _inventory;
    private readonly TestProbe _events;
    private ScriptedExporter _exporter = new();
    private IActorRef _exports = ActorRefs.Nobody;

    public ExportManagerKeptTests()
    {
        _inventory = CreateTestProbe();
        _events = CreateTestProbe();
    }

    [Fact]
    public async Task A_bind_is_kept_with_its_name_and_access_and_an_unbind_is_too()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Unbound));
        var access = new Access([Rule("node=lab2")], [Rule("10.0.0.1")]);
        var bound = BindAsync("serial=S-1-1", [Samples.BusId], name: "golden", access: access);
        (await _exporter.NextAsync("bind")).Succeed();
        await bound;

        await RestartAsync(Samples.Local("1-1", ExportStatus.Unbound), Samples.Local("1-2", ExportStatus.Unbound));
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync("1-1", entry => entry is { State: DeviceState.Available, Name: "golden" });
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.OtherHolder)).Refusal);
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(IPAddress.Loopback))).Devices);

        var unbound = AskAsync<ExportManager.Done>(new ExportManager.Unbind([Samples.BusId]));
        (await _exporter.NextAsync("unbind")).Succeed();
        await unbound;
        await RestartAsync(Samples.Local("1-1", ExportStatus.Unbound));
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_bind_of_all_takes_what_is_plugged_in_later_too_and_is_forgotten_by_its_words()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        await BindAsync("0525:a4a5", [Samples.BusId], all: true);
        _exporter.Show(Samples.Local("1-2", ExportStatus.Unbound));
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync("1-2", entry => entry.State == DeviceState.Available);

        Assert.False((await AskAsync<ExportManager.Forgotten>(new ExportManager.Forget(Samples.Selector("class=hid")))).Any);
        Assert.True((await AskAsync<ExportManager.Forgotten>(new ExportManager.Forget(Samples.Selector("0525:a4a5")))).Any);
        _exporter.Show(Samples.Local("1-3", ExportStatus.Unbound));
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_bind_of_all_holds_for_the_others_when_the_only_one_that_is_here_is_unbound()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        await BindAsync("0525:a4a5", [Samples.BusId], all: true);
        var unbound = AskAsync<ExportManager.Done>(new ExportManager.Unbind([Samples.BusId]));
        (await _exporter.NextAsync("unbind")).Succeed();
        await unbound;

        await RestartAsync(Samples.Local("1-1", ExportStatus.Unbound), Samples.Local("1-2", ExportStatus.Unbound));
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync("1-2", entry => entry.State == DeviceState.Available);
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_bind_of_all_goes_on_when_one_of_all_could_not_be_unbound()
    {
        var words = Samples.Selector("0525:a4a5");
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        await BindAsync(words.Text, [Samples.BusId], all: true);
        var unbound = AskAsync<ExportManager.Done>(new ExportManager.Unbind([Samples.BusId], words));
        (await _exporter.NextAsync("unbind")).Fail(DeviceError.Refused, "not now");
        await Assert.ThrowsAsync<DeviceException>(() => unbound);
        Assert.True((await AskAsync<ExportManager.Forgotten>(new ExportManager.Forget(words))).Any);
    }

    [Fact]
    public async Task What_an_earlier_version_kept_is_exported()
    {
        File.WriteAllText(
            _state.PathOf("exports.json"),
            """{ "exports": [{ "match": "1-1", "export": true, "name": "golden", "allow": null, "deny": null, "protected": false }] }""");
        await StartAsync(Samples.Local("1-1", ExportStatus.Unbound));
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync("1-1", entry => entry is { State: DeviceState.Available, Name: "golden" });
    }

    [Fact]
    public async Task A_protected_device_is_only_bound_when_just_it_is_named()
    {
        var keyboard = Samples.Local("1-1", ExportStatus.Unbound) with { Interfaces = [SeatKeyboard] };
        await StartAsync(keyboard);
        var error = await Assert.ThrowsAsync<ControlException>(() => BindAsync("class=hid", [Samples.BusId]));
        Assert.Equal("lab1/1-1 is not exported: it is a keyboard of this host", error.Message);
        await Assert.ThrowsAsync<ControlException>(() => BindAsync("1-1", [Samples.BusId], all: true));
        Assert.False(_exporter.HasCalls);
        var bound = BindAsync("1-1", [Samples.BusId]);
        (await _exporter.NextAsync("bind")).Succeed();
        await bound;
        await RestartAsync(keyboard);
        (await _exporter.NextAsync("bind")).Succeed();
    }

    [Fact]
    public async Task A_bind_for_many_leaves_out_what_is_protected()
    {
        var keyboard = Samples.Local("1-1", ExportStatus.Unbound) with { Interfaces = [SeatKeyboard] };
        await StartAsync(keyboard, Samples.Local("1-2", ExportStatus.Available));
        var bound = await BindAsync("0525:a4a5", [Samples.BusId, BusId.Parse("1-2")], all: true);
        Assert.Equal("1-2", Assert.Single(bound.Entries).BusId.Value);
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task When_one_of_several_fails_it_says_which_and_keeps_trying()
    {
        var other = BusId.Parse("1-2");
        await StartAsync(Samples.Local("1-1", ExportStatus.Available), Samples.Local("1-2", ExportStatus.Unbound));
        var bound = BindAsync("0525:a4a5", [Samples.BusId, other], all: true);
        (await _exporter.NextAsync("bind")).Fail(DeviceError.Refused, "not now");
        var error = await Assert.ThrowsAsync<DeviceException>(() => bound);
        Assert.Equal("1 of 2 devices were done; 1-2 was not: not now", error.Message);
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync("1-2", entry => entry.State == DeviceState.Available);
    }

    [Fact]
    public async Task What_is_swapped_for_a_device_that_nobody_exports_is_not_exported()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        await BindAsync("serial=S-1-1", [Samples.BusId]);
        var other = Samples.Local("1-1", ExportStatus.Unbound) with { Serial = "another" };
        _exporter.Show(other with { Record = other.Record with { DeviceId = new DeviceId(1, 3) } });
        await AwaitShownAsync("1-1", entry => entry is { State: DeviceState.Unbound, Serial: "another" });
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task An_actor_that_fails_goes_on_with_what_was_decided_since_with_the_lease_and_its_epoch()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        await BindAsync("1-1", [Samples.BusId], access: new Access([], [Rule("node=lab3")]));
        var lease = Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
        await AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: false, Wait: null));
        using var importer = new Importer();
        _exports.Tell(importer.Serve(lease.LeaseId), ActorRefs.NoSender);
        var call = await _exporter.NextAsync("serve");
        Sys.ActorSelection(_exports.Path / "1-1").Tell(Kill.Instance, ActorRefs.NoSender);
        call.Succeed();
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.OtherHolder)).Refusal);
        var third = new Holder(NodeName.Parse("lab4"), new AttachmentId(1));
        Assert.Equal(LeaseRefusal.Draining, Assert.IsType<LeaseRefused>(await RequestAsync(third)).Refusal);
        await AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: true, Wait: null));
        Assert.Equal(Samples.Holder, Assert.IsType<LeaseRefused>(await RequestAsync(third)).HeldBy);
        var again = RequestAsync(Samples.Holder);
        (await _exporter.NextAsync("release")).Succeed();
        Assert.Equal(lease.Epoch.Next, Assert.IsType<LeaseGranted>(await again).Epoch);
    }

    [Theory]
    [InlineData("{ \"exports\": [null] }")]
    [InlineData("{ \"exports\": [{ \"match\": \"a b\", \"export\": true, \"name\": null, \"allow\": null, \"deny\": null, \"protected\": false }] }")]
    [InlineData("{ \"exports\": [{ \"match\": \"1-1\", \"export\": true, \"name\": null, \"allow\": [null], \"deny\": [], \"protected\": false }] }")]
    [InlineData("{ \"exports\": null }")]
    public async Task Where_what_is_kept_can_not_be_used_a_device_that_is_bound_is_for_nobody_until_it_is_bound_again(string json)
    {
        File.WriteAllText(_state.PathOf("exports.json"), json);
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.Holder)).Refusal);
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(IPAddress.Loopback))).Devices);
        await BindAsync("1-1", [Samples.BusId]);
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
    }

    [Fact]
    public async Task What_can_not_be_kept_is_not_bound()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Unbound));
        Directory.CreateDirectory(_state.PathOf("exports.json.new"));
        var error = await Assert.ThrowsAsync<ControlException>(() => BindAsync("1-1", [Samples.BusId]));
        Assert.StartsWith("it can't be kept, and was not done: ", error.Message, StringComparison.Ordinal);
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_name_that_two_devices_have_is_told_once_and_again_when_it_was_resolved_meanwhile()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        Sys.EventStream.Subscribe(_events.Ref, typeof(EventRow));
        var mine = Samples.Node("lab1", Samples.Entry("1-1") with { Name = "golden" });
        var conflict = Samples.View("lab1", mine, Samples.Node("lab2", Samples.Entry("3-1") with { Name = "GOLDEN" }));
        var resolved = Samples.View("lab1", mine, Samples.Node("lab2", Samples.Entry("3-1") with { Name = "silver" }));
        foreach (var view in new[] { conflict, conflict, resolved, conflict })
            _exports.Tell(new InventoryActor.Changed(view, null), ActorRefs.NoSender);
        for (var times = 0; times < 2; times++)
        {
            var row = await _events.ExpectMsgAsync<EventRow>();
            Assert.Equal((EventKinds.NameConflict, "1-1"), (row.Kind, row.BusId));
            Assert.StartsWith("lab1/1-1 and lab2/3-1 are both called golden", row.Reason);
        }

        var twice = Samples.View("lab1", Samples.Node(
            "lab1", Samples.Entry("1-1") with { Name = "golden" }, Samples.Entry("1-2") with { Name = "golden" }));
        _exports.Tell(new InventoryActor.Changed(twice, null), ActorRefs.NoSender);
        await _events.ExpectMsgAsync<EventRow>(row => row.Kind == EventKinds.NameConflict);
        ExpectNothing(_events);
    }

    [Fact]
    public async Task A_drain_is_answered_when_the_last_session_ends()
    {
        var lease = await StartInUseAsync();
        var drained = AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: false, Wait: Seconds(60)));
        var used = await AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: false, Wait: null));
        Assert.Equal(Samples.BusId, Assert.Single(used.BusIds));
        _exports.Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch), ActorRefs.NoSender);
        await SettleAsync(_exports);
        Assert.False(drained.IsCompleted);
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        Assert.Empty((await drained).BusIds);
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(IPAddress.Loopback))).Devices);
    }

    [Fact]
    public async Task A_drain_that_takes_too_long_or_is_ended_says_so()
    {
        await StartInUseAsync();
        var tooLong = AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: false, Wait: Seconds(10)));
        await SettleAsync(_exports);
        Advance(Seconds(10.1));
        Assert.Equal(ControlError.TimedOut, (await Assert.ThrowsAsync<ControlException>(() => tooLong)).Error);
        var ended = AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: false, Wait: Seconds(10)));
        await AskAsync<ExportManager.Used>(new ExportManager.Drain(Off: true, Wait: null));
        Assert.Equal("the drain was ended meanwhile", (await Assert.ThrowsAsync<ControlException>(() => ended)).Message);
    }

    [Fact]
    public async Task A_plain_client_is_offered_neither_what_is_leased_nor_what_it_is_denied()
    {
        await StartAsync(
            Samples.Local("1-1", ExportStatus.Available),
            Samples.Local("1-2", ExportStatus.Available),
            Samples.Local("1-3", ExportStatus.Available));
        await BindAsync("1-2", [BusId.Parse("1-2")], access: new Access([Rule("10.0.0.0/8")], []));
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
        await AwaitShownAsync("1-1", entry => entry.State == DeviceState.Leased);
        await SettleAsync(_exports);
        var offered = await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(IPAddress.Loopback));
        Assert.Equal(["1-3"], offered.Devices.Select(device => device.Record.BusId.Value));
    }

    [Fact]
    public async Task A_former_holder_is_told_at_its_node()
    {
        var stage = new Stage(Sys);
        var attachments = CreateTestProbe();
        await stage.AddAsync(attachments.Ref, "attachments");
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        _exports.Tell(new InventoryActor.Changed(Samples.View("lab1", Samples.Node("lab2") with { Address = stage.Address }), null));
        var lease = Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
        await AskAsync<LeaseGranted>(new RequestLease(Samples.BusId, Samples.OtherHolder, "bob", Steal: true));
        await attachments.ExpectMsgAsync(new LeaseStolen(Samples.Lab1, Samples.BusId, Samples.Holder, lease.Epoch, Samples.OtherHolder, "bob"));
    }

    private async Task StartAsync(params LocalDevice[] devices)
    {
        foreach (var device in devices)
            _exporter.Show(device);
        var settings = new ExportSettings(Samples.Lab1, [], [], _state);
        var (exporters, inventory) = (ImmutableArray.Create<IDeviceExporter>(_exporter), _inventory.Ref);
        _exports = Sys.ActorOf(Props.Create(() => new ExportManager(settings, exporters, inventory)));
        await SettleAsync(_exports);
    }

    private async Task RestartAsync(params LocalDevice[] devices)
    {
        await _exports.GracefulStop(Patience);
        _exporter = new ScriptedExporter();
        while (_inventory.HasMessages)
            _inventory.ReceiveOne();
        await StartAsync(devices);
    }

    private async Task<LeaseGranted> StartInUseAsync()
    {
        await StartAsync(Samples.Local("1-1", ExportStatus.Available));
        var lease = Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
        using var importer = new Importer();
        _exports.Tell(importer.Serve(lease.LeaseId), ActorRefs.NoSender);
        (await _exporter.NextAsync("serve")).Succeed();
        await AwaitShownAsync("1-1", entry => entry.State == DeviceState.InUse);
        return lease;
    }

    private Task<T> AskAsync<T>(object message) => _exports.Ask<T>(message, Patience);

    private Task<INodeMessage> RequestAsync(Holder holder) => AskAsync<INodeMessage>(new RequestLease(Samples.BusId, holder));

    private Task<ExportManager.Done> BindAsync(
        string match, ImmutableArray<BusId> busIds, bool all = false, string? name = null, Access? access = null) =>
        AskAsync<ExportManager.Done>(new ExportManager.Bind(Samples.Selector(match), busIds, all, name, access));

    private async Task AwaitShownAsync(string busId, Predicate<DeviceEntry> isIt) =>
        await _inventory.FishForMessageAsync<InventoryActor.LocalDevice>(shown => shown.Entry.BusId.Value == busId && isIt(shown.Entry));

    private static AccessRule Rule(string text) =>
        AccessRule.TryParse(text, out var rule, out var problem) ? rule : throw new FormatException(problem);
}
