using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What an importer gets for its URBs.</summary>
public sealed class UrbServerTests : UrbTestBase
{
    [Fact]
    public async Task Many_urbs_in_one_write_are_all_answered_in_order()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var commands = Enumerable.Range(0, 1000).Select(_ => importer.NewGetDeviceDescriptor()).ToArray();
        importer.Socket.Send(commands.SelectMany(each => RawImporter.Encode(each, [])).ToArray());

        foreach (var command in commands)
        {
            var (reply, data) = importer.ReceiveIn();
            Assert.Equal((command.SequenceNumber, 0), (reply.SequenceNumber, reply.Status));
            Assert.Equal(0x1209, DeviceDescriptor.Read(data).Value.VendorId);
        }
    }

    [Fact]
    public async Task A_urb_that_comes_byte_by_byte_is_answered()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var command = importer.NewSubmit(UrbDirection.Out, Bulk, 5);
        foreach (var value in RawImporter.Encode(command, "hello"u8))
            importer.Socket.Send([value]);

        Assert.Equal((command.SequenceNumber, 0, 5), Key(importer.ReceiveReturn()));
        importer.Submit(UrbDirection.In, Bulk, 100);
        Assert.Equal("hello"u8.ToArray(), importer.ReceiveIn().Data);
    }

    [Fact]
    public async Task A_pending_transfer_is_answered_when_the_device_has_something()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Keyboard);
        var sequenceNumber = importer.Submit(UrbDirection.In, Interrupt, 8);
        importer.AssertAlive();
        Assert.True(Keys.Press(4));

        var (reply, data) = importer.ReceiveIn();
        Assert.Equal((sequenceNumber, 0, 8), Key(reply));
        Assert.Equal([0, 0, 4, 0, 0, 0, 0, 0], data);
    }

    [Fact]
    public async Task Pending_transfers_of_an_endpoint_are_answered_in_their_order()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var first = importer.Submit(UrbDirection.In, Bulk, 3);
        var second = importer.Submit(UrbDirection.In, Bulk, 3);
        var written = importer.Write(Bulk, [1, 2, 3, 4, 5]);

        Assert.Equal((written, 0, 5), Key(importer.ReceiveReturn()));
        AssertIn(first, [1, 2, 3], importer.ReceiveIn());
        AssertIn(second, [4, 5], importer.ReceiveIn());
    }

    [Theory]
    [InlineData(UrbDirection.In)]
    [InlineData(UrbDirection.Out)]
    public async Task No_transfer_overtakes_a_pending_one_of_its_endpoint(UrbDirection direction)
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Valve);
        var first = importer.Submit(direction, ValveDevice.Endpoint, ValveDevice.Large);
        var second = importer.Submit(direction, ValveDevice.Endpoint, 1);
        importer.AssertAlive();
        TheValve.Open();

        Assert.Equal((first, 0, ValveDevice.Large), Key(ReceiveReturn()));
        Assert.Equal((second, 0, 1), Key(ReceiveReturn()));

        RetSubmit ReceiveReturn() => direction == UrbDirection.In ? importer.ReceiveIn().Reply : importer.ReceiveReturn();
    }

    [Fact]
    public async Task A_transfer_to_a_full_device_is_taken_as_room_is_made()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var data = Enumerable.Range(0, 2500).Select(each => (byte)each).ToArray();
        var written = importer.Write(Bulk, data);
        importer.AssertAlive();
        var received = new List<byte>();
        for (var replies = 0; replies < 4;)
        {
            importer.Submit(UrbDirection.In, Bulk, 1000);
            for (var own = false; !own && replies < 4; replies++)
            {
                var reply = importer.ReceiveReturn();
                own = reply.SequenceNumber != written;
                if (own)
                    received.AddRange(importer.Receive(reply.ActualLength));
                else
                    Assert.Equal((written, 0, data.Length), Key(reply));
            }
        }

        Assert.Equal(data, received);
    }

    [Theory]
    [InlineData(UrbDirection.In, 3)]
    [InlineData(UrbDirection.Out, 1)] // there as IN only
    [InlineData(UrbDirection.Out, 15)]
    public async Task A_transfer_of_a_missing_endpoint_is_stalled(UrbDirection direction, byte endpoint)
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var urb = importer.Submit(direction, endpoint, 10);

        Assert.Equal((urb, Stalled, 0), Key(importer.ReceiveReturn()));
        importer.AssertAlive();
    }

    [Theory]
    [InlineData(UrbDirection.In)]
    [InlineData(UrbDirection.Out)]
    public async Task An_isochronous_urb_is_refused_packet_by_packet(UrbDirection direction)
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        var command = importer.NewSubmit(direction, 4, 300, packets: 3);
        var payload = new byte[command.PayloadSize];
        for (var packet = 0; packet < 3; packet++)
            new IsoPacketDescriptor(packet * 100, 100, 0, 0).Write(payload.AsSpan(command.DataSize + (packet * IsoPacketDescriptor.Size)));
        importer.Socket.Send(RawImporter.Encode(command, payload));

        Assert.Equal(new RetSubmit(command.SequenceNumber, Stalled, 0, 0, 3, 3), importer.ReceiveReturn());
        for (var packet = 0; packet < 3; packet++)
        {
            Assert.Equal(
                new IsoPacketDescriptor(packet * 100, 100, 0, Stalled),
                IsoPacketDescriptor.Read(importer.Receive(IsoPacketDescriptor.Size), 300).Value);
        }

        importer.AssertAlive();
    }

    [Fact]
    public async Task More_pending_urbs_than_allowed_are_answered_with_out_of_memory()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Keyboard);
        for (var urb = 0; urb < 100; urb++)
            importer.Submit(UrbDirection.In, Interrupt, 8);
        var last = importer.Submit(UrbDirection.In, Interrupt, 8);

        Assert.Equal((last, OutOfMemory, 0), Key(importer.ReceiveReturn()));
        importer.AssertAlive();
    }

    [Fact]
    public async Task More_held_data_than_allowed_is_answered_with_out_of_memory()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        importer.Write(Bulk, new byte[1000 + 5000]);
        var last = importer.Write(Bulk, new byte[1]);

        Assert.Equal((last, OutOfMemory, 0), Key(importer.ReceiveReturn()));
        importer.AssertAlive();
    }

    [Fact]
    public async Task Held_data_counts_no_longer_than_it_is_held()
    {
        using var importer = await RawImporter.ImportAsync(Exporter, Serial);
        for (var round = 0; round < 5; round++)
        {
            importer.Unlink(importer.Write(Bulk, new byte[3000]));
            Assert.Equal(Unlinked, importer.ReceiveUnlinked().Status);
        }
    }

    [Fact]
    public async Task Nothing_of_a_session_is_seen_in_the_next()
    {
        using (var first = await RawImporter.ImportAsync(Exporter, Serial))
        {
            first.Submit(UrbDirection.Out, 0, 7, new SetupPacket(0x21, 0x20, 0, 0, 7)); // line coding: all zero
            first.Submit(UrbDirection.In, Bulk, 500);
            first.Submit(UrbDirection.In, Interrupt, 16);
            first.Write(Bulk, new byte[900]);
            first.Receive((3 * UrbHeader.Size) + 500); // line coding set, 900 written, 500 read
        }

        await Exporter.ReleaseAsync(Serial, default);
        using var second = await RawImporter.ImportAsync(Exporter, Serial);
        second.Submit(UrbDirection.In, 0, 7, new SetupPacket(0xa1, 0x21, 0, 0, 7));
        Assert.Equal([0x00, 0xc2, 0x01, 0x00, 0, 0, 8], second.ReceiveIn().Data);
        second.Submit(UrbDirection.In, Bulk, 500);
        second.AssertAlive();
        second.Write(Bulk, [9]);
        Assert.Equal(1, second.ReceiveReturn().ActualLength);
        Assert.Equal([9], second.ReceiveIn().Data);
    }
}
