using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Who gets a device that somebody has: by force, in another's place, or by coming back without the cluster.</summary>
public sealed class ExportedDeviceTakeoverTests : ExportedDeviceSpec
{
    private static readonly RequestLease Steal = new(Samples.BusId, Samples.OtherHolder, "bob", Steal: true);

    [Fact]
    public async Task A_session_is_stolen_by_fencing_it_and_its_holder_is_told_and_is_refused_from_then_on()
    {
        await StartAsync(ExportStatus.Available);
        var (former, _) = await ImportAsync("alice");
        var answer = RequestAsync(Steal);
        (await Exporter.NextAsync("release")).Succeed();
        Assert.Equal(former.Epoch.Next, Assert.IsType<LeaseGranted>(await answer).Epoch);
        var told = await Manager.FishForMessageAsync<ExportedDevice.TellHolder>(_ => true);
        Assert.Equal(new LeaseStolen(Samples.Lab1, Samples.BusId, Samples.Holder, former.Epoch, Samples.OtherHolder, "bob"), told.Message);
        var stolen = await ExpectEventAsync(EventKinds.Stolen);
        Assert.Equal((Holder, "taken by lab3/a7 (bob)"), (stolen.Holder, stolen.Reason));
        var refused = await RefusalAsync(Samples.Holder);
        Assert.Equal((LeaseRefusal.Busy, Samples.OtherHolder), (refused.Refusal, refused.HeldBy));
    }

    [Fact]
    public async Task A_lease_that_waits_for_its_connection_is_stolen_and_good_for_nothing_then()
    {
        await StartAsync(ExportStatus.Available);
        var former = await LeaseAsync();
        await LeaseAsync(Steal);
        await DroppedAsync(former.LeaseId);
        await DroppedAsync(former.Secret.IdOf(Samples.BusId, former.Epoch.Next.Next), resume: true);
        Assert.Equal((DeviceState.Leased, "lab3/a7"), await StateAsync());
    }

    [Fact]
    public async Task What_nobody_holds_is_not_stolen()
    {
        await StartAsync(ExportStatus.Available);
        await LeaseAsync(Steal);
        await SettleAsync();
        ExpectNothing(Events);
    }

    [Fact]
    public async Task The_session_of_a_plain_client_is_stolen_and_there_is_nobody_to_tell()
    {
        await StartAsync(ExportStatus.Available);
        Tell(Connect().Serve());
        (await Exporter.NextAsync("serve")).Succeed();
        await ExpectEventAsync(EventKinds.SessionStarted);
        var answer = RequestAsync(Steal);
        (await Exporter.NextAsync("release")).Succeed();
        Assert.IsType<LeaseGranted>(await answer);
        await ExpectEventAsync(EventKinds.SessionEnded);
        await SettleAsync();
        ExpectNothing(Events);
    }

