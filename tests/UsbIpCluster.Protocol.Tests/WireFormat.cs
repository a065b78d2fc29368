using FsCheck;
using FsCheck.Fluent;

namespace UsbIpCluster.Protocol.Tests;

/// <summary>What a reader said, whatever it reads.</summary>
/// <param name="Encoded">The value that was read, written again; null unless complete.</param>
internal sealed record Outcome(ReadStatus Status, int Consumed, int Missing, string? Reason, byte[]? Encoded);

/// <summary>One message or descriptor: its reader, and valid examples of it.</summary>
internal sealed record WireFormat(string Name, WireFormat.Reader Read, Func<IReadOnlyList<byte[]>> Examples)
{
    /// <summary>The buffer that isochronous packets lie in.</summary>
    public const int IsoBufferLength = 3 * 1024;

    private const ulong Seed = 0x0111;

    public delegate Outcome Reader(ReadOnlySpan<byte> source);

    public delegate ReadResult<T> TypedReader<T>(ReadOnlySpan<byte> source);

    public static IReadOnlyList<WireFormat> All { get; } =
    [
        For(nameof(OpRequest), OpRequest.Read, request => request.Encode(), Wild.OpRequest),
        For(nameof(ImportReply), ImportReply.Read, reply => reply.Encode(), Wild.ImportReply),
        For(nameof(DevlistReply), DevlistReply.Read, Encode, Gen.Choose(0, 4096).Select(count => new DevlistReply(OpStatus.Ok, count))),
        For(nameof(DevlistDevice), DevlistDevice.Read, device => Written(device.Size, device.Write), Wild.DevlistDevice),
        For(nameof(CmdSubmit), CmdSubmit.Read, command => Written(UrbHeader.Size, command.Write), Wild.CmdSubmit),
        For(nameof(RetSubmit), RetSubmit.Read, reply => Written(UrbHeader.Size, reply.Write), Wild.RetSubmit),
        For(nameof(CmdUnlink), CmdUnlink.Read, command => Written(UrbHeader.Size, command.Write), Wild.CmdUnlink),
        For(nameof(RetUnlink), RetUnlink.Read, reply => Written(UrbHeader.Size, reply.Write), Wild.RetUnlink),
        For(
            nameof(IsoPacketDescriptor),
            source => IsoPacketDescriptor.Read(source, IsoBufferLength),
            packet => Written(IsoPacketDescriptor.Size, packet.Write),
            Wild.IsoPacket(IsoBufferLength)),
        For(
            nameof(DeviceDescriptor),
            DeviceDescriptor.Read,
            descriptor => Written(DeviceDescriptor.Size, descriptor.Write),
            Wild.DeviceDescriptor),
        For(
            nameof(DeviceQualifierDescriptor),
            DeviceQualifierDescriptor.Read,
            descriptor => Written(DeviceQualifierDescriptor.Size, descriptor.Write),
            Wild.DeviceQualifier),
        For(nameof(UsbConfiguration), UsbConfiguration.Read, configuration => configuration.Encode(), Wild.Configuration),
        For(nameof(StringDescriptor), StringDescriptor.Read, StringDescriptor.Encode, Wild.PrintableString),
    ];

    public static TheoryData<string> Names => [.. All.Select(format => format.Name)];

    public static WireFormat Named(string name) => All.Single(format => format.Name == name);

    /// <summary>What a writer puts into so many bytes; fails when it says that it wrote another number.</summary>
    public static byte[] Written(int size, Func<Span<byte>, int> write)
    {
        // The room is dirty: a writer that skips a byte is found out.
        var bytes = new byte[size];
        bytes.AsSpan().Fill(0xa5);
        Assert.Equal(size, write(bytes));
        return bytes;
    }

    private static WireFormat For<T>(string name, TypedReader<T> read, Func<T, byte[]> encode, Gen<T> valid) => new(
        name,
        source =>
        {
            var result = read(source);
            return new Outcome(
                result.Status, result.Consumed, result.Missing, result.Reason, result.IsComplete ? encode(result.Value) : null);
        },
        () => [.. Gen.Sample(valid, 20, new Rnd(Seed), 20).Select(encode)]);

    private static byte[] Encode(DevlistReply reply)
    {
        if (reply.Status != OpStatus.Ok)
            return Written(OpHeader.Size, new OpHeader(OpCode.DevlistReply, reply.Status).Write);
        var bytes = DevlistReply.Encode([]);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(OpHeader.Size), reply.Count);
        return bytes;
    }
}
