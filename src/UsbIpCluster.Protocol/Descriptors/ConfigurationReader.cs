using System.Collections.Immutable;

namespace UsbIpCluster.Protocol;

/// <summary>
/// Walks what follows the first descriptor of a configuration: others, then interfaces, each with its others, then endpoints, each with
/// its others. Every step takes at least two bytes or sets <see cref="Reason"/>, so that any input comes to an end.
/// </summary>
internal ref struct ConfigurationReader
{
    private readonly ReadOnlySpan<byte> _configuration;
    private int _position;

    /// <param name="configuration">wTotalLength bytes.</param>
    /// <param name="position">Where the first descriptor ends.</param>
    public ConfigurationReader(ReadOnlySpan<byte> configuration, int position)
    {
        _configuration = configuration;
        _position = position;
    }

    /// <summary>What is wrong; null while nothing is.</summary>
    public string? Reason { get; private set; }

    private readonly ReadOnlySpan<byte> Rest => _configuration[_position..];

    private readonly bool Continues => Reason is null && _position < _configuration.Length;

    public ImmutableArray<UsbInterface> ReadInterfaces()
    {
        var interfaces = ImmutableArray.CreateBuilder<UsbInterface>();
        while (Continues)
        {
            var descriptor = Take(InterfaceDescriptor.Read(Rest));
            interfaces.Add(new UsbInterface(
                descriptor.Number,
                descriptor.AlternateSetting,
                descriptor.InterfaceClass,
                descriptor.StringIndex,
                ReadOthers(),
                ReadEndpoints()));
        }

        return interfaces.ToImmutable();
    }

    public ImmutableArray<OtherDescriptor> ReadOthers()
    {
        var others = ImmutableArray.CreateBuilder<OtherDescriptor>();
        while (Continues && !NextIs(DescriptorType.Interface) && !NextIs(DescriptorType.Endpoint))
            others.Add(Take(OtherDescriptor.Read(Rest)));
        return others.ToImmutable();
    }

    private ImmutableArray<UsbEndpoint> ReadEndpoints()
    {
        var endpoints = ImmutableArray.CreateBuilder<UsbEndpoint>();
        while (Continues && NextIs(DescriptorType.Endpoint))
        {
            if (endpoints.Count == UsbInterface.MaxEndpoints)
                Fail($"more than {UsbInterface.MaxEndpoints} endpoints of one interface");
            else
                endpoints.Add(new UsbEndpoint(Take(EndpointDescriptor.Read(Rest)), ReadOthers()));
        }

        return endpoints.ToImmutable();
    }

    private readonly bool NextIs(DescriptorType type) => Rest.Length >= DescriptorFrame.Size && Rest[1] == (byte)type;

    private T Take<T>(in ReadResult<T> read)
        where T : struct
    {
        if (read.IsComplete)
            _position += read.Consumed;
        else
            Fail(read.Reason ?? $"a descriptor ends {read.Missing} bytes behind the configuration");
        return read.Value;
    }

    private void Fail(string reason) => Reason = $"at byte {_position} of the configuration: {reason}";
}
