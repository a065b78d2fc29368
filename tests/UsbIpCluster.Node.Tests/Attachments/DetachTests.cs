using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What a detach names: a port, an attachment, a device, or all of them.</summary>
public sealed class DetachTests : AttachmentManagerSpec
{
    [Theory]
    [InlineData("3")]
    [InlineData("03")]
    [InlineData("a1")]
    [InlineData("A1")]
    [InlineData("lab1/1-1")]
    [InlineData("serial=S-1-1")]
    [InlineData("SERIAL=s-1-1,CLASS=MASS-STORAGE")]
    public async Task An_attachment_is_named_by_its_port_its_id_or_its_device(string target)
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        await AttachToAsync(3, "serial=S-1-1,class=mass-storage");
        await AttachToAsync(4, "lab1/1-2");
        var answer = DetachAsync(target);
        var detach = await Controller.NextAsync("detach");
        Assert.Equal(new PortNumber(3), detach.Port);
        detach.Detach();
        Assert.Equal("a1", Assert.Single((await answer).Attachments).Id.ToString());
        await AwaitAssertAsync(async () => Assert.Equal("a2", Assert.Single((await SnapshotAsync()).Attachments).Id.ToString()));
    }

    [Fact]
    public async Task All_are_detached_at_once()
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        await AttachToAsync(3, "lab1/1-1");
        await AttachToAsync(4, "lab1/1-2");
        var answer = DetachAsync(null);
        var (first, second) = (await Controller.NextAsync("detach"), await Controller.NextAsync("detach"));
        second.Detach();
        first.Detach();
        Assert.Equal(["a1", "a2"], (await answer).Attachments.Select(status => status.Id.ToString()));
        await Inventory.FishForMessageAsync<InventoryActor.LocalAttachments>(count => count.Count == 0);
    }

    [Fact]
    public async Task All_of_nothing_is_nothing() => Assert.Empty((await DetachAsync(null)).Attachments);

    [Theory]
    [InlineData("serial=nobody", "SERIAL=nobody")]
    [InlineData("0525:a4a5,class=hid", "class=03,0525:A4A5")]
    public async Task An_attachment_without_a_port_is_named_by_its_selector_however_that_is_written(string selector, string target)
    {
        _ = AttachAsync(selector, Seconds(60));
        await Inventory.ExpectMsgAsync<InventoryActor.LocalAttachments>();
        Assert.Single((await DetachAsync(target)).Attachments);
    }

    [Fact]
    public async Task A_plain_servers_device_is_named_by_its_id()
    {
        var attached = AttachAsync(new AttachmentTarget.Plain(Server.Address, Samples.BusId));
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(0);
        await attached;
        var answer = DetachAsync("a1");
        (await Controller.NextAsync("detach")).Detach();
        Assert.Single((await answer).Attachments);
    }

    [Theory]
    [InlineData("7", ControlError.NotFound, "nothing is attached to port 07")]
    [InlineData("a9", ControlError.NotFound, "no attachment a9")]
    [InlineData("lab1/9-9", ControlError.NotFound, "nothing that is attached here matches 'lab1/9-9'")]
    [InlineData("99999999999", ControlError.NotFound, "nothing that is attached here matches '99999999999'")]
    [InlineData("", ControlError.Usage, "the selector is empty")]
    [InlineData("colour=red", ControlError.Usage, "'colour' is no selector key")]
    public async Task What_names_nothing_is_refused(string target, ControlError error, string message)
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        var refused = await DetachRefusalAsync(target);
        Assert.Equal((error, message), (refused.Error, refused.Message));
        Assert.NotNull(refused.Hint);
        Assert.Single((await SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task What_names_several_is_refused_with_all_of_them()
    {
        await ShowAsync(Samples.Entry("1-1"), Samples.Entry("1-2"));
        await AttachToAsync(3, "lab1/1-1");
        await AttachToAsync(4, "lab1/1-2");
        var refused = await DetachRefusalAsync("class=mass-storage");
        Assert.Equal((ControlError.Usage, "'class=mass-storage' matches 2 attachments"), (refused.Error, refused.Message));
        Assert.Equal(["a1 lab1/1-1", "a2 lab1/1-2"], refused.Candidates);
    }

    [Fact]
    public async Task A_port_of_another_program_is_left_alone()
    {
        Controller.Show(5, PortStatus.Ready, new PortOrigin("10.0.0.9", "3240", BusId.Parse("1-9")));
        await SettleAsync(Manager);
        var refused = await DetachRefusalAsync("5");
        Assert.Equal((ControlError.Unavailable, "port 05 was attached by another program"), (refused.Error, refused.Message));
        Assert.Equal("usbip detach -p 5 detaches it", refused.Hint);
    }

    [Fact]
    public async Task A_detach_that_fails_is_answered_with_why()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        var answer = DetachAsync("3");
        (await Controller.NextAsync("detach")).Fail(DeviceError.NoPermission, "not root");
        var error = await Assert.ThrowsAsync<DeviceException>(() => answer);
        Assert.Equal((DeviceError.NoPermission, "not root"), (error.Error, error.Message));
    }

    [Fact]
    public async Task A_device_that_is_detached_is_given_back_to_its_exporter()
    {
        await ShowAsync(Samples.Entry("1-1"));
        await AttachToAsync(3, "lab1/1-1");
        var answer = DetachAsync("3");
        (await Controller.NextAsync("detach")).Detach();
        await answer;
        await Exports.ExpectMsgAsync(new ReleaseLease(Samples.BusId, new Holder(Samples.Lab2, new AttachmentId(1)), new Epoch(5)));
    }
}
