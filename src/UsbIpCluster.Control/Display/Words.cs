namespace UsbIpCluster.Control.Display;

/// <summary>Devices and attachments in a few words, safe to print.</summary>
public static class Words
{
    /// <summary><c>lab1/1-1 0525:a4a5 Gadget</c>.</summary>
    public static string Of(DeviceRow device) => Join($"{device.Node}/{device.BusId}", $"{device.Vid}:{device.Pid}", device.Product);

    /// <summary>Who has a device: <c>lab2/a1 (alice)</c>; null when nobody does.</summary>
    public static string? HolderOf(DeviceRow device) => device is { Holder: { } holder, User: { } user } ? $"{holder} ({user})" : device.Holder;

    /// <summary>Whose end is an attachment's end: <c>process 4711 (alice)</c>; null when it stays until it is detached.</summary>
    public static string? HolderOf(PortRow port) => port.HeldBy is not { } held
        ? null
        : (held.ProcessId is { } process ? $"process {process}" : "a connection") + (held.User is { } user ? $" ({user})" : "");

    /// <summary><c>port 3  a1  0525:a4a5 Gadget (lab1/1-1)  attached</c>; of a rule <c>all  a2  0525:a4a5</c>.</summary>
    public static string Of(PortRow port) => string.Join(
        "  ",
        new[]
        {
            port.All ? "all" : port.Port is { } number ? $"port {number}" : "no port",
            SafeText.Of(port.Id),
            port.All ? SafeText.Of(port.Selector) : Join(IdOf(port), port.Product, ExporterOf(port) is { } exporter ? $"({exporter})" : null),
            port.All ? "" : SafeText.Of(port.State),
        }.Where(part => part.Length > 0));

    /// <summary>The attached device's vendor and product id; null while none is known.</summary>
    public static string? IdOf(PortRow port) => port is { Vid: { } vid, Pid: { } pid } ? $"{vid}:{pid}" : null;

    /// <summary>Where the attached device is: <c>lab1/1-1</c>; null while that is not known.</summary>
    public static string? ExporterOf(PortRow port) => port is { Node: { } node, BusId: { } busId } ? $"{node}/{busId}" : port.Node;

    /// <summary><c>2025-01-02 03:04:05.678  lab1  reattached          port 3  a1  lab1/1-1  12 ms</c>.</summary>
    public static string Of(EventRow row, TimeZoneInfo zone) => string.Join(
        "  ",
        new[]
        {
            TimeZoneInfo.ConvertTime(row.Time, zone).ToString("yyyy-MM-dd HH:mm:ss.fff"),
            SafeText.Of(row.Node),
            SafeText.Of(row.Kind).PadRight(EventKinds.NodeUnreachable.Length),
            row.Port is { } port ? $"port {port}" : "",
            SafeText.Of(row.Attachment),
            SafeText.Of(row.Device ?? row.BusId),
            SafeText.Of(row.State),
            row.Holder is { } holder ? $"holder {SafeText.Of(holder)}" : "",
            SafeText.Of(row.Reason),
            row.DurationMs is { } duration ? $"{duration:0.#} ms" : "",
        }.Where(part => part.Length > 0)).TrimEnd();

    private static string Join(params string?[] parts) =>
        string.Join(' ', parts.Where(part => !string.IsNullOrWhiteSpace(part)).Select(SafeText.Of));
}
