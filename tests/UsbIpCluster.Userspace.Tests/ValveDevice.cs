using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>
/// A device whose transfers of <see cref="Large"/> bytes and more wait until somebody opens it; then it takes and gives as much as it is
/// asked for.
/// </summary>
internal sealed class ValveDevice() : SimulatedDevice(
    new SimulatedIdentity(SimulatedIdentity.TestVendorId, 0x0003, null, null, null), UsbSpeed.High, default, Configuration)
{
    public const int Large = 100;
    public const byte Endpoint = 1;

    private bool _open;

    private static UsbConfiguration Configuration { get; } = new(
        1, 0, 0x80, 50, [], [new UsbInterface(0, 0, new UsbClass(0xff, 0, 0), 0, [], [Bulk(0x80 | Endpoint), Bulk(Endpoint)])]);

    public void Open()
    {
        lock (Gate)
        {
            _open = true;
            Ready(0x80 | Endpoint);
            Ready(Endpoint);
        }
    }

    protected override TransferResult Read(byte endpoint, Span<byte> destination) => Move(destination.Length);

    protected override TransferResult Write(byte endpoint, ReadOnlySpan<byte> source) => Move(source.Length);

    protected override void Reset() => _open = false;

    private static UsbEndpoint Bulk(byte address) => new(new EndpointDescriptor(address, (byte)EndpointTransferType.Bulk, 512, 0));

    private TransferResult Move(int length) => _open || length < Large ? TransferResult.Done(length) : TransferResult.Pending;
}
