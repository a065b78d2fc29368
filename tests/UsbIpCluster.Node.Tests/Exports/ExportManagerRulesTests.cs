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
        Assert.Empty(_settings.Withdrawn);

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
        Assert.Empty(_settings.Withdrawn);
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
