using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Rules of the configuration that come, change and go while the node runs.</summary>
public sealed class ExportManagerRulesTests : VirtualTimeSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ScriptedExporter _exporter = new();
    private readonly TestProbe _inventory;
    private ExportSettings _settings = null!;
    private IActorRef _exports = ActorRefs.Nobody;

    public ExportManagerRulesTests() => _inventory = CreateTestProbe();

    [Fact]
    public async Task A_new_rule_exports_what_it_matches_and_nothing_else()
    {
        await StartAsync([], Samples.Local("1-1", ExportStatus.Unbound), Samples.Local("1-2", ExportStatus.Unbound));
        await TakeAsync(Rule("serial=S-1-1", "golden"));
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync(entry => entry is { State: DeviceState.Available, Name: "golden" });
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_rule_that_is_gone_has_what_it_exported_unbound()
    {
        await StartAsync([Rule("serial=S-1-1")], Samples.Local("1-1", ExportStatus.Available));
        await TakeAsync();
        (await _exporter.NextAsync("unbind")).Succeed();
        await AwaitShownAsync(entry => entry.State == DeviceState.Unbound);
        await SettleAsync(_exports);

        // What another program exports then is that program's.
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        await AwaitShownAsync(entry => entry.State == DeviceState.Available);
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task What_another_program_or_an_operator_exports_is_left_alone()
    {
        await StartAsync([Rule("serial=S-1-3")], Samples.Local("1-1", ExportStatus.Available), Samples.Local("1-2", ExportStatus.Available));
        await AskAsync<ExportManager.Done>(new ExportManager.Bind(Samples.Selector("1-2"), [BusId.Parse("1-2")], All: false, Name: null, Access: null));
        await TakeAsync();
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_session_goes_on_without_the_rule_and_its_holder_may_come_back_and_nobody_else()
    {
        await StartAsync([Rule("serial=S-1-1", "golden", "node=lab2")], Samples.Local("1-1", ExportStatus.Available));
        var lease = await ImportAsync();
        await TakeAsync();
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
        var refused = Assert.IsType<LeaseRefused>(await RequestAsync(Samples.OtherHolder, steal: true));
        Assert.Equal(LeaseRefusal.Denied, refused.Refusal);
        refused = Assert.IsType<LeaseRefused>(await RequestAsync(Samples.Holder with { Attachment = new AttachmentId(9) }, steal: true));
        Assert.Equal((LeaseRefusal.NotExported, "lab1/1-1 is not exported any more"), (refused.Refusal, refused.Message));

        // A loss is no end, and the name stays for as long as the holder has it.
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        await AwaitShownAsync(entry => entry is { State: DeviceState.Leased, Name: "golden" });
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
        _exports.Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch.Next), ActorRefs.NoSender);
        (await _exporter.NextAsync("unbind")).Succeed();
        await AwaitShownAsync(entry => entry is { State: DeviceState.Unbound, Name: null });
    }

    [Fact]
    public async Task A_rule_that_is_back_before_the_session_ends_is_as_if_it_had_never_gone()
    {
        await StartAsync([Rule("serial=S-1-1")], Samples.Local("1-1", ExportStatus.Available));
        var lease = await ImportAsync();
        await TakeAsync();
        await TakeAsync(Rule("serial=S-1-1"));
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        _exports.Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch), ActorRefs.NoSender);
        await AwaitShownAsync(entry => entry.State == DeviceState.Available);
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder));
    }

    [Fact]
    public async Task A_device_that_can_not_be_unbound_is_for_nobody()
    {
        await StartAsync([Rule("serial=S-1-1")], Samples.Local("1-1", ExportStatus.Available));
        await TakeAsync();
        (await _exporter.NextAsync("unbind")).Fail(DeviceError.Refused, "not now");
        await SettleAsync(_exports);
        Assert.Equal(LeaseRefusal.NotExported, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.Holder)).Refusal);
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(System.Net.IPAddress.Loopback))).Devices);
    }

    [Fact]
    public async Task Another_policy_holds_for_who_comes_next()
    {
        await StartAsync([Rule("serial=S-1-1")], Samples.Local("1-1", ExportStatus.Available));
        await TakeAsync(Rule("serial=S-1-1", null, "node=lab3"));
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.Holder)).Refusal);
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder));
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task An_actor_that_begins_anew_has_the_rules_and_what_was_withdrawn()
    {
        await StartAsync([Rule("serial=S-1-1", "golden", "node=lab2")], Samples.Local("1-1", ExportStatus.Available));
        await ImportAsync();
        await TakeAsync();
        await SettleAsync(_exports);
        Assert.True(await _exports.GracefulStop(Patience));
        Begin();
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.OtherHolder, steal: true)).Refusal);
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task A_rule_that_went_before_the_daemon_began_again_opens_nothing_and_what_it_exported_is_unbound_when_it_is_free()
    {
        await StartAsync([Rule("serial=S-1-1", "golden", "node=lab2")], Samples.Local("1-1", ExportStatus.Unbound));
        (await _exporter.NextAsync("bind")).Succeed();
        await AwaitShownAsync(entry => entry.State == DeviceState.Available);
        var lease = await ImportAsync();
        await TakeAsync();
        await RestartAsync();
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.OtherHolder, steal: true)).Refusal);
        var other = Samples.Holder with { Attachment = new AttachmentId(9) };
        Assert.Equal(LeaseRefusal.NotExported, Assert.IsType<LeaseRefused>(await RequestAsync(other, steal: true)).Refusal);
        Assert.False(_exporter.HasCalls);

        _exporter.Show(Samples.BusId, ExportStatus.Available);
        await AwaitShownAsync(entry => entry is { State: DeviceState.Leased, Name: "golden" });
        _exports.Tell(new ReleaseLease(Samples.BusId, Samples.Holder, lease.Epoch), ActorRefs.NoSender);
        (await _exporter.NextAsync("unbind")).Succeed();
        await AwaitShownAsync(entry => entry is { State: DeviceState.Unbound, Name: null });
    }

    [Fact]
    public async Task A_rule_that_goes_while_the_daemon_is_down_has_what_it_exported_unbound_at_the_start()
    {
        await StartAsync([Rule("serial=S-1-1", null, "node=lab2")], Samples.Local("1-1", ExportStatus.Available));
        await RestartAsync();
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(System.Net.IPAddress.Loopback))).Devices);
        (await _exporter.NextAsync("unbind")).Succeed();
        await AwaitShownAsync(entry => entry.State == DeviceState.Unbound);
        await SettleAsync(_exports);

        // What another program exports then is that program's, after the next restart too.
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        await RestartAsync();
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder));
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task Rules_that_change_while_the_actors_begin_anew_withdraw_what_the_ones_before_exported()
    {
        await StartAsync([Rule("serial=S-1-1", null, "node=lab2")], Samples.Local("1-1", ExportStatus.Available));
        await ImportAsync();
        Assert.True(await _exports.GracefulStop(Patience));
        _settings.Rules = [];
        Begin();
        await TakeAsync();
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.OtherHolder, steal: true)).Refusal);
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        _exports.Tell(new ReleaseLease(Samples.BusId, Samples.Holder, new Epoch(1)), ActorRefs.NoSender);
        (await _exporter.NextAsync("unbind")).Succeed();
        await AwaitShownAsync(entry => entry.State == DeviceState.Unbound);
    }

    [Fact]
    public async Task A_rule_that_goes_while_it_has_a_device_bound_has_it_unbound_again()
    {
        await StartAsync([Rule("serial=S-1-1", null, "node=lab2")], Samples.Local("1-1", ExportStatus.Unbound));
        var bind = await _exporter.NextAsync("bind");
        await TakeAsync();
        bind.Succeed();
        var unbind = await _exporter.NextAsync("unbind");
        var asked = RequestAsync(Samples.OtherHolder);
        unbind.Succeed();
        Assert.Equal(LeaseRefusal.NotExported, Assert.IsType<LeaseRefused>(await asked).Refusal);
        await AwaitShownAsync(entry => entry.State == DeviceState.Unbound);
    }

    [Fact]
    public async Task A_rule_that_goes_while_it_can_not_have_a_device_bound_leaves_it_to_other_programs()
    {
        await StartAsync([Rule("serial=S-1-1", null, "node=lab2")], Samples.Local("1-1", ExportStatus.Unbound));
        var bind = await _exporter.NextAsync("bind");
        await TakeAsync();
        bind.Fail(DeviceError.Refused);
        await SettleAsync(_exports);
        _exporter.Show(Samples.BusId, ExportStatus.Available);
        await AwaitShownAsync(entry => entry.State == DeviceState.Available);
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder));
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task What_is_swapped_for_a_device_that_a_rule_exports_is_left_alone()
    {
        await StartAsync([Rule("serial=S-1-1")], Samples.Local("1-1", ExportStatus.Available));
        var other = Samples.Local("1-1", ExportStatus.Available) with { Serial = "another" };
        _exporter.Show(other with { Record = other.Record with { DeviceId = new DeviceId(1, 3) } });
        await AwaitShownAsync(entry => entry is { State: DeviceState.Available, Serial: "another" });
        await SettleAsync(_exports);
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder));
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task What_an_operator_has_bound_since_outlives_the_rule()
    {
        await StartAsync([Rule("serial=S-1-1")], Samples.Local("1-1", ExportStatus.Available));
        await AskAsync<ExportManager.Done>(new ExportManager.Bind(Samples.Selector("1-1"), [Samples.BusId], All: false, Name: null, Access: null));
        await TakeAsync();
        await RestartAsync();
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.OtherHolder));
        Assert.False(_exporter.HasCalls);
    }

    [Fact]
    public async Task That_a_rule_exports_a_device_is_kept_before_it_is_bound()
    {
        _exporter.Show(Samples.Local("1-1", ExportStatus.Unbound));
        _settings = new ExportSettings(Samples.Lab1, [new NetworkAddress("10.0.0.1", 3240)], [Rule("serial=S-1-1")], TempState.New());
        var blocked = _settings.State.Folder("devices").PathOf("1-1.json.new");
        Directory.CreateDirectory(blocked);
        Begin();
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
        await SettleAsync(_exports);
        Assert.False(_exporter.HasCalls);
        Directory.Delete(blocked);
        for (var attempt = 0; attempt < 100 && !_exporter.HasCalls; attempt++)
        {
            Advance(ExportedDevice.FirstPause);
            await Task.Delay(10);
        }

        (await _exporter.NextAsync("bind")).Succeed();
    }

    [Fact]
    public async Task Where_it_can_not_be_known_whether_a_rule_exported_a_device_it_is_for_nobody_until_it_is_bound_again()
    {
        _exporter.Show(Samples.Local("1-1", ExportStatus.Available));
        _settings = new ExportSettings(Samples.Lab1, [new NetworkAddress("10.0.0.1", 3240)], [], TempState.New());
        File.WriteAllText(_settings.State.Folder("devices").PathOf("1-1.json"), "{ \"epoch\": -1 }");
        Begin();
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
        Assert.Equal(LeaseRefusal.Denied, Assert.IsType<LeaseRefused>(await RequestAsync(Samples.Holder)).Refusal);
        Assert.Empty((await AskAsync<ExportManager.Offered>(new ExportManager.GetOffered(System.Net.IPAddress.Loopback))).Devices);
        await AskAsync<ExportManager.Done>(new ExportManager.Bind(Samples.Selector("1-1"), [Samples.BusId], All: false, Name: null, Access: null));
        Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
    }

    /// <summary>The daemon ends, and begins with the rules that were taken last, or with none.</summary>
    private async Task RestartAsync()
    {
        Assert.True(await _exports.GracefulStop(Patience));

        // What is on its way to the disk arrives there.
        var ledger = _settings.LedgerOf(Samples.BusId);
        if (ledger.Read(out _) is { } record)
            await ledger.WriteAsync(record);
        while (_inventory.HasMessages)
            _inventory.ReceiveOne();
        _settings = new ExportSettings(Samples.Lab1, _settings.Endpoints, [], _settings.State);
        Begin();
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
    }

    private async Task StartAsync(ImmutableArray<ExportRule> rules, params LocalDevice[] devices)
    {
        foreach (var device in devices)
            _exporter.Show(device);
        _settings = new ExportSettings(Samples.Lab1, [new NetworkAddress("10.0.0.1", 3240)], rules, TempState.New());
        Begin();
        await AskAsync<ExportManager.Settled>(new ExportManager.GetSettled());
    }

    private void Begin()
    {
        var (settings, inventory) = (_settings, _inventory.Ref);
        _exports = Sys.ActorOf(Props.Create(() => new ExportManager(settings, ImmutableArray.Create<IDeviceExporter>(_exporter), inventory)));
    }

    /// <summary>As a reload does it.</summary>
    private async Task TakeAsync(params ExportRule[] rules)
    {
        _settings.Rules = [.. rules];
        _exports.Tell(new ExportManager.NewRules([.. rules]), ActorRefs.NoSender);
        await SettleAsync(_exports);
    }

    private async Task<LeaseGranted> ImportAsync()
    {
        var lease = Assert.IsType<LeaseGranted>(await RequestAsync(Samples.Holder));
        using var importer = new Importer();
        _exports.Tell(importer.Serve(lease.LeaseId), ActorRefs.NoSender);
        (await _exporter.NextAsync("serve")).Succeed();
        await AwaitShownAsync(entry => entry.State == DeviceState.InUse);
        await SettleAsync(_exports);
        return lease;
    }

    private Task<T> AskAsync<T>(object message) => _exports.Ask<T>(message, Patience);

    private Task<INodeMessage> RequestAsync(Holder holder, bool steal = false) =>
        AskAsync<INodeMessage>(new RequestLease(Samples.BusId, holder, Steal: steal));

    private async Task AwaitShownAsync(Predicate<DeviceEntry> isIt) =>
        await _inventory.FishForMessageAsync<InventoryActor.LocalDevice>(shown => shown.Entry.BusId == Samples.BusId && isIt(shown.Entry));

    private static ExportRule Rule(string match, string? name = null, params string[] allow) => new(
        Samples.Selector(match),
        name,
        new Access([.. allow.Select(line => AccessRule.TryParse(line, out var rule, out var problem) ? rule : throw new FormatException(problem))], []));
}
