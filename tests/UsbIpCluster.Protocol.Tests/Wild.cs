using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;

namespace UsbIpCluster.Protocol.Tests;

/// <summary>Generators of every message and of what is in them.</summary>
internal static class Wild
{
    public static Gen<byte> Byte { get; } = Gen.Choose(0, 255).Select(value => (byte)value);

    public static Gen<ushort> UInt16 { get; } = Gen.Choose(0, ushort.MaxValue).Select(value => (ushort)value);

    public static Gen<int> Int32 { get; } = Gen.Frequency(
        (1, Gen.Elements(0, 1, -1, int.MinValue, int.MaxValue)),
        (4, from high in UInt16 from low in UInt16 select (high << 16) | low));

    public static Gen<uint> UInt32 { get; } = Int32.Select(value => (uint)value);

    public static Gen<DeviceId> DeviceId { get; } = UInt32.Select(Protocol.DeviceId.FromValue);

    public static Gen<UsbClass> Class { get; } =
        from code in Byte from subClass in Byte from protocol in Byte select new UsbClass(code, subClass, protocol);

    public static Gen<BusId> BusId { get; } =
        from first in Gen.Elements("0123456789abcxyzABC".ToCharArray())
        from rest in Text("0123456789-_:abcXYZ", Protocol.BusId.MaxLength - 1)
        select Protocol.BusId.Parse(first + rest);

    public static Gen<LeaseId> LeaseId { get; } = Bytes(Protocol.LeaseId.Size).Select(bytes => Protocol.LeaseId.Read(bytes));

    public static Gen<OpRequest> OpRequest { get; } = Gen.OneOf(
        Gen.Constant<OpRequest>(new OpRequest.ListDevices()),
        BusId.Select(OpRequest (busId) => new OpRequest.Import(busId)),
        LeaseId.Select(OpRequest (lease) => new OpRequest.UseLease(lease)),
        LeaseId.Select(OpRequest (lease) => new OpRequest.ResumeLease(lease)));

