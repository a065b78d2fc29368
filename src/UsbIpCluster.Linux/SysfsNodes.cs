using System.Collections.Immutable;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The nodes in /dev of a USB device of this host: those of the class devices (a tty, a disk, ...) that its interfaces' drivers have made
/// below it in sysfs. devtmpfs makes a node at once, with the kernel's rights; udev, where it runs, then gives it to groups and users, and
/// notes in <c>/run/udev/data</c> that it has. No attribute is read that the kernel shows only under the USB device's lock.
/// </summary>
internal sealed class SysfsNodes(Sysfs sysfs)
{
    // A disk's partition is nine levels below its device. Audio devices with many controls have some hundred directories.
    private const int MaxDepth = 14;
    private const int MaxDirectories = 2000;

    private const string UdevSocket = "/run/udev/control";
    private const string UdevData = "/run/udev/data";

    private static readonly char[] Digits = [.. "0123456789"];

    // Of a device that has several, what most programs want.
    private static readonly ImmutableArray<string> Preferred = ["tty", "block", "hidraw", "video4linux", "sound", "net"];

    /// <summary>The nodes that are there now; none for a device that is gone.</summary>
    public DeviceNodes Read(BusId busId)
    {
        if (sysfs.Resolve($"{SysfsDevices.Directory}/{busId}") is not { } device || sysfs.ReadText($"{device}/busnum") is not { } bus
            || sysfs.ReadText($"{device}/devnum") is not { } number)
            return DeviceNodes.None;

        var budget = MaxDirectories;
        var (nodes, isComplete) = (new List<Node>(), true);
        foreach (var name in sysfs.Directories(device).Where(name => name.StartsWith($"{busId}:", StringComparison.Ordinal)))
        {
            var own = new List<Node>();
            AddBelow($"{device}/{name}", MaxDepth, own, ref budget);
            isComplete &= HasWhatItPromises($"{device}/{name}", own) && own.All(IsThere);
            nodes.AddRange(own);
        }

        // ttyUSB10 comes after ttyUSB9.
        var ordered = nodes
            .OrderBy(node => RankOf(node.Subsystem))
            .ThenBy(node => node.Path.TrimEnd(Digits), StringComparer.Ordinal)
            .ThenBy(node => node.Path.Length)
            .ThenBy(node => node.Path, StringComparer.Ordinal);
        return new DeviceNodes(
            [.. ordered.Select(node => node.Path), $"/dev/bus/usb/{bus.PadLeft(3, '0')}/{number.PadLeft(3, '0')}"],
            !isComplete ? NodesToCome.Expected : nodes.Count == 0 ? NodesToCome.Possible : NodesToCome.None);
    }

    private void AddBelow(string path, int depth, List<Node> nodes, ref int budget)
    {
        foreach (var name in sysfs.Directories(path))
        {
            if (budget-- <= 0)
                return;
            var below = $"{path}/{name}";
            if (NodeOf(below) is { } node)
                nodes.Add(node);
            if (depth > 1)
                AddBelow(below, depth - 1, nodes, ref budget);
        }
    }

    // dev and uevent: dev_show and uevent_show in drivers/base/core.c. A network interface has no node, and is opened by its name.
    private Node? NodeOf(string path)
    {
        if (sysfs.ReadText($"{path}/dev") is { } number)
        {
            const string variable = "DEVNAME=";
            var variables = sysfs.ReadText($"{path}/uevent")?.Split('\n') ?? [];
            var subsystem = sysfs.LinkName($"{path}/subsystem") ?? "";
            return variables.FirstOrDefault(line => line.StartsWith(variable, StringComparison.Ordinal)) is { } name
                ? new Node($"/dev/{Text.Printable(name[variable.Length..])}", subsystem, $"{(subsystem == "block" ? 'b' : 'c')}{number}")
                : null;
        }

        return Path.GetFileName(Path.GetDirectoryName(path)) == "net" && sysfs.ReadText($"{path}/ifindex") is { } index
            ? new Node(Text.Printable(Path.GetFileName(path)), "net", $"n{index}")
            : null;
    }

    private bool HasWhatItPromises(string face, List<Node> nodes) =>
        (sysfs.ReadText($"{face}/bInterfaceClass"), sysfs.ReadText($"{face}/bInterfaceSubClass")) switch
        {
            // The disk comes after its generic node: sd.c looks at it on a thread of its own.
            ("08", _) => nodes.Exists(node => node.Subsystem == "block"),
            // Of sound and video it is the control interface that has the nodes.
            ("02" or "03", _) or ("01" or "0e", "01") => nodes.Count > 0,
            _ => true,
        };

    private bool IsThere(Node node) =>
        (!node.Path.StartsWith('/') || sysfs.Exists(node.Path))
        && (!sysfs.Exists(UdevSocket) || sysfs.Exists($"{UdevData}/{node.UdevName}"));

    private static int RankOf(string subsystem) => Preferred.IndexOf(subsystem) is var rank and >= 0 ? rank : Preferred.Length;

    /// <param name="Path">In /dev, or an interface's name.</param>
    /// <param name="Subsystem">Its class.</param>
    /// <param name="UdevName">What udev calls it in its database.</param>
    private sealed record Node(string Path, string Subsystem, string UdevName);
}
