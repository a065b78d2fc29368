using FsCheck;
using FsCheck.Fluent;

namespace UsbIpCluster.Protocol.Tests;

/// <summary>What is written is read again as the same value, with exactly the bytes that were written.</summary>
public sealed class RoundTripTests
{
    [Fact]
    public void Requests() => RoundTrips(Wild.OpRequest, request => request.Encode(), OpRequest.Read);

    [Fact]
    public void Import_replies() => RoundTrips(Wild.ImportReply, reply => reply.Encode(), ImportReply.Read);

    [Fact]
    public void Device_records() =>
        RoundTrips(Wild.Record, record => WireFormat.Written(UsbDeviceRecord.Size, record.Write), UsbDeviceRecord.Read);

    [Fact]
    public void Device_lists()
    {
        var lists = from count in Gen.Choose(0, 5) from devices in Wild.DevlistDevice.ArrayOf(count) select devices;
        Prop.ForAll(lists.ToArbitrary(), devices => devices.SequenceEqual(ReadList(DevlistReply.Encode(devices))))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Submits() => RoundTrips(Wild.CmdSubmit, command => WireFormat.Written(UrbHeader.Size, command.Write), CmdSubmit.Read);

    [Fact]
    public void Returns() => RoundTrips(Wild.RetSubmit, reply => WireFormat.Written(UrbHeader.Size, reply.Write), RetSubmit.Read);

    [Fact]
    public void Unlinks() => RoundTrips(Wild.CmdUnlink, command => WireFormat.Written(UrbHeader.Size, command.Write), CmdUnlink.Read);

    [Fact]
    public void Replies_to_unlinks() =>
        RoundTrips(Wild.RetUnlink, reply => WireFormat.Written(UrbHeader.Size, reply.Write), RetUnlink.Read);

    [Fact]
    public void Isochronous_packets() => RoundTrips(
        Wild.IsoPacket(WireFormat.IsoBufferLength),
        packet => WireFormat.Written(IsoPacketDescriptor.Size, packet.Write),
        source => IsoPacketDescriptor.Read(source, WireFormat.IsoBufferLength));

    [Fact]
    public void Setup_packets() => RoundTrips(
        Wild.Setup,
        setup => WireFormat.Written(SetupPacket.Size, setup.Write),
        source => ReadResult.Complete(SetupPacket.Read(source), SetupPacket.Size));

    [Fact]
    public void Device_descriptors() => RoundTrips(
        Wild.DeviceDescriptor, descriptor => WireFormat.Written(DeviceDescriptor.Size, descriptor.Write), DeviceDescriptor.Read);

    [Fact]
    public void Device_qualifiers() => RoundTrips(
        Wild.DeviceQualifier,
        descriptor => WireFormat.Written(DeviceQualifierDescriptor.Size, descriptor.Write),
        DeviceQualifierDescriptor.Read);

    [Fact]
    public void Interface_descriptors() => RoundTrips(
        Wild.InterfaceDescriptor, descriptor => WireFormat.Written(InterfaceDescriptor.Size, descriptor.Write), InterfaceDescriptor.Read);

    [Fact]
    public void Endpoint_descriptors() => RoundTrips(
        Wild.EndpointDescriptor, descriptor => WireFormat.Written(EndpointDescriptor.Size, descriptor.Write), EndpointDescriptor.Read);

    [Fact]
    public void Configurations() => RoundTrips(Wild.Configuration, configuration => configuration.Encode(), UsbConfiguration.Read);

    [Fact]
    public void Strings() => RoundTrips(Wild.PrintableString, StringDescriptor.Encode, StringDescriptor.Read);

    private static void RoundTrips<T>(Gen<T> values, Func<T, byte[]> encode, WireFormat.TypedReader<T> read) =>
        Prop.ForAll(values.ToArbitrary(), value =>
        {
            var bytes = encode(value);
            var result = read([.. bytes, 0xff, 0xff]);
            return result.IsComplete && result.Consumed == bytes.Length && EqualityComparer<T>.Default.Equals(value, result.Value);
        }).QuickCheckThrowOnFailure();

    private static List<DevlistDevice> ReadList(ReadOnlySpan<byte> bytes)
    {
        var start = DevlistReply.Read(bytes);
        Assert.True(start.IsComplete, start.Reason);
        bytes = bytes[start.Consumed..];
        var devices = new List<DevlistDevice>();
        for (var i = 0; i < start.Value.Count; i++)
        {
            var device = DevlistDevice.Read(bytes);
            Assert.True(device.IsComplete, device.Reason);
            devices.Add(device.Value);
            bytes = bytes[device.Consumed..];
        }

        Assert.True(bytes.IsEmpty);
        return devices;
    }
}
