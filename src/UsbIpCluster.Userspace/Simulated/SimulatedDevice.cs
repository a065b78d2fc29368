using System.Collections.Immutable;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// A USB device made of code. It answers as a device on a bus does: a control request or a transfer is done, refused
/// (<see cref="TransferResult.Stall"/>) or, on endpoints other than 0, put off (<see cref="TransferResult.Pending"/>) until the device
/// says <see cref="Ready"/>. This class does the standard requests of USB 2.0, section 9.4; derived classes do the rest.
/// One session at a time has the device. All protected members are called with <see cref="Gate"/> held.
/// </summary>
public abstract class SimulatedDevice
{
    private readonly UsbConfiguration _configuration;
    private readonly Dictionary<ushort, byte[]> _descriptors;
    private readonly uint _endpoints;
    private UrbServer? _session;
    private bool _configured;
    private uint _halted;

    /// <summary>Creates the device.</summary>
    /// <param name="identity">Who it says it is.</param>
    /// <param name="speed">Low, full or high speed.</param>
    /// <param name="deviceClass">bDeviceClass, bDeviceSubClass, bDeviceProtocol.</param>
    /// <param name="configuration">
    /// Its one configuration, which is active from the start, as that of a device that its host has enumerated. Its interfaces are
    /// numbered 0, 1, ... and have no alternate settings.
    /// </param>
    /// <exception cref="ArgumentException">A string of the identity is too long, the speed or the configuration is not as said.</exception>
    protected SimulatedDevice(SimulatedIdentity identity, UsbSpeed speed, UsbClass deviceClass, UsbConfiguration configuration)
    {
        if (speed is not (UsbSpeed.Low or UsbSpeed.Full or UsbSpeed.High))
            throw new ArgumentException($"a simulated device has low, full or high speed, not {speed}", nameof(speed));
        if (configuration.Interfaces.Where((each, index) => each.Number != index || each.AlternateSetting != 0).Any())
            throw new ArgumentException("the interfaces are not numbered 0, 1, ... without alternate settings", nameof(configuration));

        Identity = identity;
        Speed = speed;
        DeviceClass = deviceClass;
        Interfaces = [.. configuration.Interfaces.Select(each => each.InterfaceClass)];
        _configuration = configuration;
        _descriptors = SimulatedDescriptors.Build(identity, speed, deviceClass, configuration);
        foreach (var endpoint in configuration.Interfaces.SelectMany(each => each.Endpoints))
            _endpoints |= EndpointBit(endpoint.Descriptor.Address);
        _configured = true;
    }

    /// <summary>Who it says it is.</summary>
    public SimulatedIdentity Identity { get; }

    /// <summary>Its speed.</summary>
    public UsbSpeed Speed { get; }

    /// <summary>bDeviceClass, bDeviceSubClass, bDeviceProtocol.</summary>
    public UsbClass DeviceClass { get; }

    /// <summary>The classes of its interfaces, in order.</summary>
    public ImmutableArray<UsbClass> Interfaces { get; }

    /// <summary>Held while the device answers; a member that others call takes it before it touches the device's state.</summary>
    protected internal object Gate { get; } = new();

    /// <summary>
    /// Says that a transfer of this endpoint that was put off may be done now. <see cref="Gate"/> must be held.
    /// </summary>
    /// <param name="endpointAddress">bEndpointAddress: bit 7 is set for IN.</param>
    protected void Ready(byte endpointAddress) => _session?.Ready(EndpointBit(endpointAddress));

    /// <summary>A request that is no standard one, or a standard one for an interface. <see cref="TransferResult.Stall"/> refuses it.</summary>
    /// <param name="setup">The request.</param>
    /// <param name="data">The data stage from the host; empty for requests to the host, else as long as the request says.</param>
    /// <param name="reply">Room for the data stage to the host; empty for requests from the host.</param>
    protected virtual TransferResult Control(in SetupPacket setup, ReadOnlySpan<byte> data, Span<byte> reply) => TransferResult.Stall;

    /// <summary>A bulk or interrupt IN transfer: fills the buffer, or puts it off.</summary>
    /// <param name="endpoint">Its number, without the direction bit; one that the descriptors name.</param>
    /// <param name="destination">Where the data goes.</param>
    protected virtual TransferResult Read(byte endpoint, Span<byte> destination) => TransferResult.Pending;

    /// <summary>A bulk or interrupt OUT transfer: takes all (Done), part of it (Taken) or nothing (Pending) now.</summary>
    /// <param name="endpoint">Its number; one that the descriptors name.</param>
    /// <param name="source">The data; when a transfer was put off, what is left of it.</param>
    protected virtual TransferResult Write(byte endpoint, ReadOnlySpan<byte> source) => TransferResult.Stall;

    /// <summary>Back to the state after a bus reset: what one session left behind is never seen in the next.</summary>
    protected virtual void Reset()
    {
    }

