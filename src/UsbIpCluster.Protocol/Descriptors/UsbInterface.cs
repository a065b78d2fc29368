using System.Collections.Immutable;

namespace UsbIpCluster.Protocol;

/// <summary>An endpoint, and the descriptors that follow its own (a SuperSpeed companion, one of its class).</summary>
/// <param name="Descriptor">The endpoint.</param>
/// <param name="Others">What follows it, up to the next endpoint or interface.</param>
public sealed record UsbEndpoint(EndpointDescriptor Descriptor, ImmutableArray<OtherDescriptor> Others)
{
    /// <summary>An endpoint with nothing behind it.</summary>
    public UsbEndpoint(EndpointDescriptor descriptor)
        : this(descriptor, [])
    {
    }

    /// <inheritdoc/>
    public bool Equals(UsbEndpoint? other) =>
        other is not null && Descriptor == other.Descriptor && Others.AsSpan().SequenceEqual(other.Others.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Descriptor.GetHashCode();
}

/// <summary>One alternate setting of an interface, its endpoints, and the descriptors between (HID, CDC).</summary>
/// <param name="Number">bInterfaceNumber.</param>
/// <param name="AlternateSetting">bAlternateSetting: 0 is the one that is active first.</param>
/// <param name="InterfaceClass">bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol.</param>
/// <param name="StringIndex">iInterface: index of a string; 0 for none.</param>
/// <param name="Others">What stands between the interface and its first endpoint.</param>
/// <param name="Endpoints">The endpoints, at most 30.</param>
public sealed record UsbInterface(
    byte Number,
    byte AlternateSetting,
    UsbClass InterfaceClass,
    byte StringIndex,
    ImmutableArray<OtherDescriptor> Others,
    ImmutableArray<UsbEndpoint> Endpoints)
{
    /// <summary>Endpoints that an interface can have: 15 numbers in two directions.</summary>
    public const int MaxEndpoints = 30;

    /// <inheritdoc/>
    public bool Equals(UsbInterface? other) =>
        other is not null && Number == other.Number && AlternateSetting == other.AlternateSetting
        && InterfaceClass == other.InterfaceClass && StringIndex == other.StringIndex
        && Others.AsSpan().SequenceEqual(other.Others.AsSpan()) && Endpoints.AsSpan().SequenceEqual(other.Endpoints.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Number, AlternateSetting, InterfaceClass, StringIndex);
}
