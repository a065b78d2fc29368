using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>What the process may do, and who may use the socket.</summary>
internal static class RightsChecks
{
    // What is written to: /sys may be read-only where root is root.
    private static readonly string[] Written =
    [
        "/sys/devices/platform/vhci_hcd.0/attach",
        "/sys/bus/usb/drivers/usbip-host/bind",
    ];

    /// <summary>The first of the kernel's files that is there and can't be written, and why; null when there is none.</summary>
    public static string? ReadOnlyFile(Sysfs sysfs) => Written
        .Where(path => sysfs.Exists(path))
        .Select(path => FileStatus.WhyNotWritable(path) is { } why ? $"{path}: {why}" : null)
        .FirstOrDefault(problem => problem is not null);

    /// <summary>The daemon's rights, or those of the command that looks in its place.</summary>
    public static DoctorRow Process(string node, bool needed, bool isDaemon, ProcessRights? rights, string? readOnly)
    {
        var who = rights is { UserId: 0 } ? "root" : $"user {rights?.UserId}";
        return (isDaemon, rights) switch
        {
            (_, null) => DoctorRow.Warning(
                DoctorChecks.Process, node, null, "what this process may do can't be told: /proc/self/status is not there", "mount /proc"),
            (false, { UserId: not 0 }) => DoctorRow.Warning(
                DoctorChecks.Process,
                node,
                null,
                $"this command runs as {who}, and can't see all of the machine",
                "sudo usbipc doctor sees more"),
            (false, _) => DoctorRow.Ok(DoctorChecks.Process, node, null, "this command runs as root"),
            (_, _) when !needed => DoctorRow.Ok(
                DoctorChecks.Process,
                node,
                null,
                $"usbipcd runs as {who}; without kernel in its roles it needs no more"),
            (_, { WritesKernelFiles: false }) => DoctorRow.Error(
                DoctorChecks.Process,
                node,
                null,
                $"usbipcd runs as {who}, and may not write the kernel's USB/IP files: nothing can be bound or attached",
                "run it as root, or with AmbientCapabilities=CAP_DAC_OVERRIDE in its unit"),
            _ when readOnly is not null => DoctorRow.Error(
                DoctorChecks.Process, node, null, $"usbipcd can't write {readOnly}",
                "mount /sys writable: no ProtectKernelTunables in the unit; --privileged for a container"),
            (_, { LoadsModules: false }) => DoctorRow.Ok(
                DoctorChecks.Process,
                node,
                null,
                $"usbipcd runs as {who} and may write the kernel's files; modules have to be loaded by others"),
            _ => DoctorRow.Ok(
                DoctorChecks.Process,
                node,
                null,
                $"usbipcd runs as {who}, and may write the kernel's files and load modules"),
        };
    }

    /// <summary>The group of the socket.</summary>
    /// <param name="node">This node.</param>
    /// <param name="name">Its name.</param>
    /// <param name="group">What is known of it; null when there is none.</param>
    /// <param name="socket">The socket; null when there is none.</param>
    public static DoctorRow Group(string node, string name, UserGroup? group, FileStatus? socket)
    {
        if (group is null)
        {
            return DoctorRow.Warning(
                DoctorChecks.Group, node, name, $"there is no group {name}: only root can use the control socket",
                $"groupadd --system {name}; usermod -aG {name} USER; systemctl restart usbipcd");
        }

        if (socket is { Type: FileType.Socket } && socket.Group != group.Id)
        {
            return DoctorRow.Warning(
                DoctorChecks.Group,
                node,
                name,
                $"the control socket is not the group {name}'s, which is newer than the daemon or could not be given it",
                "systemctl restart usbipcd; no session is cut by that");
        }

        return DoctorRow.Ok(
            DoctorChecks.Group,
            node,
            name,
            group.Members.IsEmpty
                ? $"nobody is in the group {name}: only root can use the control socket"
                : $"in the group {name}: {string.Join(", ", group.Members)}");
    }
}
