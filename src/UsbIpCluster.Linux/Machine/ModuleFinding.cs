namespace UsbIpCluster.Linux;

/// <summary>How a kernel module is to be had.</summary>
public enum ModulePresence
{
    /// <summary>It is loaded, or built in.</summary>
    Loaded,

    /// <summary>It is not loaded, and <c>modprobe</c> finds it.</summary>
    Loadable,

    /// <summary>It is there, and the configuration of modprobe or the kernel keeps it from being loaded.</summary>
    SwitchedOff,

    /// <summary>The modules of this kernel are there, and it is not among them.</summary>
    Absent,

    /// <summary>It is not loaded, and the modules of this kernel can't be seen from here.</summary>
    Unknown,
}

/// <summary>What is known of a module on this machine, without loading it.</summary>
/// <param name="Presence">How it is to be had.</param>
/// <param name="Kernel">The release of the running kernel; empty when it can't be told.</param>
/// <param name="SwitchedOffBy">The file that keeps it from being loaded; null when none does.</param>
public sealed record ModuleFinding(ModulePresence Presence, string Kernel, string? SwitchedOffBy = null)
{
    private const string Release = "/proc/sys/kernel/osrelease";
    private const string Disabled = "/proc/sys/kernel/modules_disabled";
    private const string Ulps = "/proc/sys/net/ipv4/tcp_available_ulp";

    // Debian's kernel has some 4,000 modules.
    private const int MaxLines = 100_000;

    // modprobe.d(5), the first one that has a file of a name wins; that makes no difference here.
    private static readonly string[] Folders =
        ["/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];

    /// <summary>Looks for a module.</summary>
    public static ModuleFinding Of(Sysfs sysfs, KernelModule module)
    {
        var kernel = Text.Printable(Read(sysfs, Release) ?? "");
        if (sysfs.Exists(module.Directory) || IsUlp(sysfs, module))
            return new ModuleFinding(ModulePresence.Loaded, kernel);
        var folder = $"/lib/modules/{kernel}";
        if (kernel.Length == 0 || kernel.Contains('/', StringComparison.Ordinal) || !sysfs.Exists($"{folder}/modules.dep"))
            return new ModuleFinding(ModulePresence.Unknown, kernel);
        if (sysfs.Lines($"{folder}/modules.builtin", MaxLines).Any(line => IsNamed(line, module.Name)))
            return new ModuleFinding(ModulePresence.Loaded, kernel);
        if (!sysfs.Lines($"{folder}/modules.dep", MaxLines).Any(line => IsNamed(line, module.Name)))
            return new ModuleFinding(ModulePresence.Absent, kernel);
        var off = Read(sysfs, Disabled) == "1"
            ? Disabled
            : Folders.Select(from => SwitchingOff(sysfs, from, module.Name)).FirstOrDefault(file => file is not null);
        return new ModuleFinding(off is null ? ModulePresence.Loadable : ModulePresence.SwitchedOff, kernel, off);
    }

    // kernel/drivers/usb/usbip/usbip-host.ko.xz: kernel/drivers/usb/usbip/usbip-core.ko.xz ...
    private static bool IsNamed(string line, string name)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var path = colon < 0 ? line.AsSpan() : line.AsSpan(0, colon);
        var file = path[(path.LastIndexOf('/') + 1)..].Trim();
        var end = file.IndexOf(".ko");
        return end > 0 && (file.Length == end + 3 || file[end + 3] == '.') && AreSame(file[..end], name);
    }

    private static string? SwitchingOff(Sysfs sysfs, string folder, string name) => sysfs.Entries(folder)
        .Where(file => file.EndsWith(".conf", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .Select(file => $"{folder}/{file}")
        .FirstOrDefault(path => sysfs.Lines(path, MaxLines).Any(line => IsSwitchingOff(line, name)));

    // "install NAME COMMAND" runs the command instead. Only one that does nothing is told: others may load the module after all.
    private static bool IsSwitchingOff(string line, string name) =>
        line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is ["install", var module, var command, ..]
        && AreSame(module, name)
        && Path.GetFileName(command) is "false" or "true" or ":";

    // To modprobe the two are one character.
    private static bool AreSame(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        if (one.Length != other.Length)
            return false;
        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i] && (one[i] is not ('-' or '_') || other[i] is not ('-' or '_')))
                return false;
        }

        return true;
    }

    // Built in, tls has no directory of its own; the kernel lists it among what can be put on top of TCP.
    private static bool IsUlp(Sysfs sysfs, KernelModule module) =>
        module == KernelModule.Tls && Read(sysfs, Ulps)?.Split(' ').Contains("tls") == true;

    private static string? Read(Sysfs sysfs, string path)
    {
        try
        {
            return sysfs.ReadText(path)?.Trim();
        }
        catch (Devices.DeviceException)
        {
            return null;
        }
    }
}
