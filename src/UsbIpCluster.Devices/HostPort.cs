using UsbIpCluster.Protocol;

namespace UsbIpCluster.Devices;

/// <summary>A port of the host controller, numbered as <c>usbip port</c> does: from 0, through all controllers.</summary>
/// <param name="Number">At least 0.</param>
public readonly record struct PortNumber(int Number) : IComparable<PortNumber>
{
    /// <inheritdoc/>
    public int CompareTo(PortNumber other) => Number.CompareTo(other.Number);

    /// <inheritdoc/>
    public override string ToString() => Number.ToString("D2");

    /// <summary>Orders ports by number.</summary>
    public static bool operator <(PortNumber left, PortNumber right) => left.Number < right.Number;

    /// <summary>Orders ports by number.</summary>
    public static bool operator >(PortNumber left, PortNumber right) => left.Number > right.Number;

    /// <summary>Orders ports by number.</summary>
    public static bool operator <=(PortNumber left, PortNumber right) => left.Number <= right.Number;

    /// <summary>Orders ports by number.</summary>
    public static bool operator >=(PortNumber left, PortNumber right) => left.Number >= right.Number;
}

/// <summary>How far the device at a port has come.</summary>
public enum PortStatus
{
    /// <summary>Nothing is attached (vhci_hcd: 4).</summary>
    Free,

    /// <summary>A socket has been handed over, and the host has not finished enumerating the device (vhci_hcd: 5, or 6 without a device in sysfs).</summary>
    Enumerating,

    /// <summary>The device is there, configured and usable.</summary>
    Ready,
}

/// <summary>Where an attached device comes from, as the record that the stock <c>usbip</c> keeps in <c>/var/run/vhci_hcd/portN</c> says.</summary>
/// <param name="Host">The exporter's address or name.</param>
/// <param name="Service">Its TCP port, as text.</param>
/// <param name="BusId">The device's bus id there.</param>
public sealed record PortOrigin(string Host, string Service, BusId BusId)
{
    /// <summary>The exporter's end as text: <c>10.0.0.1:3240</c>, <c>[fd00::1]:3240</c>.</summary>
    public string Endpoint => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Service}" : $"{Host}:{Service}";
}

/// <summary>A port and what is attached to it, at one moment.</summary>
/// <param name="Port">Which port.</param>
/// <param name="Status">How far its device has come.</param>
/// <param name="DeviceId">The exporter's id of the device; null while that is not known (not in state 5).</param>
/// <param name="LocalBusId">The device's bus id on this host; null before it has one.</param>
/// <param name="Origin">Where it comes from; null when nobody wrote that down.</param>
public sealed record HostPort(PortNumber Port, PortStatus Status, DeviceId? DeviceId, BusId? LocalBusId, PortOrigin? Origin);
