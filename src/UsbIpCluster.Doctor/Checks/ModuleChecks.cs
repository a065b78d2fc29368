using System.Runtime.InteropServices;
using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>The kernel's modules: those that a role needs, and the one for encrypted sessions.</summary>
internal static class ModuleChecks
{
    public static IEnumerable<DoctorRow> Run(Sysfs sysfs, CheckedSettings settings, DaemonFacts? daemon) =>
    [
        Exporting(settings, ModuleFinding.Of(sysfs, KernelModule.UsbIpHost), daemon),
        Attaching(settings, ModuleFinding.Of(sysfs, KernelModule.VhciHcd), daemon),
        Encrypting(settings.Node, ModuleFinding.Of(sysfs, KernelModule.Tls)),
    ];

    public static DoctorRow Exporting(CheckedSettings settings, ModuleFinding found, DaemonFacts? daemon) => settings.ExportsByKernel
        ? Needed(settings.Node, KernelModule.UsbIpHost, "exporting devices", found, daemon, then: "")
        : NotNeeded(settings.Node, KernelModule.UsbIpHost, "exporters");

    public static DoctorRow Attaching(CheckedSettings settings, ModuleFinding found, DaemonFacts? daemon)
    {
        const string thenRestart = ", then systemctl restart usbipcd";
        if (!settings.AttachesByKernel)
            return NotNeeded(settings.Node, KernelModule.VhciHcd, "hostController");
        return found.Presence == ModulePresence.Loaded && daemon is { AttachesByKernel: false }
            ? DoctorRow.Error(
                DoctorChecks.Module,
                settings.Node,
                KernelModule.VhciHcd.Name,
                "vhci-hcd is loaded now, and was not when usbipcd started: attaching devices is off",
                "systemctl restart usbipcd; no session is cut by that")
            : Needed(settings.Node, KernelModule.VhciHcd, "attaching devices", found, daemon, daemon is null ? "" : thenRestart);
    }

    public static DoctorRow Encrypting(string node, ModuleFinding found)
    {
        var name = KernelModule.Tls.Name;
        return found.Presence switch
        {
            ModulePresence.Loaded => DoctorRow.Ok(DoctorChecks.Module, node, name, "tls is loaded"),
            ModulePresence.Loadable => DoctorRow.Ok(
                DoctorChecks.Module,
                node,
                name,
                "tls is not loaded and can be; only encrypted sessions need it"),
            ModulePresence.Unknown => DoctorRow.Ok(
                DoctorChecks.Module,
                node,
                name,
                "tls is not loaded, and whether it could be can't be seen from here; only encrypted sessions need it"),
            ModulePresence.SwitchedOff => DoctorRow.Warning(
                DoctorChecks.Module,
                node,
                name,
                $"tls can't be loaded ({found.SwitchedOffBy}): no encrypted sessions",
                SwitchOn(found, name)),
            _ => DoctorRow.Warning(
                DoctorChecks.Module, node, name, $"the kernel {found.Kernel} has no module tls: no encrypted sessions", AnotherKernel),
        };
    }

    private static string AnotherKernel { get; } =
        $"install a kernel that has it, and boot it: on Debian apt install linux-image-{DebianArchitecture} (a cloud kernel has no USB), "
        + "on Ubuntu linux-modules-extra-$(uname -r)";

    private static string DebianArchitecture => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.X86 => "686",
        Architecture.Arm => "armmp",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static DoctorRow NotNeeded(string node, KernelModule module, string key) =>
        DoctorRow.Ok(DoctorChecks.Module, node, module.Name, $"{module.Name} is not needed: {key} has no kernel in it");

    // Before the daemon runs, a module that it will load is no fault yet.
    private static DoctorRow Needed(string node, KernelModule module, string role, ModuleFinding found, DaemonFacts? daemon, string then)
    {
        var name = module.Name;
        return found.Presence switch
        {
            ModulePresence.Loaded => DoctorRow.Ok(DoctorChecks.Module, node, name, $"{name} is loaded"),
            ModulePresence.Loadable when daemon is null => DoctorRow.Warning(
                DoctorChecks.Module, node, name, $"{name} is not loaded; usbipcd tries to load it when it starts", $"modprobe {name}"),
            ModulePresence.Loadable => DoctorRow.Error(
                DoctorChecks.Module,
                node,
                name,
                $"{name} is not loaded: {role} is off",
                $"modprobe {name}{then}; for every boot: echo {name} > /etc/modules-load.d/{name}.conf"),
            ModulePresence.SwitchedOff => DoctorRow.Error(
                DoctorChecks.Module, node, name, $"{name} is not loaded: {role} is off", SwitchOn(found, name) + then),
            ModulePresence.Absent => DoctorRow.Error(
                DoctorChecks.Module, node, name, $"the running kernel, {found.Kernel}, has no module {name}: {role} is off", AnotherKernel),
            _ => DoctorRow.Error(
                DoctorChecks.Module,
                node,
                name,
                $"{name} is not loaded, and the modules of the running kernel, {found.Kernel}, can't be seen from here: {role} is off",
                $"modprobe {name}{then} (in a container: on its host); where modprobe does not find it, the kernel was replaced since "
                    + "it was booted: reboot; or it has none: on Debian linux-image-" + DebianArchitecture + " has"),
        };
    }

    private static string SwitchOn(ModuleFinding found, string name) =>
        found.SwitchedOffBy?.StartsWith("/proc/", StringComparison.Ordinal) == true
            ? $"no module can be loaded until the next boot ({found.SwitchedOffBy} is 1): have {name} loaded at boot, and reboot"
            : $"take the line \"install {name} ...\" out of {found.SwitchedOffBy}, then modprobe {name}";
}
