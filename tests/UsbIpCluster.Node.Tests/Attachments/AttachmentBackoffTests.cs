using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

public sealed class AttachmentBackoffTests : AttachmentSpec
{
    private static readonly DeviceEntry Available = Samples.Entry("1-1");

    [Fact]
    public async Task Attempts_that_fail_are_repeated_after_times_that_double_up_to_five_seconds()
    {
        Show(Available);
        await StartAsync(wait: Seconds(3600));

        // The first retry is at once.
        await FailAsync();
        foreach (var longest in (double[])[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5])
        {
            await FailAsync();
            await ExpectAsync(AttachmentStates.BackingOff);
            await SettleAsync(Attachment);
            Advance(Seconds(longest * 0.499));
            await SettleAsync(Attachment);
            ExpectNothing(Sessions);
            Advance(Seconds(longest * 0.502));
        }

        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task What_becomes_available_while_an_attempt_fails_is_tried_at_once()
    {
        var session = await LoseAsync(await AttachAsync());
        ShowUnreachable(Available);
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
        Advance(Backoff.Longest);

        // Without the cluster, at the address that it had; the exporter is back before that fails.
        session = await ExpectAttemptAsync();
        Assert.IsType<AttachmentSource.Resumed>(session.Source);
        Show(Available);
        await SettleAsync(Attachment);
        await session.EndAsync(DeviceError.TimedOut);
        Assert.IsType<AttachmentSource.Leased>((await ExpectAttemptAsync()).Source);
    }

    [Fact]
    public async Task A_device_that_was_attached_for_ten_seconds_starts_again_from_the_beginning()
    {
        var session = await LoseAsync(await AttachAsync());
        await session.UseAsync();
        await SettleAsync(Attachment);
        Advance(Seconds(10.1));
        await SettleAsync(Attachment);
        await LoseAsync(session);
    }

    [Fact]
    public async Task A_device_that_is_lost_sooner_is_tried_after_a_while()
    {
        var session = await LoseAsync(await AttachAsync());
        await session.UseAsync();
        await SettleAsync(Attachment);
        Advance(Seconds(9.9));
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
        Advance(Seconds(0.11));
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task The_time_that_counts_is_that_of_one_session()
    {
        var session = await AttachAsync();
        Advance(Seconds(9));
        session = await LoseAsync(session);
        Advance(Seconds(9));
        await SettleAsync(Attachment);
        await session.UseAsync();
        await session.EndAsync(DeviceError.PeerLost);
        await ExpectAsync(AttachmentStates.BackingOff);
    }

    [Fact]
    public async Task A_device_that_comes_back_wakes_it()
    {
        await BackOffAsync();
        Show();
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
        Show(Available);
        await ExpectAttemptAsync();
        Advance(Seconds(60));
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
    }

    [Theory]
    [InlineData(DeviceState.Unbound, null)]
    [InlineData(DeviceState.Faulted, null)]
    [InlineData(DeviceState.InUse, "lab9/a1")]
    public async Task A_device_that_can_be_had_again_wakes_it(DeviceState state, string? holder)
    {
        await BackOffAsync();
        Show(Samples.Entry("1-1", state, holder));
        Show(Available);
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task A_node_that_can_be_reached_again_wakes_it()
    {
        await BackOffAsync();
        ShowUnreachable(Available);
        Show(Available);
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task Another_device_that_matches_wakes_it()
    {
        await BackOffAsync();
        Show(Available, Samples.Entry("1-2"));
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task What_could_be_had_all_the_time_does_not_wake_it()
    {
        await BackOffAsync();
        Show(Available with { Name = "golden" });
        Show(Available, Samples.Entry("1-2", DeviceState.Unbound));
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task The_traces_of_its_own_attempts_do_not_wake_it()
    {
        await BackOffAsync();
        Show(Samples.Entry("1-1", DeviceState.Leased, "lab2/a1"));
        Show(Samples.Entry("1-1", DeviceState.InUse, "lab2/a1"));
        Show(Samples.Entry("1-1", DeviceState.Leased, "lab2/a1"));
        Show(Available);
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
    }

    [Fact]
    public async Task A_device_that_has_gone_is_waited_for_and_not_tried()
    {
        await BackOffAsync();
        Show();
        await SettleAsync(Attachment);
        Advance(Seconds(5));
        await ExpectAsync(AttachmentStates.Waiting);
        ExpectNothing(Sessions);
        Show(Available);
        await ExpectAttemptAsync();
    }

    [Fact]
    public async Task What_happened_while_it_tried_is_known_afterwards()
    {
        Show(Available);
        await StartAsync(wait: Seconds(3600));
        var session = await ExpectAttemptAsync();
        Show();
        await session.EndAsync(DeviceError.NoSuchDevice);
        await ExpectAsync(AttachmentStates.Waiting);
    }

    [Fact]
    public async Task A_plain_server_is_tried_again_and_again()
    {
        await StartAsync(new AttachmentTarget.Plain(new NetworkAddress("10.0.0.9", 3240), Samples.BusId), wait: Seconds(3600));
        await FailAsync();
        await FailAsync();
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
        Show(Available);
        await SettleAsync(Attachment);
        ExpectNothing(Sessions);
        Advance(Seconds(0.11));
        await ExpectAttemptAsync();
    }

    /// <summary>Two attempts have failed, and it waits for its time.</summary>
    private async Task BackOffAsync()
    {
        Show(Available);
        await StartAsync(wait: Seconds(3600));
        await FailAsync();
        await FailAsync();
        await ExpectAsync(AttachmentStates.BackingOff);
        await SettleAsync(Attachment);
    }

    private async Task FailAsync() => await (await ExpectAttemptAsync()).EndAsync(DeviceError.PeerLost);
}
