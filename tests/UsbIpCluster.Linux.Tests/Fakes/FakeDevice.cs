using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>What a fake device's files say. By default a high-speed disk with one configuration of one mass storage interface.</summary>
public sealed record FakeDevice(string BusId, int Devnum)
{
    public string Bus { get; init; } = "pci0000:00/0000:00:14.0/usb1";

    public int Busnum { get; init; } = 1;

    public string Speed { get; init; } = "480";

    public string VendorId { get; init; } = "0525";

    public string ProductId { get; init; } = "a4a5";

    public string Class { get; init; } = "00";

    public string? Serial { get; init; } = "0123456789";

    public string? Manufacturer { get; init; } = "Linux";

    public string? Product { get; init; } = "File-backed storage";

    /// <summary>The classes of its interfaces; all of them in configuration 1.</summary>
    public IReadOnlyList<UsbClass> Interfaces { get; init; } = [new UsbClass(8, 6, 0x50)];

    /// <summary>Its <c>descriptors</c> file.</summary>
    public byte[] Descriptors
    {
        get
        {
            var device = new byte[DeviceDescriptor.Size];
            new DeviceDescriptor(0x0200, default, 64, 0x0525, 0xa4a5, 0x0404, 1, 2, 3, 1).Write(device);
            var interfaces = Interfaces.Select((value, i) => new UsbInterface((byte)i, 0, value, 0, [], []));
            return [.. device, .. new UsbConfiguration(1, 0, 0x80, 1, [], [.. interfaces]).Encode()];
        }
    }
}
