using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>The kernel's ports, uevents and clock.</summary>
public static class KernelChecks
{
    /// <summary>Whether the machine's clock is kept right.</summary>
    public static DoctorRow Clock(string node, ClockState state)
    {
        const string keepIt =
            "have a time service keep it: timedatectl set-ntp true (on Debian with systemd-timesyncd or chrony installed)";
        return state switch
        {
            ClockState.Synchronized => DoctorRow.Ok(DoctorChecks.ClockSynchronized, node, null, "the clock is synchronized"),
            ClockState.Unsynchronized => DoctorRow.Warning(
                DoctorChecks.ClockSynchronized,
                node,
                null,
                "nobody keeps this machine's clock right; certificates and events go by it",
                keepIt),
            _ => DoctorRow.Warning(
                DoctorChecks.ClockSynchronized,
                node,
                null,
                "whether the clock is synchronized can't be told from here",
                "timedatectl says it"),
        };
    }

    internal static DoctorRow Ports(string node, HubUse hub)
    {
        var target = hub.IsSuperSpeed ? "super-speed" : "high-speed";
        var kind = hub.IsSuperSpeed ? "SuperSpeed devices" : "devices up to high speed";
        var controllers = hub.Controllers == 1 ? "1 controller" : $"{hub.Controllers} controllers";
        var what = $"{hub.Used} of {hub.Ports} ports for {kind} are used ({controllers})";
        return hub.Used < hub.Ports
            ? DoctorRow.Ok(DoctorChecks.Ports, node, target, what)
            : DoctorRow.Warning(
                DoctorChecks.Ports, node, target, $"{what}: no more can be attached",
                "usbipc port shows what has them; usbipc detach what is not needed. The kernel's configuration decides how many there are: "
                    + "CONFIG_USBIP_VHCI_HC_PORTS, CONFIG_USBIP_VHCI_NR_HCS");
    }

    internal static DoctorRow Uevents(string node, bool needed, string? wrong) => (needed, wrong) switch
    {
        (false, _) => DoctorRow.Ok(
            DoctorChecks.Uevents,
            node,
            null,
            "uevents are not needed: neither exporters nor hostController has kernel in it"),
        (_, null) => DoctorRow.Ok(DoctorChecks.Uevents, node, null, "uevents arrive: changes are seen at once"),
        _ => DoctorRow.Warning(
            DoctorChecks.Uevents, node, null, $"uevents do not arrive: {wrong}; changes are found by polling, some seconds later",
            "run usbipcd in the host's network (a container with --network host), "
                + "and with AF_NETLINK where the unit has RestrictAddressFamilies"),
    };
}
