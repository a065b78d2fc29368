using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class DeviceLedgerTests
{
    private readonly StateFolder _folder = TempState.New();
    private readonly LocalDevice _device = Samples.Local("1-1", ExportStatus.Available);

    [Fact]
    public async Task Who_holds_the_device_is_known_after_a_restart_but_no_id_is_good_any_more()
    {
        var before = Open(_device);
        var lease = before.Grant(Samples.Holder, "alice");
        await before.SaveAsync();
        var after = Open(_device);
        Assert.Equal(lease with { Id = null }, after.Lease);
        Assert.Equal(new Epoch(1), after.Epoch);
    }

    [Fact]
    public async Task A_lease_that_was_not_saved_never_was()
    {
        var before = Open(_device);
        before.Grant(Samples.Holder, null);
        await before.SaveAsync();
        before.Grant(Samples.OtherHolder, null);
        Assert.Equal(Samples.Holder, Open(_device).Lease?.Holder);
    }

    [Theory]
    [InlineData("another")]
    [InlineData(null)]
    public async Task Another_device_at_the_same_place_keeps_the_epoch_and_loses_the_lease(string? serial)
    {
        var before = Open(_device);
        before.Grant(Samples.Holder, null);
        await before.SaveAsync();
        var after = Open(_device with { Serial = serial });
        Assert.Null(after.Lease);
        Assert.Equal(new Epoch(2), after.Grant(Samples.OtherHolder, null).Epoch);
    }

    [Fact]
    public void A_file_that_can_not_be_understood_is_told_and_the_epoch_starts_above_all_that_were_counted()
    {
        File.WriteAllText(_folder.PathOf("1-1.json"), "{ \"epoch\": -1 }");
        var problems = new List<string>();
        var ledger = new DeviceLedger(File11(), _device, problems.Add);
        Assert.Null(ledger.Lease);
        Assert.True(ledger.Epoch.Value > uint.MaxValue, $"{ledger.Epoch}");
        Assert.Contains("1-1.json.broken", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rule_that_exports_the_device_is_known_after_a_restart_and_not_of_another_device()
    {
        var rule = new ExportDecision(true, "golden", new Access([new AccessRule("lab2", "alice", null)], []), ByRule: true);
        var before = Open(_device);
        Assert.True(before.Remember(rule));
        Assert.False(before.Remember(rule));
        await before.SaveAsync();
        Assert.Equal(rule, Open(_device).Rule);
        Assert.Null(Open(_device with { Serial = "another" }).Rule);
    }

    [Fact]
    public void The_first_form_knew_of_no_rules()
    {
        File.WriteAllText(
            _folder.PathOf("1-1.json"),
            "{ \"vendorId\": 1317, \"productId\": 42149, \"serial\": \"S-1-1\", \"epoch\": \"7\", \"lease\": null }");
        var ledger = Open(_device);
        Assert.Equal((new Epoch(7), null, false), (ledger.Epoch, ledger.Rule, ledger.IsLost));
    }

    [Fact]
    public void A_rule_that_a_later_program_wrote_and_this_one_does_not_understand_lets_nobody_in()
    {
        File.WriteAllText(
            _folder.PathOf("1-1.json"),
            "{ \"vendorId\": 1317, \"productId\": 42149, \"serial\": \"S-1-1\", \"epoch\": \"7\", \"lease\": null, "
            + "\"rule\": { \"name\": null, \"allow\": [\"moon=full\"], \"deny\": [] } }");
        var problems = new List<string>();
        var ledger = new DeviceLedger(File11(), _device, problems.Add);
        Assert.Equal((new Epoch(7), Access.Closed), (ledger.Epoch, ledger.Rule?.Access));
        Assert.Contains("1-1.json.broken", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_written_is_a_refusal_with_a_hint()
    {
        var ledger = Open(_device);
        ledger.Grant(Samples.Holder, null);
        Directory.CreateDirectory(_folder.PathOf("1-1.json.new"));
        var error = await Assert.ThrowsAsync<DeviceException>(() => ledger.SaveAsync());
        Assert.Equal((DeviceError.Refused, "is the state folder's disk full, or read-only?"), (error.Error, error.Hint));
    }

    [Fact]
    public void A_holder_resumes_with_any_of_the_next_epochs_and_with_each_once()
    {
        var ledger = Open(_device);
        var lease = ledger.Grant(Samples.Holder, null);
        LeaseId Id(ulong ahead) => lease.Secret.IdOf(Samples.BusId, new Epoch(lease.Epoch.Value + ahead));

        Assert.Null(ledger.Resume(Id(0)));
        Assert.Null(ledger.Resume(Id(DeviceLedger.ResumeWindow + 1)));
        Assert.Equal(new Epoch(2), ledger.Resume(Id(1))?.Epoch);
        Assert.Null(ledger.Resume(Id(1)));
        Assert.Equal(new Epoch(2 + DeviceLedger.ResumeWindow), ledger.Resume(Id(1 + DeviceLedger.ResumeWindow))?.Epoch);
        Assert.Null(ledger.Resume(Id(DeviceLedger.ResumeWindow)));
        Assert.Equal(new Epoch(2 + DeviceLedger.ResumeWindow), ledger.Epoch);
    }

    [Fact]
    public void Nobody_resumes_with_a_lease_id_or_with_what_is_for_another_device_or_after_a_new_lease()
    {
        var ledger = Open(_device);
        var lease = ledger.Grant(Samples.Holder, null);
        Assert.Null(ledger.Resume(lease.Id!.Value));
        Assert.Null(ledger.Resume(lease.Secret.IdOf(BusId.Parse("1-2"), lease.Epoch.Next)));
        var next = ledger.Grant(Samples.Holder, null);
        Assert.Null(ledger.Resume(lease.Secret.IdOf(Samples.BusId, next.Epoch.Next)));
        ledger.Forget();
        Assert.Null(ledger.Resume(next.Secret.IdOf(Samples.BusId, next.Epoch.Next)));
    }

    private DeviceLedger Open(LocalDevice device) => new(File11(), device, problem => Assert.Fail(problem));

    private StateFile<DeviceRecord> File11() => new(_folder, "1-1.json");
}
