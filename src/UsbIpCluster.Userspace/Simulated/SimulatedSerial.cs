using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// A serial adapter (CDC ACM) with its transmit line wired to its receive line: what is written to bulk OUT 2 comes back on bulk IN 2.
/// Its buffer is bounded; when it is full, OUT transfers wait until IN transfers have made room. Interrupt IN 1 never reports anything.
/// </summary>
public sealed class SimulatedSerial : SimulatedDevice
{
    /// <summary>The bulk endpoint that data is written to.</summary>
    public const byte DataOut = 0x02;

    /// <summary>The bulk endpoint that it comes back on.</summary>
    public const byte DataIn = 0x82;

    /// <summary>The interrupt endpoint for changes of the line, which has none.</summary>
    public const byte NotifyIn = 0x81;

    /// <summary>How many bytes it holds unless told otherwise.</summary>
    public const int DefaultBufferSize = 256 * 1024;

    private const byte SetLineCoding = 0x20;
    private const byte GetLineCoding = 0x21;
    private const byte SetControlLineState = 0x22;

    private readonly ByteRing _loop;
    private readonly byte[] _lineCoding = new byte[7];

    /// <summary>Creates an adapter with this serial number and test ids (1209:0001).</summary>
    public SimulatedSerial(string serial)
        : this(new SimulatedIdentity(SimulatedIdentity.TestVendorId, 0x0001, "UsbIpCluster", "Simulated serial adapter", serial))
    {
    }

    /// <summary>Creates an adapter.</summary>
    /// <param name="identity">Who it says it is.</param>
    /// <param name="bufferSize">How many bytes it holds, at least 1.</param>
    public SimulatedSerial(SimulatedIdentity identity, int bufferSize = DefaultBufferSize)
        : base(identity, UsbSpeed.High, new UsbClass(2, 0, 0), Configuration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferSize, 1);
        _loop = new ByteRing(bufferSize);
    }

    // Source of the class descriptors: USB CDC 1.2, section 5.2.3, and its PSTN subclass, section 5.3.
    private static UsbConfiguration Configuration { get; } = new(
        Value: 1,
        StringIndex: 0,
        Attributes: 0x80,
        MaxPower: 50,
        Others: [],
        Interfaces:
        [
            new UsbInterface(
                Number: 0,
                AlternateSetting: 0,
                new UsbClass(2, 2, 1), // communications, abstract control model, AT commands
                StringIndex: 0,
                Others:
                [
                    OtherDescriptor.Create((byte)DescriptorType.ClassSpecificInterface, 0, 0x10, 0x01), // CDC 1.1
                    OtherDescriptor.Create((byte)DescriptorType.ClassSpecificInterface, 1, 0, 1), // no call management; data: 1
                    OtherDescriptor.Create((byte)DescriptorType.ClassSpecificInterface, 2, 2), // line coding, control line state
                    OtherDescriptor.Create((byte)DescriptorType.ClassSpecificInterface, 6, 0, 1), // interfaces 0 and 1 are one function
                ],
                [Endpoint(NotifyIn, EndpointTransferType.Interrupt, maxPacketSize: 16, interval: 9)]),
            new UsbInterface(
                Number: 1,
                AlternateSetting: 0,
                new UsbClass(10, 0, 0), // data
                StringIndex: 0,
                Others: [],
                [Endpoint(DataOut, EndpointTransferType.Bulk, 512, 0), Endpoint(DataIn, EndpointTransferType.Bulk, 512, 0)]),
        ]);

    /// <inheritdoc/>
    protected override TransferResult Control(in SetupPacket setup, ReadOnlySpan<byte> data, Span<byte> reply)
    {
        switch (setup.RequestType, setup.Request)
        {
            case (0x21, SetLineCoding) when data.Length == _lineCoding.Length:
                data.CopyTo(_lineCoding);
                return TransferResult.Done(data.Length);
            case (0xa1, GetLineCoding):
                return Reply(_lineCoding, reply);
            case (0x21, SetControlLineState) when data.IsEmpty:
                return TransferResult.Done(0);
            default:
                return TransferResult.Stall;
        }
    }

    /// <inheritdoc/>
    protected override TransferResult Read(byte endpoint, Span<byte> destination)
    {
        if (endpoint != (DataIn & 0x0f) || (_loop.Count == 0 && !destination.IsEmpty))
            return TransferResult.Pending;
        var length = _loop.Read(destination);
        Ready(DataOut);
        return TransferResult.Done(length);
    }

    /// <inheritdoc/>
    protected override TransferResult Write(byte endpoint, ReadOnlySpan<byte> source)
    {
        var length = _loop.Write(source);
        if (length > 0)
            Ready(DataIn);
        return length == source.Length ? TransferResult.Done(length) : TransferResult.Taken(length);
    }

    /// <inheritdoc/>
    protected override void Reset()
    {
        _loop.Clear();
        // 115200 baud, 1 stop bit, no parity, 8 data bits.
        ReadOnlySpan<byte> coding = [0x00, 0xc2, 0x01, 0x00, 0, 0, 8];
        coding.CopyTo(_lineCoding);
    }

    private static UsbEndpoint Endpoint(byte address, EndpointTransferType type, ushort maxPacketSize, byte interval) =>
        new(new EndpointDescriptor(address, (byte)type, maxPacketSize, interval));
}
