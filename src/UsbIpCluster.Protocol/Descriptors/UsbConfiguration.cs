using System.Collections.Immutable;

namespace UsbIpCluster.Protocol;

/// <summary>
/// A configuration with its interfaces and endpoints, as GET_DESCRIPTOR(Configuration) returns it. The counts and wTotalLength are
/// not stored: they follow from what is there. Source: USB 2.0, sections 9.4.3 and 9.6.
/// </summary>
/// <param name="Value">bConfigurationValue: what SET_CONFIGURATION chooses it by.</param>
/// <param name="StringIndex">iConfiguration: index of a string; 0 for none.</param>
/// <param name="Attributes">bmAttributes: bit 7 always set, bit 6 self-powered, bit 5 remote wakeup.</param>
/// <param name="MaxPower">bMaxPower: in units of 2 mA (8 mA from USB 3.0 on).</param>
/// <param name="Others">What stands before the first interface (an interface association).</param>
/// <param name="Interfaces">Every alternate setting of every interface, in the order of the device.</param>
public sealed record UsbConfiguration(
    byte Value,
    byte StringIndex,
    byte Attributes,
    byte MaxPower,
    ImmutableArray<OtherDescriptor> Others,
    ImmutableArray<UsbInterface> Interfaces)
{
    /// <summary>bNumInterfaces: interfaces, however many alternate settings they have.</summary>
    public int InterfaceCount => Interfaces.Select(setting => setting.Number).Distinct().Count();

    /// <summary>wTotalLength, in bytes.</summary>
    public int Size => ConfigurationDescriptor.Size + SizeOf(Others) + Interfaces.Sum(setting =>
        InterfaceDescriptor.Size + SizeOf(setting.Others)
        + setting.Endpoints.Sum(endpoint => EndpointDescriptor.Size + SizeOf(endpoint.Others)));

    /// <summary>
    /// Reads a configuration of wTotalLength bytes. The first 9 are enough to be told how many are missing. Refused: a descriptor that
    /// is shorter than its type takes or ends behind wTotalLength, an endpoint before any interface, an interface with more than
    /// <see cref="UsbInterface.MaxEndpoints"/>. Not refused, as the kernel does not: wrong counts of interfaces and endpoints.
    /// </summary>
    public static ReadResult<UsbConfiguration> Read(ReadOnlySpan<byte> source)
    {
        var head = ConfigurationDescriptor.Read(source);
        if (!head.IsComplete)
            return ReadResult.Failed<ConfigurationDescriptor, UsbConfiguration>(head);
        if (source.Length < head.Value.TotalLength)
            return ReadResult.NeedMore<UsbConfiguration>(head.Value.TotalLength - source.Length);

        var reader = new ConfigurationReader(source[..head.Value.TotalLength], head.Consumed);
        var configuration = new UsbConfiguration(
            head.Value.Value,
            head.Value.StringIndex,
            head.Value.Attributes,
            head.Value.MaxPower,
            reader.ReadOthers(),
            reader.ReadInterfaces());
        return reader.Reason is { } reason
            ? ReadResult.Malformed<UsbConfiguration>(reason)
            : ReadResult.Complete(configuration, head.Value.TotalLength);
    }

    /// <summary>The configuration as a new array of <see cref="Size"/> bytes.</summary>
    /// <exception cref="InvalidOperationException">
    /// It is larger than its fields can say: 65535 bytes, 255 interfaces, <see cref="UsbInterface.MaxEndpoints"/> endpoints of one.
    /// </exception>
    public byte[] Encode()
    {
        var size = Size;
        if (size > ushort.MaxValue)
            throw new InvalidOperationException($"a configuration of {size} bytes; at most {ushort.MaxValue} are possible");
        if (InterfaceCount > byte.MaxValue)
            throw new InvalidOperationException($"a configuration of {InterfaceCount} interfaces; at most {byte.MaxValue} are possible");
        if (Interfaces.Any(setting => setting.Endpoints.Length > UsbInterface.MaxEndpoints))
            throw new InvalidOperationException($"an interface has more than {UsbInterface.MaxEndpoints} endpoints");

        var head = new ConfigurationDescriptor((ushort)size, (byte)InterfaceCount, Value, StringIndex, Attributes, MaxPower);
        var bytes = new byte[size];
        var rest = bytes.AsSpan();
        rest = rest[head.Write(rest)..];
        rest = Write(rest, Others);
        foreach (var setting in Interfaces)
        {
            var descriptor = new InterfaceDescriptor(
                setting.Number, setting.AlternateSetting, (byte)setting.Endpoints.Length, setting.InterfaceClass, setting.StringIndex);
            rest = Write(rest[descriptor.Write(rest)..], setting.Others);
            foreach (var endpoint in setting.Endpoints)
                rest = Write(rest[endpoint.Descriptor.Write(rest)..], endpoint.Others);
        }

        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(UsbConfiguration? other) =>
        other is not null && Value == other.Value && StringIndex == other.StringIndex && Attributes == other.Attributes
        && MaxPower == other.MaxPower && Others.AsSpan().SequenceEqual(other.Others.AsSpan())
        && Interfaces.AsSpan().SequenceEqual(other.Interfaces.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Value, StringIndex, Attributes, MaxPower, Interfaces.Length);

    private static int SizeOf(ImmutableArray<OtherDescriptor> others) => others.Sum(other => other.Bytes.Length);

    private static Span<byte> Write(Span<byte> destination, ImmutableArray<OtherDescriptor> others)
    {
        foreach (var other in others)
        {
            other.Bytes.CopyTo(destination);
            destination = destination[other.Bytes.Length..];
        }

        return destination;
    }
}
