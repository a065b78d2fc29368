using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>The rows of the control protocol, made from what the actors know.</summary>
internal static class Rows
{
    /// <summary>A device of the inventory.</summary>
    public static DeviceRow Of(ClusterDevice device) => new(
        device.Node.Value,
        device.Device.BusId.Value,
        Hex(device.Device.VendorId),
        Hex(device.Device.ProductId),
        device.Device.Serial,
        device.Device.Manufacturer,
        device.Device.Product,
        ClassOf(device.Device.DeviceClass, device.Device.Interfaces),
        SpeedOf(device.Device.Speed),
        device.Device.Backend,
        StateOf(device.Device.State),
        device.Device.Holder,
        device.Device.Name,
        device.Reachable,
        device.Device.Epoch.Value,
        device.Device.User);

    /// <summary>A device that a plain USB/IP server lists: it shows only what is available.</summary>
    public static DeviceRow Of(string server, DevlistDevice device) => new(
        server,
        device.Record.BusId.Value,
        Hex(device.Record.VendorId),
        Hex(device.Record.ProductId),
        null,
        null,
        null,
        ClassOf(device.Record.DeviceClass, device.Interfaces),
        SpeedOf(device.Record.Speed),
        "remote",
        DeviceStates.Available,
        null,
        null,
        true,
        null,
        null);

    /// <summary>An attachment.</summary>
    public static PortRow Of(AttachmentStatus status) => new(
        status.Port?.Number,
        status.Id.ToString(),
        status.State,
        (status.Target as AttachmentTarget.Device)?.Selector.Text,
        Hex(status.Device?.VendorId),
        Hex(status.Device?.ProductId),
        status.Device?.Serial,
        status.Device?.Product,
        status.Device?.Node?.Value ?? (status.Target as AttachmentTarget.Plain)?.Server.Host,
        (status.Device?.BusId ?? (status.Target as AttachmentTarget.Plain)?.BusId)?.Value,
        status.Endpoint,
        status.LocalBusId?.Value,
        status.Since,
        status.Reattaches,
        status.LastError,
        status.Plan.Rule?.ToString(),
        All: false,
        HeldBy: status.Plan.Hold is { } hold ? new HeldByRow(hold.Process?.Id, status.Plan.User) : null);

    /// <summary>A rule: attached when one of its attachments is.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="attachments">All attachments.</param>
    public static PortRow Of(AttachmentRule rule, IEnumerable<AttachmentStatus> attachments) => new(
        null,
        rule.Id.ToString(),
        attachments.Any(status => status.Plan.Rule == rule.Id && status.State == AttachmentStates.Attached)
            ? AttachmentStates.Attached
            : AttachmentStates.Waiting,
        rule.Match.Text,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        0,
        null,
        null,
        All: true);

    /// <summary>A port that another program has attached.</summary>
    public static PortRow Of(HostPort port) => new(
        port.Port.Number,
        null,
        port.Status == PortStatus.Ready ? AttachmentStates.Attached : AttachmentStates.Enumerating,
        null,
        null,
        null,
        null,
        null,
        port.Origin?.Host,
        port.Origin?.BusId.Value,
        port.Origin?.Endpoint,
        port.LocalBusId?.Value,
        null,
        0,
        null,
        null,
        All: false);

    /// <summary>Rules, attachments, and the ports that other programs attached.</summary>
    public static IReadOnlyList<PortRow> Of(AttachmentManager.Snapshot snapshot) =>
    [
        .. snapshot.Rules.Select(rule => Of(rule, snapshot.Attachments)),
        .. snapshot.Attachments.Select(Of),
        .. snapshot.Others.Select(Of),
    ];

    /// <summary>A device in one line: <c>lab1/1-1 0525:a4a5 serial=X product</c>.</summary>
    public static string Describe(ClusterDevice device)
    {
        var serial = device.Device.Serial is { } s ? $" serial={s}" : "";
        return $"{device.FullName} {Hex(device.Device.VendorId)}:{Hex(device.Device.ProductId)}{serial} {device.Device.Product}".TrimEnd();
    }

    /// <summary>Who holds attachments: <c>process 4711 (alice)</c>.</summary>
    public static string Describe(AttachmentHold hold, string? user) =>
        (hold.Process is { } process ? $"process {process.Id}" : "a connection") + (user is null ? "" : $" ({user})");

    /// <summary>A state's name on the command line.</summary>
    public static string StateOf(DeviceState state) => state switch
    {
        DeviceState.Unbound => DeviceStates.Unbound,
        DeviceState.Available => DeviceStates.Available,
        DeviceState.Leased => DeviceStates.Leased,
        DeviceState.InUse => DeviceStates.InUse,
        DeviceState.Releasing => DeviceStates.Releasing,
        _ => DeviceStates.Faulted,
    };

    /// <summary>A vendor's or product's id, as everywhere.</summary>
    public static string Hex(ushort id) => id.ToString("x4");

    /// <summary>The same; null where it is not known.</summary>
    public static string? Hex(ushort? id) => id?.ToString("x4");

    // A device whose class is told by its interfaces (0, or "miscellaneous" for a composite one) has the class of the first.
    private static string ClassOf(UsbClass device, IEnumerable<UsbClass> interfaces)
    {
        var code = device.Class is 0x00 or 0xef ? interfaces.Select(face => (byte?)face.Class).FirstOrDefault() ?? device.Class : device.Class;
        return UsbClassCodes.NameOf(code);
    }

    private static string SpeedOf(UsbSpeed speed) => speed switch
    {
        UsbSpeed.Low => "low",
        UsbSpeed.Full => "full",
        UsbSpeed.High => "high",
        UsbSpeed.Wireless => "wireless",
        UsbSpeed.Super => "super",
        UsbSpeed.SuperPlus => "super-plus",
        _ => "unknown",
    };
}
