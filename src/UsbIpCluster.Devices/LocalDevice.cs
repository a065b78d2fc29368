using System.Collections.Immutable;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Devices;

/// <summary>What an exporter can say of a device's export, read from the driver and never remembered.</summary>
public enum ExportStatus
{
    /// <summary>It belongs to its own driver on this host.</summary>
    Unbound,

    /// <summary>Exported, no session (<c>usbip_status</c> 1).</summary>
    Available,

    /// <summary>Exported, a session has it (<c>usbip_status</c> 2).</summary>
    InUse,

    /// <summary>Exported, and its driver reports an error (<c>usbip_status</c> 3).</summary>
    Faulted,
}

/// <summary>A device of this host, as its exporter sees it at one moment.</summary>
/// <param name="Record">What USB/IP tells an importer of it.</param>
/// <param name="Interfaces">The interfaces of the active configuration, in order; as many as the record counts.</param>
/// <param name="Serial">iSerial's string; null when it has none.</param>
/// <param name="Manufacturer">iManufacturer's string; null when it has none.</param>
/// <param name="Product">iProduct's string; null when it has none.</param>
/// <param name="Status">Whether it is exported, and whether a session has it.</param>
public sealed record LocalDevice(
    UsbDeviceRecord Record,
    ImmutableArray<UsbClass> Interfaces,
    string? Serial,
    string? Manufacturer,
    string? Product,
    ExportStatus Status)
{
    /// <summary>Its name on this host.</summary>
    public BusId BusId => Record.BusId;

    /// <summary>Whether a file system that this host runs from is on it, or behind it.</summary>
    public bool HoldsSystem { get; init; }

    /// <inheritdoc/>
    public bool Equals(LocalDevice? other) =>
        other is not null && Record == other.Record && Serial == other.Serial && Manufacturer == other.Manufacturer
        && Product == other.Product && Status == other.Status && HoldsSystem == other.HoldsSystem
        && Interfaces.AsSpan().SequenceEqual(other.Interfaces.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Record, Serial, Status);
}
