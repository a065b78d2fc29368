using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What an importer gets for requests on endpoint 0.</summary>
public sealed class ControlRequestTests : UrbTestBase
{
    [Theory]
    [InlineData(0x80, 6, 0x0200, 0, 9, 0, 9)] // configuration, its head
    [InlineData(0x80, 6, 0x0600, 0, 10, 0, 10)] // device qualifier
    [InlineData(0x80, 6, 0x0300, 0, 255, 0, 4)] // languages
    [InlineData(0x80, 6, 0x0303, 0x0409, 255, 0, 4)] // serial number, one character
    [InlineData(0x80, 6, 0x0301, 0x0409, 255, Stalled, 0)] // a string that it has not
    [InlineData(0x80, 6, 0x0f00, 0, 5, Stalled, 0)] // BOS, which USB 2.0 devices have not
    [InlineData(0x80, 8, 0, 0, 1, 0, 1)] // GET_CONFIGURATION
    [InlineData(0x80, 0, 0, 0, 2, 0, 2)] // GET_STATUS
    [InlineData(0x82, 0, 0, 0x82, 2, 0, 2)] // GET_STATUS of an endpoint
    [InlineData(0x82, 0, 0, 0x85, 2, Stalled, 0)] // of one that is not there
    [InlineData(0x81, 10, 0, 1, 1, 0, 1)] // GET_INTERFACE
    [InlineData(0x81, 10, 0, 2, 1, Stalled, 0)]
    [InlineData(0xa1, 0x21, 0, 0, 7, 0, 7)] // GET_LINE_CODING
    [InlineData(0xc0, 0x55, 1, 2, 64, Stalled, 0)] // a vendor's request
    [InlineData(0xff, 0xff, 0xffff, 0xffff, 0xffff, Stalled, 0)]
    [InlineData(0x00, 9, 1, 0, 8, Stalled, 0)] // a request to the device in a URB to the host
    public async Task A_request_to_the_host_is_answered_or_stalled(
        byte type, byte request, ushort value, ushort index, ushort length, int status, int actualLength)
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var urb = importer.Submit(UrbDirection.In, 0, length, new SetupPacket(type, request, value, index, length));

        Assert.Equal((urb, status, actualLength), Key(importer.ReceiveIn().Reply));
        importer.AssertAlive();
    }

    [Theory]
    [InlineData(0x00, 9, 1, 0, 0, 0)] // SET_CONFIGURATION
    [InlineData(0x00, 9, 2, 0, 0, Stalled)] // of one that it has not
    [InlineData(0x00, 5, 7, 0, 0, 0)] // SET_ADDRESS
    [InlineData(0x01, 11, 0, 1, 0, 0)] // SET_INTERFACE
    [InlineData(0x01, 11, 1, 1, 0, Stalled)] // an alternate setting that it has not
    [InlineData(0x02, 1, 0, 0x82, 0, 0)] // CLEAR_FEATURE(ENDPOINT_HALT)
    [InlineData(0x02, 1, 0, 0x8f, 0, Stalled)]
    [InlineData(0x02, 3, 9, 0x82, 0, Stalled)] // SET_FEATURE of one that endpoints have not
    [InlineData(0x21, 0x20, 0, 0, 7, 0)] // SET_LINE_CODING
    [InlineData(0x21, 0x20, 0, 0, 6, Stalled)] // cut short
    [InlineData(0x21, 0x22, 3, 0, 0, 0)] // SET_CONTROL_LINE_STATE
    [InlineData(0x40, 0x55, 1, 2, 64, Stalled)] // a vendor's request
    [InlineData(0x80, 6, 0x0100, 0, 18, Stalled)] // a request to the host in a URB to the device
    public async Task A_request_to_the_device_is_done_or_stalled(
        byte type, byte request, ushort value, ushort index, ushort length, int status)
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var urb = importer.Submit(UrbDirection.Out, 0, length, new SetupPacket(type, request, value, index, length));

        Assert.Equal((urb, status, status == 0 ? length : 0), Key(importer.ReceiveReturn()));
        importer.AssertAlive();
    }

    [Fact]
    public async Task A_control_urb_with_less_data_than_announced_is_stalled()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        importer.Submit(UrbDirection.Out, 0, 3, new SetupPacket(0x21, 0x20, 0, 0, 7));

        Assert.Equal(Stalled, importer.ReceiveReturn().Status);
    }

    [Fact]
    public async Task The_answer_to_a_request_is_never_longer_than_the_urbs_buffer()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var urb = importer.Submit(UrbDirection.In, 0, 4, new SetupPacket(0x80, 6, 0x0100, 0, 18));

        Assert.Equal((urb, 0, 4), Key(importer.ReceiveIn().Reply));
        importer.AssertAlive();
    }

    [Fact]
    public async Task A_halt_stalls_what_is_pending_and_a_clear_sets_it_going_again()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var pending = importer.Submit(UrbDirection.In, Bulk, 10);
        var halt = importer.Submit(UrbDirection.Out, 0, 0, new SetupPacket(0x02, 3, 0, 0x82, 0));
        Assert.Equal((halt, 0, 0), Key(importer.ReceiveReturn()));
        Assert.Equal((pending, Stalled, 0), Key(importer.ReceiveReturn()));

        importer.Submit(UrbDirection.In, 0, 2, new SetupPacket(0x82, 0, 0, 0x82, 2));
        Assert.Equal([1, 0], importer.ReceiveIn().Data);
        importer.Submit(UrbDirection.Out, 0, 0, new SetupPacket(0x02, 1, 0, 0x82, 0));
        Assert.Equal(0, importer.ReceiveReturn().Status);
        importer.Write(Bulk, [5]);
        Assert.Equal(0, importer.ReceiveReturn().Status);
        importer.Submit(UrbDirection.In, Bulk, 10);
        Assert.Equal([5], importer.ReceiveIn().Data);
    }

    [Fact]
    public async Task An_unconfigured_device_stalls_its_endpoints()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        importer.Submit(UrbDirection.Out, 0, 0, new SetupPacket(0x00, 9, 0, 0, 0));
        Assert.Equal(0, importer.ReceiveReturn().Status);
        importer.Write(Bulk, [5]);

        Assert.Equal(Stalled, importer.ReceiveReturn().Status);
    }
}
