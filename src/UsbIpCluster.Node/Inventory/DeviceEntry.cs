using System.Collections.Immutable;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>The states of a device, as its exporter's actor has them. Their names on the command line are in kebab case.</summary>
public enum DeviceState
{
    /// <summary>Not exported: its own driver has it.</summary>
    Unbound,

    /// <summary>Exported, and nobody has a claim to it.</summary>
    Available,

    /// <summary>A holder may connect, or may come back within its grace.</summary>
    Leased,

    /// <summary>A session has it.</summary>
    InUse,

    /// <summary>A session is being fenced.</summary>
    Releasing,

    /// <summary>Its driver reports an error.</summary>
    Faulted,
}

/// <summary>One device in the inventory of its node.</summary>
/// <param name="BusId">Its name on its node.</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Serial">iSerial's string, when it has one.</param>
/// <param name="Manufacturer">iManufacturer's string, when it has one.</param>
/// <param name="Product">iProduct's string, when it has one.</param>
/// <param name="DeviceClass">The device's class triple.</param>
/// <param name="Interfaces">Its interfaces' class triples.</param>
/// <param name="Speed">Its speed.</param>
/// <param name="Backend">The exporter that has it.</param>
/// <param name="State">What its actor says.</param>
/// <param name="Holder">Who holds a lease of it, or the address of a plain client; null when nobody.</param>
/// <param name="Name">The name that an operator gave it.</param>
/// <param name="Epoch">Of its last lease.</param>
/// <param name="User">The user for whom the holder asked, as the holder's node says; null when nobody, or a plain client.</param>
public sealed record DeviceEntry(
    BusId BusId,
    ushort VendorId,
    ushort ProductId,
    string? Serial,
    string? Manufacturer,
    string? Product,
    UsbClass DeviceClass,
    ImmutableArray<UsbClass> Interfaces,
    UsbSpeed Speed,
    string Backend,
    DeviceState State,
    string? Holder,
    string? Name,
    Epoch Epoch,
    string? User)
{
    /// <summary>A device that nobody has and nobody exports yet.</summary>
    /// <param name="device">As its exporter sees it.</param>
    /// <param name="backend">The exporter.</param>
    public static DeviceEntry Of(LocalDevice device, string backend) => new(
        device.BusId,
        device.Record.VendorId,
        device.Record.ProductId,
        device.Serial,
        device.Manufacturer,
        device.Product,
        device.Record.DeviceClass,
        device.Interfaces,
        device.Record.Speed,
        backend,
        DeviceState.Unbound,
        Holder: null,
        Name: null,
        Epoch: default,
        User: null);

    /// <inheritdoc/>
    public bool Equals(DeviceEntry? other) =>
        other is not null && BusId == other.BusId && VendorId == other.VendorId && ProductId == other.ProductId
        && Serial == other.Serial && Manufacturer == other.Manufacturer && Product == other.Product
        && DeviceClass == other.DeviceClass && Speed == other.Speed && Backend == other.Backend && State == other.State
        && Holder == other.Holder && Name == other.Name && Epoch == other.Epoch && User == other.User && Interfaces.AsSpan().SequenceEqual(other.Interfaces.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(BusId, VendorId, ProductId, Serial, State, Holder);
}