    [Fact]
    public async Task An_attachment_takes_over_from_one_of_its_own_node_that_is_no_more()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        var answer = RequestAsync(new RequestLease(
            Samples.BusId, Samples.Holder with { Attachment = new AttachmentId(2) }, Instead: Samples.Holder.Attachment));
        (await Exporter.NextAsync("release")).Succeed();
        Assert.IsType<LeaseGranted>(await answer);
        await ExpectEventAsync(EventKinds.SessionEnded);
        Assert.Equal((DeviceState.Leased, "lab2/a2"), await StateAsync());
        ExpectNothing(Events);
    }

    [Fact]
    public async Task Nobody_takes_over_from_an_attachment_of_another_node()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        var answer = await RequestAsync(new RequestLease(Samples.BusId, Samples.OtherHolder, Instead: Samples.Holder.Attachment));
        Assert.Equal(Samples.Holder, Assert.IsType<LeaseRefused>(answer).HeldBy);
    }

    [Fact]
    public async Task A_holder_that_comes_back_without_the_cluster_gets_its_kept_device()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync("alice");
        await SeeAsync(ExportStatus.Available);
        var importer = Resume(lease, 1);
        (await Exporter.NextAsync("serve")).Succeed();
        Assert.Equal(OpStatus.Ok, importer.ReadAnswer());
        var shown = await ExpectShownAsync(DeviceState.InUse, Holder);
        Assert.Equal((new Epoch(2), "alice"), (shown.Epoch, shown.User));
        Assert.False(Exporter.HasCalls);
    }

    [Fact]
    public async Task A_holder_that_comes_back_before_the_end_of_its_session_was_seen_has_it_fenced()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        await ExpectEventAsync(EventKinds.SessionStarted);
        var importer = Resume(lease, 3);
        var fence = await Exporter.NextAsync("release");
        await ExpectShownAsync(DeviceState.Releasing, Holder);
        fence.Succeed();
        (await Exporter.NextAsync("serve")).Succeed();
        Assert.Equal(OpStatus.Ok, importer.ReadAnswer());
        Assert.Equal(new Epoch(4), (await ExpectShownAsync(DeviceState.InUse, Holder)).Epoch);
        Assert.Equal(EventKinds.SessionEnded, (await Events.ExpectMsgAsync<EventRow>()).Kind);
        Assert.Equal(EventKinds.SessionStarted, (await Events.ExpectMsgAsync<EventRow>()).Kind);
        await SettleAsync();

        // The same id, an earlier one, and one of too far ahead.
        foreach (var ahead in new ulong[] { 3, 2, 4 + DeviceLedger.ResumeWindow })
            Assert.Null(Resume(lease, ahead).ReadAnswer());
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
    }

    [Fact]
    public async Task A_hand_over_that_fails_ends_no_session_that_had_ended_before()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        await ExpectEventAsync(EventKinds.SessionEnded);
        Resume(lease, 1);
        (await Exporter.NextAsync("serve")).Fail(DeviceError.PeerLost);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
        ExpectNothing(Events);
    }

    [Fact]
    public async Task Nobody_comes_back_after_the_grace()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        await SeeAsync(ExportStatus.Available);
        Advance(ExportedDevice.Grace + Seconds(0.1));
        await ExpectShownAsync(DeviceState.Available, null);
        Assert.Null(Resume(lease, 1).ReadAnswer());
    }

    [Fact]
    public async Task A_lease_id_does_not_resume_and_a_derived_id_is_no_lease()
    {
        await StartAsync(ExportStatus.Available);
        var lease = await LeaseAsync();
        await DroppedAsync(lease.LeaseId, resume: true);
        await DroppedAsync(lease.Secret.IdOf(Samples.BusId, lease.Epoch.Next), resume: false);
        Assert.Equal((DeviceState.Leased, Holder), await StateAsync());
    }

    [Fact]
    public async Task An_epoch_that_can_not_be_kept_resumes_nothing_and_ends_nothing()
    {
        await StartAsync(ExportStatus.Available);
        var (lease, _) = await ImportAsync();
        Directory.CreateDirectory(State.Folder("devices").PathOf("1-1.json.new"));
        Assert.Equal(OpStatus.DevErr, Resume(lease, 1).ReadAnswer());
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
        Assert.False(Exporter.HasCalls);
    }

    [Fact]
    public async Task A_theft_that_can_not_be_kept_ends_nothing()
    {
        await StartAsync(ExportStatus.Available);
        await ImportAsync();
        Directory.CreateDirectory(State.Folder("devices").PathOf("1-1.json.new"));
        Assert.Equal(LeaseRefusal.Failed, Assert.IsType<LeaseRefused>(await RequestAsync(Steal)).Refusal);
        Assert.Equal((DeviceState.InUse, Holder), await StateAsync());
        Assert.False(Exporter.HasCalls);
        Assert.Equal(Samples.Holder, (await RefusalAsync(Samples.OtherHolder)).HeldBy);
    }

    [Fact]
    public async Task A_holder_that_never_connects_keeps_the_device_from_others_only_for_a_while()
    {
        await StartAsync(ExportStatus.Available);
        for (var unused = 0; unused < ExportedDevice.MaxUnused; unused++)
            await LeaseAsync();
        Assert.Equal(LeaseRefusal.Failed, (await RefusalAsync(Samples.Holder)).Refusal);
        await SettleAsync();
        Advance(ExportedDevice.LeaseExpiry);
        Assert.Equal((DeviceState.Available, null), await StateAsync());
        await LeaseAsync();
    }

    [Fact]
    public async Task A_lease_that_can_not_be_kept_is_none()
    {
        await StartAsync(ExportStatus.Available);
        Directory.CreateDirectory(State.Folder("devices").PathOf("1-1.json.new"));
        Assert.Equal(LeaseRefusal.Failed, (await RefusalAsync(Samples.Holder)).Refusal);
        Assert.Equal((DeviceState.Available, null), await StateAsync());
    }

    private Importer Resume(LeaseGranted lease, ulong ahead)
    {
        var importer = Connect();
        Tell(importer.Serve(lease.Secret.IdOf(Samples.BusId, new Epoch(lease.Epoch.Value + ahead)), resume: true));
        return importer;
    }

    private async Task DroppedAsync(LeaseId id, bool resume = false)
    {
        var importer = Connect();
        Tell(importer.Serve(id, resume: resume));
        await SettleAsync();
        Assert.Null(importer.ReadAnswer());
    }
}
