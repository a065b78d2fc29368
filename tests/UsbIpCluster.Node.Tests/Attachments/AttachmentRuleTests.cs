using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>Every device that matches, by one rule.</summary>
public sealed class AttachmentRuleTests : AttachmentManagerSpec
{
    [Fact]
    public async Task Every_device_that_matches_is_attached_and_those_that_come_later_too()
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2") with { VendorId = 0x1234 });
        var answer = await AttachAllAsync();
        Assert.Equal("a1", Assert.Single(answer.Rules).Id.ToString());
        Assert.Equal(("a2", "serial=S-1-1,0525:a4a5"), Describe(Assert.Single(answer.Attachments)));
        Assert.Equal(AttachmentStates.Leasing, answer.Attachments[0].State);
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Attached);

        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a2"), Samples.Entry("1-3"));
        await HandOverAsync(4);
        Controller.Show(4, PortStatus.Ready);
        await AwaitStateAsync(new AttachmentId(3), AttachmentStates.Attached);
        Assert.All((await SnapshotAsync()).Attachments, status => Assert.Equal(new AttachmentId(1), status.Plan.Rule));
    }

    [Fact]
    public async Task What_is_not_free_is_not_attached_before_it_is()
    {
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab3/a7"), Samples.Entry("1-2", DeviceState.Unbound));
        Assert.Empty((await AttachAllAsync()).Attachments);
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2", DeviceState.Unbound));
        Assert.Equal("1-1", (await HandOverAsync(3)).BusId.Value);
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task A_device_that_an_attachment_follows_already_is_its_own()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        Assert.Empty((await AttachAllAsync()).Attachments);
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task A_device_that_comes_back_is_the_same_attachments()
    {
        await AttachByRuleAsync();
        await UnplugAsync();
        await ShowAsync(Samples.Entry("1-7") with { Serial = "S-1-1" });
        var request = await HandOverAsync(3);
        Assert.Equal((new AttachmentId(2), "1-7"), (request.Holder.Attachment, request.BusId.Value));
        Assert.Single((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task Devices_that_look_alike_are_told_apart_by_their_places()
    {
        await ShowAsync(Samples.Entry("1-1") with { Serial = "0001" }, Samples.Entry("1-2") with { Serial = "0001" });
        var targets = (await AttachAllAsync()).Attachments.Select(status => status.Target.ToString());
        Assert.Equal(["lab1/1-1,0525:a4a5", "lab1/1-2,0525:a4a5"], targets);
    }

    [Fact]
    public async Task A_wait_ends_when_all_that_match_are_usable()
    {
        var answer = AttachAllAsync(wait: Seconds(60));
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        await HandOverAsync(3);
        await HandOverAsync(4);
        Controller.Show(3, PortStatus.Ready);
        await AwaitAssertAsync(async () => Assert.Contains((await SnapshotAsync()).Attachments, s => s.State == AttachmentStates.Attached));
        Assert.False(answer.IsCompleted);
        Controller.Show(4, PortStatus.Ready);
        Assert.Equal(2, (await answer).Attachments.Length);
    }

    [Theory]
    [InlineData(false, "no device that matches '0525:a4a5' was attached within 60 s")]
    [InlineData(true, "serial=S-1-1,0525:a4a5 not attached within 60 s")]
    public async Task A_wait_that_is_too_short_says_what_is_missing_and_the_rule_stays(bool matches, string message)
    {
        if (matches)
            await ShowAsync(Samples.Entry("1-1"));
        var answer = AttachAllAsync(wait: Seconds(60));
        await AwaitAssertAsync(async () => Assert.Single((await SnapshotAsync()).Rules));
        await AwaitAssertAsync(() => Assert.Single(Kept?.Rules ?? []));
        await AwaitAssertAsync(() =>
        {
            Advance(Seconds(60));
            Assert.True(answer.IsCompleted);
        });
        var error = await Assert.ThrowsAsync<ControlException>(() => answer);
        Assert.Equal((ControlError.TimedOut, message), (error.Error, error.Message));
        Assert.Single((await SnapshotAsync()).Rules);
    }

    [Theory]
    [InlineData("a1")]
    [InlineData("0525:a4a5")]
    [InlineData(null)]
    public async Task A_detach_of_the_rule_ends_it_with_all_that_it_made(string? target)
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        await AttachAllAsync();
        await HandOverAsync(3);
        await HandOverAsync(4);
        await DetachPortsAsync(target, 2);
        Assert.All(Exports.ReceiveN(2), message => Assert.IsType<ReleaseLease>(message));
        Assert.Empty((await SnapshotAsync()).Rules);
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"), Samples.Entry("1-3"));
        ExpectNothing(Exports);
        await RestartAsync();
        Assert.Empty((await SnapshotAsync()).Rules);
    }

    [Theory]
    [InlineData("class=mass-storage,0525:a4a5")]
    [InlineData("0525:A4A5, CLASS=08")]
    public async Task A_rule_is_the_same_however_it_is_written(string target)
    {
        const string Match = "0525:a4a5,class=mass-storage";
        await ShowAsync(Samples.Entry("1-1"));
        await AttachAllAsync(Match);
        await HandOverAsync(3);
        Assert.Equal("a1", Assert.Single((await AttachAllAsync(target)).Rules).Id.ToString());
        await AttachAllAsync(Match);
        await DetachPortsAsync(target);
        var left = await SnapshotAsync();
        Assert.Empty(left.Rules);
        Assert.Empty(left.Attachments);
    }

    [Fact]
    public async Task What_was_detached_by_itself_is_left_out_until_the_rule_is_given_again()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachAllAsync();
        await HandOverAsync(3);
        await DetachPortsAsync("a2");
        await Exports.ExpectMsgAsync<ReleaseLease>();
        await ShowAsync(Samples.Entry("1-1"));
        ExpectNothing(Exports);

        await RestartAsync();
        await ShowAsync(Samples.Entry("1-1"));
        ExpectNothing(Exports);
        Assert.Empty((await SnapshotAsync()).Attachments);

        Assert.Equal("a1", Assert.Single((await AttachAllAsync()).Rules).Id.ToString());
        Assert.Equal("1-1", (await HandOverAsync(3)).BusId.Value);
    }

    [Fact]
    public async Task A_rule_goes_on_after_a_restart_with_the_sessions_that_live()
    {
        await AttachByRuleAsync();
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Attached);
        await RestartAsync();
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Attached);
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a2"), Samples.Entry("1-2"));
        var request = await HandOverAsync(4);
        Assert.Equal((new AttachmentId(3), "1-2"), (request.Holder.Attachment, request.BusId.Value));
    }

    [Fact]
    public async Task A_device_that_was_detached_by_itself_is_left_out_by_every_rule_that_matches_it()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        await AttachAllAsync("0525:a4a5");
        await AttachAllAsync("class=mass-storage");
        await DetachPortsAsync("3");
        await Exports.ExpectMsgAsync<ReleaseLease>();
        await ShowAsync(Samples.Entry("1-1"));

        // A twin elsewhere makes its serial number a poor name; it is meant all the same.
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2", DeviceState.InUse, "lab9/a1") with { Serial = "S-1-1" });
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task Another_device_in_the_place_of_one_that_is_gone_is_attached_beside_it()
    {
        await AttachByRuleAsync();
        await UnplugAsync();
        await ShowAsync(Samples.Entry("1-1") with { Serial = "another" });
        Assert.Equal(new AttachmentId(3), (await HandOverAsync(3)).Holder.Attachment);
    }

    [Fact]
    public async Task A_device_that_has_moved_before_its_loss_was_noticed_is_the_same_attachments()
    {
        await AttachByRuleAsync();
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Attached);
        await ShowAsync(Samples.Entry("1-7") with { Serial = "S-1-1" });
        ExpectNothing(Exports);
        Controller.Show(3, PortStatus.Free);
        Assert.Equal(new AttachmentId(2), (await HandOverAsync(3)).Holder.Attachment);
        Assert.Single((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task Two_devices_with_one_serial_number_are_both_attached()
    {
        await ShowAsync(Samples.Entry("1-1") with { Serial = "0001" });
        await AttachAllAsync();
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Attached);
        await ShowAsync(
            Samples.Entry("1-1", DeviceState.InUse, "lab2/a2") with { Serial = "0001" }, Samples.Entry("1-2") with { Serial = "0001" });
        Assert.Equal("1-2", (await HandOverAsync(4)).BusId.Value);
    }

    [Fact]
    public async Task What_an_explicit_attachment_could_have_had_is_attached_once_it_has_another()
    {
        _ = AttachAsync("0525:a4a5", Seconds(60));
        await AwaitAssertAsync(async () => Assert.Single((await SnapshotAsync()).Attachments));
        await AttachAllAsync();
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        Assert.Equal(("1-1", new AttachmentId(1)), Describe(await HandOverAsync(3)));
        Controller.Show(3, PortStatus.Ready);
        Assert.Equal(("1-2", new AttachmentId(3)), Describe(await HandOverAsync(4)));
    }

    [Fact]
    public async Task A_wait_is_over_at_once_when_all_that_match_are_attached_otherwise()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        Assert.Empty((await AttachAllAsync(wait: Seconds(60))).Attachments);
    }

    [Fact]
    public async Task What_waits_in_vain_for_a_day_is_dismissed_and_made_again_when_it_comes()
    {
        await AttachByRuleAsync();
        await UnplugAsync();
        Advance(AttachmentManager.MemberPatience + Seconds(1));
        await ShowAsync();
        await AwaitAssertAsync(async () => Assert.Empty((await SnapshotAsync()).Attachments));
        await ShowAsync(Samples.Entry("1-1"));
        Assert.Equal(new AttachmentId(3), (await HandOverAsync(3)).Holder.Attachment);
    }

    [Fact]
    public async Task A_rule_that_can_not_be_kept_is_none()
    {
        Directory.CreateDirectory(State.PathOf("attachments.json.new"));
        var error = await Assert.ThrowsAsync<ControlException>(() => AttachAllAsync());
        Assert.StartsWith("it can't be kept: ", error.Message, StringComparison.Ordinal);
        Assert.Empty((await SnapshotAsync()).Rules);
    }

    [Fact]
    public async Task There_are_only_so_many_rules()
    {
        for (var i = 0; i < AttachmentManager.MaxRules; i++)
            await AttachAllAsync($"{i:x4}:0001");
        var error = await Assert.ThrowsAsync<ControlException>(() => AttachAllAsync("ffff:0001"));
        Assert.Equal(ControlError.Unavailable, error.Error);
        await AttachAllAsync("0000:0001");
    }

    [Fact]
    public async Task One_that_finds_no_free_port_gives_the_device_back_and_has_the_next_port_that_becomes_free()
    {
        Controller.Show(3, PortStatus.Ready);
        await ShowAsync(Samples.Entry("1-1"));
        await AttachAllAsync();
        var request = await Exports.FishForMessageAsync<RequestLease>(_ => true);
        Exports.Reply(new LeaseGranted(Protocol.LeaseId.New(), new Epoch(5), request.BusId, [Server.Address], Seconds(10), Samples.Secret));
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Fail(DeviceError.NoFreePort, "every port is in use");
        await Exports.ExpectMsgAsync(new ReleaseLease(Samples.BusId, request.Holder, new Epoch(5)));
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.BackingOff);
        Assert.Equal("every port is in use", Assert.Single((await SnapshotAsync()).Attachments).LastError);

        Controller.Show(3, PortStatus.Free);
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Attached);
    }

    private Task<AttachmentManager.Snapshot> AttachAllAsync(string match = "0525:a4a5", TimeSpan? wait = null) =>
        Manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.AttachAll(Samples.Selector(match), wait, "alice"), Seconds(10));

    // The rule is a1, its attachment of lab1/1-1 a2.
    private async Task AttachByRuleAsync()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachAllAsync();
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
    }

    private async Task UnplugAsync()
    {
        await ShowAsync();
        Controller.Show(3, PortStatus.Free);
        await AwaitStateAsync(new AttachmentId(2), AttachmentStates.Waiting);
    }

    private static (string BusId, AttachmentId Attachment) Describe(RequestLease request) => (request.BusId.Value, request.Holder.Attachment);

    private static (string Id, string? Target) Describe(AttachmentStatus status) => (status.Id.ToString(), status.Target.ToString());}
