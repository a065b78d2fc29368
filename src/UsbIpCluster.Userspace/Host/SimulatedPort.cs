using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>A device as the simulated host has enumerated it, and the way to use it as a driver would.</summary>
public sealed class SimulatedPort
{
    private readonly UrbClient _client;

    internal SimulatedPort(
        UrbClient client, DeviceDescriptor device, UsbConfiguration configuration, string? manufacturer, string? product, string? serial)
    {
        _client = client;
        Device = device;
        Configuration = configuration;
        Manufacturer = manufacturer;
        Product = product;
        Serial = serial;
    }

    /// <summary>The device descriptor that it gave.</summary>
    public DeviceDescriptor Device { get; }

    /// <summary>The configuration that it gave, which was chosen.</summary>
    public UsbConfiguration Configuration { get; }

    /// <summary>iManufacturer's string; null when it gave none.</summary>
    public string? Manufacturer { get; }

    /// <summary>iProduct's string; null when it gave none.</summary>
    public string? Product { get; }

    /// <summary>iSerialNumber's string; null when it gave none.</summary>
    public string? Serial { get; }

    /// <summary>A control transfer on endpoint 0.</summary>
    /// <param name="setup">The request; its wLength is the room for the answer, or the length of <paramref name="data"/>.</param>
    /// <param name="data">The data stage to the device; empty for requests to the host.</param>
    /// <param name="cancellationToken">Takes the transfer back.</param>
    /// <exception cref="DeviceException">PeerLost, Busy.</exception>
    /// <exception cref="OperationCanceledException">The transfer was taken back.</exception>
    public Task<UrbCompletion> ControlAsync(SetupPacket setup, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        DeviceEnumeration.ControlAsync(_client, setup, data, cancellationToken);

    /// <summary>A bulk or interrupt OUT transfer.</summary>
    /// <param name="endpointAddress">bEndpointAddress.</param>
    /// <param name="data">What is sent, in one URB.</param>
    /// <param name="cancellationToken">Takes the transfer back.</param>
    /// <exception cref="DeviceException">PeerLost, Busy.</exception>
    /// <exception cref="OperationCanceledException">The transfer was taken back.</exception>
    public Task<UrbCompletion> WriteAsync(byte endpointAddress, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        _client.SubmitAsync(UrbDirection.Out, (byte)(endpointAddress & 0x0f), default, data.Length, data, cancellationToken);

    /// <summary>A bulk or interrupt IN transfer; may bring fewer bytes than there is room for.</summary>
    /// <param name="endpointAddress">bEndpointAddress.</param>
    /// <param name="length">Room, in bytes.</param>
    /// <param name="cancellationToken">Takes the transfer back.</param>
    /// <exception cref="DeviceException">PeerLost, Busy.</exception>
    /// <exception cref="OperationCanceledException">The transfer was taken back.</exception>
    public Task<UrbCompletion> ReadAsync(byte endpointAddress, int length, CancellationToken cancellationToken) =>
        _client.SubmitAsync(UrbDirection.In, (byte)(endpointAddress & 0x0f), default, length, default, cancellationToken);
}
