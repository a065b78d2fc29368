using System.Collections;
using System.Globalization;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Running;

/// <summary>
/// The environment of a command that has devices: <c>USBIPC_COUNT</c>, and for the device n, counted from 1 in the order of the selectors,
/// <c>USBIPC_DEVICE_n</c> (what a program opens to use it: of several nodes the one that most want), <c>USBIPC_DEVICES_n</c> (all of them,
/// separated by spaces), <c>USBIPC_USB_n</c> (the USB device itself, /dev/bus/usb/BBB/DDD), <c>USBIPC_BUSID_n</c> (its bus id here),
/// <c>USBIPC_REMOTE_n</c> (where it is plugged in, NODE/BUSID), <c>USBIPC_VID_n</c>, <c>USBIPC_PID_n</c>, <c>USBIPC_SERIAL_n</c> and
/// <c>USBIPC_PORT_n</c>. The first one's are there without a number, too. What a device does not have is not set.
/// </summary>
internal static class DeviceVariables
{
    private const string Prefix = "USBIPC_";
    private const string UsbFolder = "/dev/bus/usb/";

    /// <summary>
    /// This process's environment, each <c>NAME=VALUE</c>, with those of the devices instead of those that an outer run has left.
    /// </summary>
    public static IEnumerable<string> With(IReadOnlyList<PortRow> rows) => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => !((string)variable.Key).StartsWith(Prefix, StringComparison.Ordinal))
        .Select(variable => $"{variable.Key}={variable.Value}")
        .Concat(Of(rows).Select(variable => $"{Prefix}{variable.Name}={variable.Value}"));

    /// <summary>Those of the devices, without their prefix.</summary>
    public static IEnumerable<(string Name, string Value)> Of(IReadOnlyList<PortRow> rows)
    {
        yield return ("COUNT", rows.Count.ToString(CultureInfo.InvariantCulture));
        for (var i = 0; i < rows.Count; i++)
        {
            foreach (var (name, value) in Of(rows[i]).Where(variable => !string.IsNullOrEmpty(variable.Value)))
            {
                // Text of a device goes into one line, as everywhere.
                var safe = SafeText.Of(value);
                if (i == 0)
                    yield return (name, safe);
                yield return (string.Create(CultureInfo.InvariantCulture, $"{name}_{i + 1}"), safe);
            }
        }
    }

    private static IEnumerable<(string Name, string? Value)> Of(PortRow row)
    {
        var nodes = row.Devices ?? [];
        yield return ("DEVICE", nodes is [var first, ..] ? first : null);
        yield return ("DEVICES", string.Join(' ', nodes));
        yield return ("USB", nodes.FirstOrDefault(node => node.StartsWith(UsbFolder, StringComparison.Ordinal)));
        yield return ("BUSID", row.LocalBusId);
        yield return ("REMOTE", Words.ExporterOf(row));
        yield return ("VID", row.Vid);
        yield return ("PID", row.Pid);
        yield return ("SERIAL", row.Serial);
        yield return ("PORT", row.Port?.ToString(CultureInfo.InvariantCulture));
    }
}