    public static Gen<UsbDeviceRecord> Record { get; } =
        from path in Text(string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)), UsbDeviceRecord.PathSize - 1)
        from busId in BusId
        from deviceId in DeviceId
        from speed in Gen.Choose(0, 6)
        from ids in UInt16.ArrayOf(3)
        from deviceClass in Class
        from counts in Bytes(3)
        select new UsbDeviceRecord(
            path, busId, deviceId, (UsbSpeed)speed, ids[0], ids[1], ids[2], deviceClass, counts[0], counts[1], counts[2]);

    public static Gen<ImportReply> ImportReply { get; } = Gen.OneOf(
        Record.Select(Protocol.ImportReply.Granted),
        Int32.Where(status => status != 0).Select(status => Protocol.ImportReply.Refused((OpStatus)status)));

    public static Gen<DevlistDevice> DevlistDevice { get; } =
        from record in Record
        from interfaces in Class.ArrayOf(record.InterfaceCount)
        select new DevlistDevice(record, [.. interfaces]);

    public static Gen<SetupPacket> Setup { get; } =
        Bytes(SetupPacket.Size).Select(bytes => SetupPacket.Read(bytes));

    public static Gen<CmdSubmit> CmdSubmit { get; } =
        from numbers in UInt32.ArrayOf(2)
        from deviceId in DeviceId
        from direction in Direction
        from endpoint in Gen.Choose(0, UrbHeader.MaxEndpoint)
        from length in Gen.Choose(0, UrbHeader.MaxTransferLength)
        from packets in Gen.Choose(-1, UrbHeader.MaxIsoPackets)
        from frames in Int32.ArrayOf(2)
        from setup in Setup
        select new CmdSubmit(
            numbers[0], deviceId, direction, (byte)endpoint, numbers[1], length, frames[0], packets, frames[1], setup);

    public static Gen<RetSubmit> RetSubmit { get; } =
        from sequenceNumber in UInt32
        from length in Gen.Choose(0, UrbHeader.MaxTransferLength)
        from packets in Gen.Choose(-1, UrbHeader.MaxIsoPackets)
        from others in Int32.ArrayOf(3)
        select new RetSubmit(sequenceNumber, others[0], length, others[1], packets, others[2]);

    public static Gen<CmdUnlink> CmdUnlink { get; } =
        from numbers in UInt32.ArrayOf(2) from deviceId in DeviceId select new CmdUnlink(numbers[0], deviceId, numbers[1]);

    public static Gen<RetUnlink> RetUnlink { get; } =
        from sequenceNumber in UInt32 from status in Int32 select new RetUnlink(sequenceNumber, status);

    public static Gen<IsoPacketDescriptor> IsoPacket(int bufferLength) =>
        from offset in Gen.Choose(0, bufferLength)
        from length in Gen.Choose(0, bufferLength - offset)
        from actualLength in Gen.Choose(0, length)
        from status in Int32
        select new IsoPacketDescriptor(offset, length, actualLength, status);

    public static Gen<DeviceDescriptor> DeviceDescriptor { get; } =
        from words in UInt16.ArrayOf(4)
        from deviceClass in Class
        from bytes in Bytes(5)
        select new DeviceDescriptor(
            words[0], deviceClass, bytes[0], words[1], words[2], words[3], bytes[1], bytes[2], bytes[3], bytes[4]);

    public static Gen<DeviceQualifierDescriptor> DeviceQualifier { get; } =
        from release in UInt16
        from deviceClass in Class
        from bytes in Bytes(2)
        select new DeviceQualifierDescriptor(release, deviceClass, bytes[0], bytes[1]);

    public static Gen<EndpointDescriptor> EndpointDescriptor { get; } =
        from bytes in Bytes(3) from packet in UInt16 select new EndpointDescriptor(bytes[0], bytes[1], packet, bytes[2]);

    public static Gen<InterfaceDescriptor> InterfaceDescriptor { get; } =
        from bytes in Bytes(4) from code in Class select new InterfaceDescriptor(bytes[0], bytes[1], bytes[2], code, bytes[3]);

    /// <summary>Of any type but interface and endpoint, which would be read as such.</summary>
    public static Gen<OtherDescriptor> OtherDescriptor { get; } =
        from type in Byte.Where(type => type is not (byte)DescriptorType.Interface and not (byte)DescriptorType.Endpoint)
        from length in Gen.Choose(0, 30)
        from body in Bytes(length)
        select Protocol.OtherDescriptor.Create(type, body);

    public static Gen<UsbConfiguration> Configuration { get; } =
        from bytes in Bytes(4)
        from others in Few(OtherDescriptor, 2)
        from interfaces in Few(Interface, 4)
        select new UsbConfiguration(bytes[0], bytes[1], bytes[2], bytes[3], others, interfaces);

    /// <summary>Text without anything that is replaced when it is read.</summary>
    public static Gen<string> PrintableString { get; } = Text("abcXYZ 0189äß€中文", StringDescriptor.MaxLength);

    private static Gen<UsbInterface> Interface =>
        from bytes in Bytes(3)
        from code in Class
        from others in Few(OtherDescriptor, 2)
        from endpoints in Few(Endpoint, 3)
        select new UsbInterface(bytes[0], bytes[1], code, bytes[2], others, endpoints);

    private static Gen<UsbEndpoint> Endpoint =>
        from descriptor in EndpointDescriptor from others in Few(OtherDescriptor, 2) select new UsbEndpoint(descriptor, others);

    private static Gen<UrbDirection> Direction => Gen.Elements(UrbDirection.Out, UrbDirection.In);

    private static Gen<byte[]> Bytes(int count) => Byte.ArrayOf(count);

    private static Gen<ImmutableArray<T>> Few<T>(Gen<T> item, int most) =>
        from count in Gen.Choose(0, most) from items in item.ArrayOf(count) select ImmutableArray.Create(items);

    private static Gen<string> Text(string letters, int longest) =>
        from length in Gen.Choose(0, longest)
        from text in Gen.Elements(letters.ToCharArray()).ArrayOf(length)
        select new string(text);
}
