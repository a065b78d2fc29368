using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Completion;

/// <summary>What there is now, as words for the command line.</summary>
internal static class Candidates
{
    /// <summary>Devices, each by what names it: its name, its serial number, its place.</summary>
    public static IEnumerable<Candidate> Of(IEnumerable<DeviceRow> devices, bool local)
    {
        foreach (var device in devices)
        {
            var words = $"{Words.Of(device)} {device.State}";
            if (device.Name is { } name)
                yield return new Candidate($"name={name}", words);
            if (device.Serial is { } serial)
                yield return new Candidate($"serial={serial.Replace(",", "\\,", StringComparison.Ordinal)}", words);
            yield return new Candidate(local ? device.BusId : $"{device.Node}/{device.BusId}", words);
        }
    }

    /// <summary>What can be detached: ids, and the ports of other programs.</summary>
    public static IEnumerable<Candidate> Of(IEnumerable<PortRow> ports) =>
        from port in ports
        let word = port.Id ?? port.Port?.ToString()
        where word is not null
        select new Candidate(word, Words.Of(port));

    /// <summary>Nodes by their names.</summary>
    public static IEnumerable<Candidate> Of(IEnumerable<NodeRow> nodes) =>
        nodes.Select(node => new Candidate(node.Node, $"{node.Address} {node.Status}{(node.Reachable ? "" : ", unreachable")}"));
}
