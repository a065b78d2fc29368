using System.Collections.Immutable;

namespace UsbIpCluster.Devices;

/// <summary>Whether more of a device's nodes are on their way: its drivers are found, loaded and started after it is enumerated.</summary>
public enum NodesToCome
{
    /// <summary>What its interfaces promise is there.</summary>
    None,

    /// <summary>Its interfaces promise nothing, and nothing is there so far; it may have no driver here at all.</summary>
    Possible,

    /// <summary>The driver of an interface's class makes one that is not there so far.</summary>
    Expected,
}

/// <summary>What the programs of this host open to use a device.</summary>
/// <param name="Paths">
/// The files in /dev, and for a network adapter the interface's name; those of drivers first, the one that most programs want before
/// others, then the USB device itself (<c>/dev/bus/usb/BBB/DDD</c>).
/// </param>
/// <param name="ToCome">Whether there will be more.</param>
public sealed record DeviceNodes(ImmutableArray<string> Paths, NodesToCome ToCome)
{
    /// <summary>Of a device that this host's programs can't open.</summary>
    public static DeviceNodes None { get; } = new([], NodesToCome.None);
}
