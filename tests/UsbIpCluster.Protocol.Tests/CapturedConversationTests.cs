using System.Text;

namespace UsbIpCluster.Protocol.Tests;

/// <summary>What the stock tools and real kernels said to each other: every message is read, and written again byte for byte.</summary>
public sealed class CapturedConversationTests
{
    private const byte GetDescriptor = 6;

    public static TheoryData<string> Conversations => [.. CapturedConversation.Names];

    [Fact]
    public void The_four_conversations_are_there() =>
        Assert.Equal(["acm", "audio", "devlist", "disk", "unknown"], CapturedConversation.Names);

    [Theory]
    [MemberData(nameof(Conversations))]
    public void Every_message_is_written_again_byte_for_byte(string name)
    {
        var conversation = CapturedConversation.Load(name);
        foreach (var message in conversation.Importer.Concat(conversation.Exporter))
            Assert.Equal(Convert.ToHexString(message.Raw), Convert.ToHexString(message.Encoded));
    }

    [Fact]
    public void The_list_has_a_disk_and_a_serial_port()
    {
        var devices = CapturedConversation.Load("devlist").Exporter.Select(message => message.Message).OfType<DevlistDevice>();
        Assert.Equal([0xa4a5, 0xa4a7], devices.Select(device => (int)device.Record.ProductId).Order());
    }

    /// <summary>usbip-host unconfigures what it takes, so the stock server counts no interfaces: a class is known from elsewhere.</summary>
    [Fact]
    public void The_stock_server_tells_no_configuration_and_no_interfaces()
    {
        var devices = CapturedConversation.Load("devlist").Exporter.Select(message => message.Message).OfType<DevlistDevice>();
        Assert.All(devices, device => Assert.Equal((0, 0), (device.Record.ConfigurationValue, device.Interfaces.Length)));
    }

