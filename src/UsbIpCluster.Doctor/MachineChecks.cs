using System.Collections.Immutable;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>
/// The checks of one machine. The daemon runs them with its own rights and in its own namespaces; where none answers, the command does, and
/// sees what its user may see. Each looks, and changes nothing; what one of them stumbles over keeps no other from being done.
/// </summary>
public static class MachineChecks
{
    /// <summary>Runs them; may take some hundred milliseconds of this thread.</summary>
    /// <param name="sysfs">The machine's files.</param>
    /// <param name="settings">Of its daemon.</param>
    /// <param name="daemon">What the daemon knows when it is the one that looks; null for the command.</param>
    /// <param name="now">The time.</param>
    public static ImmutableArray<DoctorRow> Run(Sysfs sysfs, CheckedSettings settings, DaemonFacts? daemon, DateTimeOffset now)
    {
        var node = settings.Node;
        return
        [
            .. Try(DoctorChecks.Module, node, () => ModuleChecks.Run(sysfs, settings, daemon)),
            .. Try(DoctorChecks.Ports, node, () => Ports(sysfs, settings)),
            .. Try(DoctorChecks.Uevents, node, () => [KernelChecks.Uevents(node, NeedsKernel(settings), UeventHearing.WhatIsWrong())]),
            .. Try(DoctorChecks.Process, node, () => [Rights(sysfs, settings, daemon)]),
            .. Try(DoctorChecks.Group, node, () => [Group(sysfs, settings)]),
            .. Try(DoctorChecks.Listener, node, () => [Listener(sysfs, settings, daemon)]),
            .. Try(DoctorChecks.State, node, () => StateChecks.Run(settings, daemon is not null)),
            .. Try(DoctorChecks.Certificate, node, () => CertificateChecks.Run(settings, daemon, now)),
            .. Try(DoctorChecks.Insecure, node, () => SettingsChecks.Judge(settings)),
        ];
    }

    private static bool NeedsKernel(CheckedSettings settings) => settings.ExportsByKernel || settings.AttachesByKernel;

    private static DoctorRow Rights(Sysfs sysfs, CheckedSettings settings, DaemonFacts? daemon) => RightsChecks.Process(
        settings.Node, NeedsKernel(settings), daemon is not null, ProcessRights.OfSelf(sysfs), RightsChecks.ReadOnlyFile(sysfs));

    private static DoctorRow Group(Sysfs sysfs, CheckedSettings settings) => RightsChecks.Group(
        settings.Node, ControlSocket.Group, UserGroup.Find(sysfs, ControlSocket.Group), FileStatus.Of(settings.Control));

    private static DoctorRow Listener(Sysfs sysfs, CheckedSettings settings, DaemonFacts? daemon) => ListenerChecks.Judge(
        settings, PortListener.On(sysfs, CheckedSettings.UsbIpPort), daemon is null ? null : Environment.ProcessId);

    private static IEnumerable<DoctorRow> Ports(Sysfs sysfs, CheckedSettings settings)
    {
        // Without the module there are no ports, and the module is told of.
        if (!settings.AttachesByKernel || ModuleFinding.Of(sysfs, KernelModule.VhciHcd).Presence != ModulePresence.Loaded)
            return [];
        try
        {
            return HubUse.Read(sysfs).Select(hub => KernelChecks.Ports(settings.Node, hub));
        }
        catch (DeviceException error)
        {
            return [DoctorRow.Error(DoctorChecks.Ports, settings.Node, null, error.Message, error.Hint ?? "see dmesg")];
        }
    }

    private static ImmutableArray<DoctorRow> Try(string check, string node, Func<IEnumerable<DoctorRow>> run)
    {
        try
        {
            return [.. run()];
        }
        catch (Exception error)
        {
            return [DoctorRow.Warning(check, node, null, $"could not be checked: {error.Message}", "run usbipc doctor again, as root")];
        }
    }
}
