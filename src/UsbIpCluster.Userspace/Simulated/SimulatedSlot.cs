using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>A place on the simulated bus with the device plugged in there. The exporter's lock guards it.</summary>
internal sealed class SimulatedSlot(SimulatedDevice device, UsbDeviceRecord record)
{
    public SimulatedDevice Device { get; } = device;

    public UsbDeviceRecord Record { get; } = record;

    public BusId BusId => Record.BusId;

    public bool IsBound { get; set; }

    /// <summary>The session that has the device, or is about to.</summary>
    public UrbServer? Session { get; set; }

    /// <summary>Whether the session's importer has been told that it has the device.</summary>
    public bool IsInUse { get; set; }

    public LocalDevice Describe() => new(
        Record,
        Device.Interfaces,
        Device.Identity.Serial,
        Device.Identity.Manufacturer,
        Device.Identity.Product,
        this switch
        {
            { IsBound: false } => ExportStatus.Unbound,
            { IsInUse: true } => ExportStatus.InUse,
            _ => ExportStatus.Available,
        });
}
