using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>What is attached for as long as somebody is there: all of it or none, and no longer.</summary>
public sealed class HoldTests : AttachmentManagerSpec
{
    private const int Process = 4711;
    private readonly CancellationTokenSource _connection = new();

    [Fact]
    public async Task What_is_held_is_answered_when_all_of_it_is_usable()
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        var answer = HoldAsync("lab1/1-2", "lab1/1-1");
        await HandOverAsync(3);
        await HandOverAsync(4);
        Controller.Show(3, PortStatus.Ready);
        await AwaitAssertAsync(async () => Assert.Contains((await SnapshotAsync()).Attachments, s => s.State == AttachmentStates.Attached));
        Assert.False(answer.IsCompleted);
        Controller.Show(4, PortStatus.Ready);
        var held = (await answer).Attachments;
        Assert.Equal(["lab1/1-2", "lab1/1-1"], held.Select(status => status.Target.ToString()));
        Assert.All(held, status => Assert.Equal(AttachmentStates.Attached, status.State));
        Assert.Equal([new HeldByRow(Process, "alice"), new HeldByRow(Process, "alice")], held.Select(status => Rows.Of(status).HeldBy));
    }

    [Fact]
    public async Task It_is_detached_when_its_process_has_ended()
    {
        await HoldToAsync(3);
        Processes.End(Process);
        (await DetachedInTimeAsync()).Detach();
        await AwaitNothingAsync();
    }

    [Fact]
    public async Task The_end_of_the_connection_alone_ends_nothing()
    {
        await HoldToAsync(3);
        await _connection.CancelAsync();
        await TimePassesAsync();
        Controller.ExpectNothing();
        Assert.Equal(AttachmentStates.Attached, Assert.Single((await SnapshotAsync()).Attachments).State);
    }

    [Fact]
    public async Task Another_process_with_its_number_is_not_it()
    {
        await HoldToAsync(3);
        Processes.Begin(Process);
        (await DetachedInTimeAsync()).Detach();
        await AwaitNothingAsync();
    }

    [Fact]
    public async Task Where_the_process_can_not_be_seen_the_connection_counts()
    {
        await HoldToAsync(3, process: 0);
        Assert.Equal(new HeldByRow(null, "alice"), Rows.Of(Assert.Single((await SnapshotAsync()).Attachments)).HeldBy);
        Advance(AttachmentManager.HolderInterval);
        await SettleAsync(Manager);
        Controller.ExpectNothing();
        await _connection.CancelAsync();
        (await DetachedInTimeAsync()).Detach();
        await AwaitNothingAsync();
    }

    [Fact]
    public async Task A_detach_that_fails_is_tried_again()
    {
        await HoldToAsync(3);
        Processes.End(Process);
        (await DetachedInTimeAsync()).Fail(DeviceError.Refused);
        (await DetachedInTimeAsync()).Detach();
        await AwaitNothingAsync();
    }

    [Fact]
    public async Task What_is_lost_is_attached_again_for_its_holder()
    {
        var id = await HoldToAsync(3);
        Controller.Show(3, PortStatus.Free);
        await HandOverAsync(4);
        Controller.Show(4, PortStatus.Ready);
        await AwaitStateAsync(id, AttachmentStates.Attached);
        Processes.End(Process);
        Assert.Equal(4, (await DetachedInTimeAsync()).Port.Number);
    }

    [Fact]
    public async Task What_does_not_come_in_time_leaves_nothing_of_all_of_them()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var answer = HoldAsync("lab1/1-1", "serial=later");
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        await AwaitStateAsync(new AttachmentId(1), AttachmentStates.Attached);
        Advance(Seconds(60));
        (await Controller.NextAsync("detach")).Detach();
        var error = await Assert.ThrowsAsync<ControlException>(() => answer);
        Assert.Equal((ControlError.TimedOut, "serial=later not attached within 60 s"), (error.Error, error.Message));
        await AwaitNothingAsync();
    }

    [Fact]
    public async Task One_of_them_that_is_detached_meanwhile_ends_the_others()
    {
        await ShowAsync(Samples.Entry("1-1"));
        var answer = HoldAsync("lab1/1-1", "serial=later");
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        await AwaitStateAsync(new AttachmentId(1), AttachmentStates.Attached);
        await DetachAsync("a2");
        (await Controller.NextAsync("detach")).Detach();
        Assert.Equal("a2 was detached meanwhile", (await Assert.ThrowsAsync<ControlException>(() => answer)).Message);
        await AwaitNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_has_gone_before_the_answer_gets_nothing(bool process)
    {
        var answer = HoldAsync("serial=later");
        await AwaitAssertAsync(async () => Assert.Single((await SnapshotAsync()).Attachments));
        if (process)
            Processes.End(Process);
        else
            await _connection.CancelAsync();
        await WhileTimePassesAsync(answer);
        Assert.Equal("who asked for it has gone", (await Assert.ThrowsAsync<ControlException>(() => answer)).Message);
        await AwaitNothingAsync();
    }

    [Fact]
    public async Task What_is_there_and_can_not_be_had_is_refused_unless_it_is_waited_for()
    {
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab3/a7"));
        var error = await RefusalAsync("lab1/1-1");
        Assert.Equal((ControlError.Unavailable, "lab1/1-1 is held by lab3/a7"), (error.Error, error.Message));
        Assert.Empty((await SnapshotAsync()).Attachments);

        var answer = HoldAsync(waitWhileBusy: true, Process, "lab1/1-1");
        await AwaitAssertAsync(async () => Assert.Single((await SnapshotAsync()).Attachments));
        await ShowAsync(Samples.Entry("1-1"));
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        Assert.Single((await answer).Attachments);
    }

    [Fact]
    public async Task A_device_that_another_holds_here_is_refused()
    {
        await HoldToAsync(3);
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a1"));
        Processes.Begin(4712);
        var error = await RefusalAsync("serial=S-1-1", process: 4712);
        Assert.Equal(
            (ControlError.Unavailable, "lab1/1-1 is held here by process 4711 (alice)", "run --wait waits until it is free"),
            (error.Error, error.Message, error.Hint));
    }

    [Fact]
    public async Task What_is_attached_here_is_refused_with_what_to_do()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a1"));
        var error = await RefusalAsync("lab1/1-1", waitWhileBusy: true);
        Assert.Equal(
            (ControlError.Unavailable, "lab1/1-1 is attached here already, as a1", "use it as it is, or give it up: usbipc detach a1"),
            (error.Error, error.Message, error.Hint));
    }

    [Fact]
    public async Task What_was_given_up_here_a_moment_ago_is_not_refused()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        await DetachPortsAsync("a1");
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a1"));
        var answer = HoldAsync("lab1/1-1");
        await ShowAsync(Samples.Entry("1-1"));
        await HandOverAsync(3);
        Controller.Show(3, PortStatus.Ready);
        Assert.Single((await answer).Attachments);
    }

    [Theory]
    [InlineData("lab1/1-1", "serial=S-1-1", "'lab1/1-1' and 'serial=S-1-1' are one device")]
    [InlineData("serial=X", "SERIAL=X", "'serial=X' and 'SERIAL=X' are one device")]
    [InlineData("lab1/1-1", "0525:a4a5", "'0525:a4a5' matches 2 devices")]
    public async Task Each_selector_is_one_device_of_its_own(string first, string second, string message)
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        var error = await Assert.ThrowsAsync<ControlException>(() => HoldAsync(first, second));
        Assert.Equal((ControlError.Usage, message), (error.Error, error.Message));
        Assert.Empty((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task After_a_restart_of_the_daemon_its_process_holds_it_on()
    {
        await HoldToAsync(3);
        await RestartDaemonAsync();
        await AwaitStateAsync(new AttachmentId(1), AttachmentStates.Attached);
        await TimePassesAsync();
        Controller.ExpectNothing();
        Assert.Equal(new HeldByRow(Process, "alice"), Rows.Of(Assert.Single((await SnapshotAsync()).Attachments)).HeldBy);
        Processes.End(Process);
        (await DetachedInTimeAsync()).Detach();
        await AwaitNothingAsync();
    }

    [Theory]
    [InlineData(Process)]
    [InlineData(0)]
    public async Task What_a_process_held_that_ended_meanwhile_or_a_connection_is_detached_by_the_next_daemon(int process)
    {
        await HoldToAsync(3, process);
        await StopAsync();
        Holders = new Holders(Processes);
        Processes.End(Process);
        await StartAgainAsync();
        (await Controller.NextAsync("detach")).Detach();
        await AwaitNothingAsync();
        await Exports.ExpectMsgAsync<ReleaseLease>();
        ExpectNothing(Exports);
    }

    [Fact]
    public async Task What_it_held_and_was_lost_is_given_back_by_the_next_daemon_and_nobody_elses_port_is_touched()
    {
        await HoldToAsync(3);
        await StopAsync();
        Controller.Show(3, PortStatus.Free);
        Controller.Show(3, PortStatus.Ready, new PortOrigin("10.0.0.9", "3240", Samples.BusId));
        Processes.End(Process);
        await StartAgainAsync();
        await AwaitNothingAsync();
        Assert.Equal(new Holder(Samples.Lab2, new AttachmentId(1)), (await Exports.ExpectMsgAsync<ReleaseLease>()).Holder);
        ExpectNothing(Exports);
        Controller.ExpectNothing();
    }

    [Fact]
    public async Task Only_a_file_with_holds_has_the_form_that_earlier_versions_do_not_read()
    {
        await HoldToAsync(3);
        Assert.Equal(KeptAttachments.CurrentVersion, Kept!.Version);
        await DetachPortsAsync("a1");
        Assert.Equal(KeptAttachments.WithoutHolds, Kept!.Version);
    }

    [Fact]
    public async Task A_rule_takes_up_again_what_a_holder_has_given_up()
    {
        var rule = Samples.Selector("lab1/1-1");
        await HoldToAsync(3);
        await ShowAsync(Samples.Entry("1-1", DeviceState.InUse, "lab2/a1"));
        await Manager.Ask<AttachmentManager.Snapshot>(new AttachmentManager.AttachAll(rule, null, null), Seconds(5));
        await DetachPortsAsync("a1");
        await ShowAsync(Samples.Entry("1-1"));
        Assert.Equal("a3", (await HandOverAsync(3)).Holder.Attachment.ToString());
    }

    private Task<AttachmentManager.Snapshot> HoldAsync(params string[] selectors) => HoldAsync(waitWhileBusy: false, Process, selectors);

    private Task<AttachmentManager.Snapshot> HoldAsync(bool waitWhileBusy, int process, params string[] selectors)
    {
        if (process == Process)
            Processes.Begin(Process);
        var hold = new AttachmentManager.Hold(
            [.. selectors.Select(Samples.Selector)], Seconds(60), waitWhileBusy, Holders.Open(process, _connection.Token), "alice");
        return Manager.Ask<AttachmentManager.Snapshot>(hold, Seconds(5));
    }

    private Task<ControlException> RefusalAsync(string selector, bool waitWhileBusy = false, int process = Process) =>
        Assert.ThrowsAsync<ControlException>(() => HoldAsync(waitWhileBusy, process, selector));

    /// <summary>Holds lab1/1-1 in this port.</summary>
    private async Task<AttachmentId> HoldToAsync(int port, int process = Process)
    {
        await ShowAsync(Samples.Entry("1-1"));
        var answer = HoldAsync(waitWhileBusy: false, process, "lab1/1-1");
        await HandOverAsync(port);
        Controller.Show(port, PortStatus.Ready);
        return Assert.Single((await answer).Attachments).Id;
    }

    private async Task RestartDaemonAsync()
    {
        await StopAsync();
        Holders = new Holders(Processes);
        await StartAgainAsync();
    }

    private async Task AwaitNothingAsync() => await AwaitAssertAsync(
        async () => Assert.Empty((await SnapshotAsync()).Attachments), Seconds(5), TimeSpan.FromMilliseconds(5));

    private async Task<ScriptedController.Call> DetachedInTimeAsync()
    {
        var detach = Controller.NextAsync("detach");
        await WhileTimePassesAsync(detach);
        return await detach;
    }

    // Processes are asked beside the actor, which sets its timer anew when it has their answer: one move of the clock may come too early.
    private async Task WhileTimePassesAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            Advance(AttachmentManager.HolderInterval);
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }
    }

    /// <summary>Holders have been looked after some times.</summary>
    private async Task TimePassesAsync()
    {
        var before = Processes.Questions;
        await WhileTimePassesAsync(AwaitAssertAsync(
            () => Assert.True(Processes.Questions > before + 2), Seconds(5), TimeSpan.FromMilliseconds(5)));
        await SettleAsync(Manager);
    }
}
