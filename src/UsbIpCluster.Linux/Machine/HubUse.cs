using System.Collections.Immutable;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>How the ports of one kind are used, over all controllers of vhci_hcd.</summary>
/// <param name="IsSuperSpeed">Whether they are for SuperSpeed devices (USB 3), or for all slower ones.</param>
/// <param name="Controllers">How many controllers have such ports.</param>
/// <param name="Ports">How many ports there are.</param>
/// <param name="Used">How many of them have a session, or something that is left of one.</param>
public sealed record HubUse(bool IsSuperSpeed, int Controllers, int Ports, int Used)
{
    /// <summary>Reads both kinds; one without ports is left out.</summary>
    /// <exception cref="DeviceException">ModuleMissing, UnexpectedFormat, NoPermission.</exception>
    public static ImmutableArray<HubUse> Read(Sysfs sysfs)
    {
        var driver = new VhciDriver(sysfs);
        var ports = driver.ReadAll();
        return
        [
            .. ports.GroupBy(port => port.Hub).OrderBy(hub => hub.Key).Select(hub => new HubUse(
                hub.Key == VhciHub.SuperSpeed,
                hub.Select(port => driver.ControllerOf(port.Port)).Distinct().Count(),
                hub.Count(),
                hub.Count(port => port.State != VhciState.Free))),
        ];
    }
}
