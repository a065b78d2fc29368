using System.Collections.Immutable;
using System.Globalization;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>What a port of vhci_hcd is for. The kernel picks the hub by the device's speed, whatever port it is asked for.</summary>
internal enum VhciHub
{
    /// <summary>Low, full and high speed (USB 2).</summary>
    HighSpeed,

    /// <summary>SuperSpeed (USB 3).</summary>
    SuperSpeed,
}

/// <summary>The state of a port: <c>enum usbip_device_status</c> in drivers/usb/usbip/usbip_common.h.</summary>
internal enum VhciState
{
    /// <summary>VDEV_ST_NULL: free.</summary>
    Free = 4,

    /// <summary>VDEV_ST_NOTASSIGNED: a socket has been handed over, the device has no address yet. Nothing says which one it is.</summary>
    NotAssigned = 5,

    /// <summary>VDEV_ST_USED: the device has an address.</summary>
    Used = 6,

    /// <summary>VDEV_ST_ERROR: the session has failed and the port has not been reset yet.</summary>
    Error = 7,
}

/// <summary>One line of a <c>status</c> file.</summary>
/// <param name="Port">Counted through all controllers.</param>
/// <param name="Hub">Which devices it takes.</param>
/// <param name="State">Whether it is free.</param>
/// <param name="DeviceId">The exporter's; null unless it is used.</param>
/// <param name="LocalBusId">The device's name on this host; null unless it is used.</param>
internal sealed record VhciPort(PortNumber Port, VhciHub Hub, VhciState State, DeviceId? DeviceId, BusId? LocalBusId);

/// <summary>Reads <c>status</c>, <c>status.1</c>, ... of vhci_hcd.0. Source: status_show_vhci in drivers/usb/usbip/vhci_sysfs.c.</summary>
internal static class VhciStatus
{
    private const int MaxPort = 1 << 20;
    private static readonly char[] Blanks = [' ', '\t'];

    /// <summary>
    /// Reads a file: a header, then a line for each port, either <c>hub port sta spd dev sockfd local_busid</c> or, before Linux 4.13,
    /// <c>prt sta spd dev socket local_busid</c>, where all ports are for high speed.
    /// </summary>
    /// <param name="text">Its text.</param>
    /// <param name="file">Its name, for the error.</param>
    /// <exception cref="DeviceException">UnexpectedFormat, with the line that is not understood.</exception>
    public static ImmutableArray<VhciPort> Parse(string text, string file)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var header = lines.Length == 0 ? "" : lines[0];
        var columns = header.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        var hasHub = columns is ["hub", "port", "sta", "spd", "dev", ..];
        if (!hasHub && columns is not ["prt", "sta", "spd", ..])
            throw Unexpected(file, header);
        return [.. lines.Skip(1).Select(line => ParseLine(line, hasHub) ?? throw Unexpected(file, line))];
    }

    private static VhciPort? ParseLine(string line, bool hasHub)
    {
        var fields = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        VhciHub? hub = (hasHub, fields) switch
        {
            (true, ["hs", _, _, _, _, _, _]) => VhciHub.HighSpeed,
            (true, ["ss", _, _, _, _, _, _]) => VhciHub.SuperSpeed,
            // The old format gives a free port one column more than the header has.
            (false, [_, _, _, _, _, _] or [_, _, _, _, _, _, _]) => VhciHub.HighSpeed,
            _ => null,
        };
        var values = hasHub ? fields.AsSpan(Math.Min(1, fields.Length)) : fields;
        if (hub is null || !TryDecimal(values[0], out var port) || port > MaxPort || !TryDecimal(values[1], out var state)
            || !Enum.IsDefined((VhciState)state))
            return null;
        if ((VhciState)state != VhciState.Used)
            return new VhciPort(new PortNumber(port), hub.Value, (VhciState)state, null, null);

        return uint.TryParse(values[3], NumberStyles.AllowHexSpecifier, null, out var device) && BusId.TryParse(values[^1], out var busId)
            ? new VhciPort(new PortNumber(port), hub.Value, VhciState.Used, DeviceId.FromValue(device), busId)
            : null;
    }

    private static bool TryDecimal(string text, out int value) => int.TryParse(text, NumberStyles.None, null, out value);

    private static DeviceException Unexpected(string file, string line) => new(
        DeviceError.UnexpectedFormat,
        $"{file} holds a line that is not understood: '{Text.Printable(line)}'",
        "report this line with the version of the kernel");
}