    [Fact]
    public void The_disk_is_granted_with_its_record()
    {
        var conversation = CapturedConversation.Load("disk");
        var request = Assert.IsType<OpRequest.Import>(conversation.Importer[0].Message);
        var reply = Assert.IsType<ImportReply>(conversation.Exporter[0].Message);

        Assert.True(reply.IsGranted);
        Assert.Equal((request.BusId, UsbSpeed.High), (reply.Device.BusId, reply.Device.Speed));
        Assert.EndsWith($"/{request.BusId}", reply.Device.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_names_the_device_of_the_import_reply()
    {
        var conversation = CapturedConversation.Load("acm");
        var device = ((ImportReply)conversation.Exporter[0].Message).Device!.DeviceId;

        Assert.All(conversation.Importer.Skip(1), message => Assert.Equal(device, UrbHeader.Read(message.Raw).Value.DeviceId));
    }

    [Fact]
    public void Every_unlink_of_the_serial_port_takes_a_pending_read_back()
    {
        var conversation = CapturedConversation.Load("acm");
        var unlinks = conversation.Importer.Select(message => message.Message).OfType<CmdUnlink>().ToList();
        var replies = conversation.Exporter.Select(message => message.Message).OfType<RetUnlink>().ToList();

        Assert.Equal(34, unlinks.Count);
        Assert.Equal(unlinks.Select(unlink => unlink.SequenceNumber).Order(), replies.Select(reply => reply.SequenceNumber).Order());
        Assert.All(replies, reply => Assert.Equal(-104, reply.Status));
        Assert.Empty(unlinks.Select(unlink => unlink.UnlinkSequenceNumber)
            .Intersect(conversation.Transfers().Select(transfer => transfer.Submit.SequenceNumber)));
    }

    [Fact]
    public void An_unknown_device_does_not_exist()
    {
        var reply = Assert.IsType<ImportReply>(CapturedConversation.Load("unknown").Exporter.Single().Message);
        Assert.Equal((OpStatus.NoDev, false), (reply.Status, reply.IsGranted));
    }

    [Fact]
    public void The_isochronous_transfer_returns_what_the_device_took_of_each_packet()
    {
        var conversation = CapturedConversation.Load("audio");
        var sent = conversation.Importer.Select(message => message.Message).OfType<IsoPacketDescriptor>();
        var returned = conversation.Exporter.Select(message => message.Message).OfType<IsoPacketDescriptor>();

        Assert.Equal([(0, 192), (192, 96), (288, 0), (288, 192)], sent.Select(packet => (packet.Offset, packet.Length)));
        Assert.Equal([(192, 0), (0, 0), (0, 0), (192, 0)], returned.Select(packet => (packet.ActualLength, packet.Status)));
    }

    [Theory]
    [InlineData("disk")]
    [InlineData("acm")]
    public void The_device_descriptor_says_what_the_record_says(string name)
    {
        var conversation = CapturedConversation.Load(name);
        var record = ((ImportReply)conversation.Exporter[0].Message).Device!;
        var bytes = Descriptors(conversation, DescriptorType.Device).First(data => data.Length == DeviceDescriptor.Size);
        var descriptor = DeviceDescriptor.Read(bytes).Value;

        Assert.Equal(
            (record.VendorId, record.ProductId, record.DeviceRelease, record.DeviceClass, record.ConfigurationCount),
            (descriptor.VendorId, descriptor.ProductId, descriptor.DeviceRelease, descriptor.DeviceClass, descriptor.ConfigurationCount));
        Assert.Equal(bytes, WireFormat.Written(DeviceDescriptor.Size, descriptor.Write));
    }

    [Theory]
    [InlineData("disk", "mass-storage:Bulk In 1,Bulk Out 2")]
    [InlineData("acm", "cdc:Interrupt In 5 cdc-data:Bulk In 1,Bulk Out 2")]
    public void The_configuration_is_read_and_written_again_byte_for_byte(string name, string expected)
    {
        var bytes = Descriptors(CapturedConversation.Load(name), DescriptorType.Configuration).MaxBy(data => data.Length);
        var read = UsbConfiguration.Read(bytes);

        Assert.True(read.IsComplete, read.Reason);
        Assert.Equal(expected, string.Join(' ', read.Value.Interfaces.Select(Describe)));
        Assert.Equal(bytes, read.Value.Encode());
    }

    [Theory]
    [InlineData("disk", "VECTOR-DISK")]
    [InlineData("acm", "VECTOR-ACM")]
    public void The_serial_number_is_among_the_strings(string name, string serial)
    {
        var strings = Descriptors(CapturedConversation.Load(name), DescriptorType.String).ToList();
        Assert.Contains(serial, strings.Select(bytes => StringDescriptor.Read(bytes).Value));
        Assert.Contains(StringDescriptor.EncodeLanguages(StringDescriptor.EnglishUnitedStates), strings);
    }

    [Fact]
    public void What_was_written_to_the_serial_port_is_the_data_of_an_OUT_transfer() => Assert.Contains(
        CapturedConversation.Load("acm").Transfers(),
        one => one.Submit is { Direction: UrbDirection.Out, Endpoint: 2 } && Encoding.ASCII.GetString(one.Data) == "vector\n");

    private static IEnumerable<byte[]> Descriptors(CapturedConversation conversation, DescriptorType type) =>
        from transfer in conversation.Transfers()
        let setup = transfer.Submit.Setup
        where transfer.Submit.Endpoint == 0 && setup is { IsIn: true, Type: SetupRequestType.Standard, Request: GetDescriptor }
        where setup.Value >> 8 == (int)type && transfer.Data.Length > 0
        select transfer.Data;

    private static string Describe(UsbInterface setting) => UsbClassCodes.NameOf(setting.InterfaceClass.Class) + ":" + string.Join(
        ',', setting.Endpoints.Select(one => $"{one.Descriptor.TransferType} {one.Descriptor.Direction} {one.Descriptor.Number}"));
}