    /// <summary>Answers a request to the host with as much of <paramref name="whole"/> as the host asked for.</summary>
    protected static TransferResult Reply(ReadOnlySpan<byte> whole, Span<byte> reply)
    {
        var length = Math.Min(whole.Length, reply.Length);
        whole[..length].CopyTo(reply);
        return TransferResult.Done(length);
    }

    internal UsbDeviceRecord Record(BusId busId, DeviceId deviceId) => new(
        $"/sys/devices/simulated/{busId}",
        busId,
        deviceId,
        Speed,
        Identity.VendorId,
        Identity.ProductId,
        Identity.DeviceRelease,
        DeviceClass,
        _configuration.Value,
        ConfigurationCount: 1,
        (byte)Interfaces.Length);

    /// <summary>Gives the device, reset, to a session. <see cref="Gate"/> must be held.</summary>
    internal void Open(UrbServer session)
    {
        if (_session is not null)
            throw new DeviceException(DeviceError.Busy, "the simulated device is in a session already");
        _session = session;
        ResetAll();
    }

    /// <summary>Takes the device from a session. <see cref="Gate"/> must be held.</summary>
    internal void Close(UrbServer session)
    {
        if (_session != session)
            return;
        _session = null;
        ResetAll();
    }

    internal TransferResult HandleIn(byte endpoint, Span<byte> destination) =>
        IsUsable(1u << (endpoint + 16)) ? Read(endpoint, destination) : TransferResult.Stall;

    internal TransferResult HandleOut(byte endpoint, ReadOnlySpan<byte> source) =>
        IsUsable(1u << endpoint) ? Write(endpoint, source) : TransferResult.Stall;

    internal TransferResult HandleControl(in SetupPacket setup, ReadOnlySpan<byte> data, Span<byte> reply)
    {
        if (setup.Type != SetupRequestType.Standard)
            return Control(setup, data, reply);
        return (setup.RequestType, setup.Request) switch
        {
            (0x80, StandardRequest.GetDescriptor) when _descriptors.TryGetValue(setup.Value, out var whole) => Reply(whole, reply),
            (0x80, StandardRequest.GetConfiguration) => Reply([_configured ? _configuration.Value : (byte)0], reply),
            (0x80 or 0x81, StandardRequest.GetStatus) => Reply([0, 0], reply),
            (0x82, StandardRequest.GetStatus) => GetEndpointStatus(setup, reply),
            (0x00, StandardRequest.SetAddress) => TransferResult.Done(0),
            (0x00, StandardRequest.SetConfiguration) => SetConfiguration(setup.Value),
            (0x81, StandardRequest.GetInterface) when IsInterface(setup.Index) => Reply([0], reply),
            (0x01, StandardRequest.SetInterface) when IsInterface(setup.Index) && setup.Value == 0 => TransferResult.Done(0),
            (0x02, StandardRequest.ClearFeature) => SetHalt(setup, halt: false),
            (0x02, StandardRequest.SetFeature) => SetHalt(setup, halt: true),
            (0x01 or 0x81, _) => Control(setup, data, reply),
            _ => TransferResult.Stall,
        };
    }

    // IN endpoints are the upper half, so that a bit says both number and direction.
    private static uint EndpointBit(int address) => 1u << ((address & 0x0f) + ((address & 0x80) >> 3));

    private bool IsUsable(uint endpoint) => _configured && (_endpoints & endpoint) != 0 && (_halted & endpoint) == 0;

    private bool IsInterface(ushort index) => _configured && index < Interfaces.Length;

    private TransferResult GetEndpointStatus(in SetupPacket setup, Span<byte> reply)
    {
        if (!IsEndpoint(setup.Index))
            return TransferResult.Stall;
        return Reply([(_halted & EndpointBit(setup.Index)) != 0 ? (byte)1 : (byte)0, 0], reply);
    }

    private TransferResult SetConfiguration(ushort value)
    {
        if (value != 0 && value != _configuration.Value)
            return TransferResult.Stall;
        ResetAll();
        _configured = value != 0;
        return TransferResult.Done(0);
    }

    // ENDPOINT_HALT (0) is the only feature of an endpoint. Source: USB 2.0, table 9-6.
    private TransferResult SetHalt(in SetupPacket setup, bool halt)
    {
        if (setup.Value != 0 || !IsEndpoint(setup.Index))
            return TransferResult.Stall;
        var bit = EndpointBit(setup.Index) & _endpoints;
        _halted = halt ? _halted | bit : _halted & ~bit;
        return TransferResult.Done(0);
    }

    // Endpoint 0 is always there, in both directions.
    private bool IsEndpoint(ushort address) =>
        (address & 0xff70) == 0 && ((address & 0x0f) == 0 || (_configured && (_endpoints & EndpointBit(address)) != 0));

    private void ResetAll()
    {
        _configured = true;
        _halted = 0;
        Reset();
    }
}
