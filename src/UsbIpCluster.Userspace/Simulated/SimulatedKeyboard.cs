using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>A boot keyboard (HID): its interrupt transfers wait until somebody calls <see cref="Press"/>.</summary>
public sealed class SimulatedKeyboard : SimulatedDevice
{
    /// <summary>The interrupt endpoint of its reports.</summary>
    public const byte ReportIn = 0x81;

    /// <summary>Bytes of a report: modifiers, 0, six keys.</summary>
    public const int ReportSize = 8;

    private const int MaxQueuedReports = 64;
    private const byte GetReport = 1;
    private const byte SetReport = 9;
    private const byte SetIdle = 10;
    private const byte SetProtocol = 11;

    private readonly Queue<byte> _keys = new();

    /// <summary>Creates a keyboard with this serial number and test ids (1209:0002).</summary>
    public SimulatedKeyboard(string serial)
        : this(new SimulatedIdentity(SimulatedIdentity.TestVendorId, 0x0002, "UsbIpCluster", "Simulated keyboard", serial))
    {
    }

    /// <summary>Creates a keyboard.</summary>
    public SimulatedKeyboard(SimulatedIdentity identity)
        : base(identity, UsbSpeed.Full, default, Configuration)
    {
    }

    // HID 1.11, no country, one report descriptor. Source: HID 1.11, section 6.2.1.
    private static OtherDescriptor Hid { get; } =
        OtherDescriptor.Create((byte)DescriptorType.Hid, 0x11, 0x01, 0, 1, (byte)DescriptorType.HidReport, (byte)ReportDescriptor.Length, 0);

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
                new UsbClass(3, 1, 1), // HID, boot, keyboard
                StringIndex: 0,
                Others: [Hid],
                [new UsbEndpoint(new EndpointDescriptor(ReportIn, (byte)EndpointTransferType.Interrupt, ReportSize, Interval: 10))]),
        ]);

    // Input only: 8 modifier bits, a reserved byte, 6 key codes. Source: HID 1.11, appendix B.1, without its LEDs.
    private static ReadOnlySpan<byte> ReportDescriptor =>
    [
        0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, // usage: generic desktop, keyboard; application
        0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, // modifiers
        0x95, 0x01, 0x75, 0x08, 0x81, 0x01, // reserved
        0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, // keys
        0xc0,
    ];

    /// <summary>Presses and releases a key; false when nobody has read the keys before.</summary>
    /// <param name="usage">The key's usage id, 1 to 101; 4 is A. Source: HID Usage Tables, section 10.</param>
    public bool Press(byte usage)
    {
        ArgumentOutOfRangeException.ThrowIfZero(usage);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(usage, (byte)101);
        lock (Gate)
        {
            if (_keys.Count + 2 > MaxQueuedReports)
                return false;
            _keys.Enqueue(usage);
            _keys.Enqueue(0);
            Ready(ReportIn);
            return true;
        }
    }

    /// <inheritdoc/>
    protected override TransferResult Control(in SetupPacket setup, ReadOnlySpan<byte> data, Span<byte> reply) =>
        (setup.RequestType, setup.Request, (DescriptorType)(setup.Value >> 8)) switch
        {
            (0x81, StandardRequest.GetDescriptor, DescriptorType.HidReport) => Reply(ReportDescriptor, reply),
            (0x81, StandardRequest.GetDescriptor, DescriptorType.Hid) => Reply(Hid.Bytes, reply),
            (0xa1, GetReport, _) => Reply(stackalloc byte[ReportSize], reply),
            (0x21, SetReport or SetIdle or SetProtocol, _) => TransferResult.Done(data.Length),
            _ => TransferResult.Stall,
        };

    /// <inheritdoc/>
    protected override TransferResult Read(byte endpoint, Span<byte> destination)
    {
        if (!_keys.TryDequeue(out var key))
            return TransferResult.Pending;
        Span<byte> report = stackalloc byte[ReportSize];
        report.Clear();
        report[2] = key;
        return Reply(report, destination);
    }

    /// <inheritdoc/>
    protected override void Reset() => _keys.Clear();
}
