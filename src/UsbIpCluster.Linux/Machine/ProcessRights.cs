using System.Globalization;

namespace UsbIpCluster.Linux;

/// <summary>What a process may do of what the kernel's USB/IP drivers need.</summary>
/// <param name="UserId">Its effective user.</param>
/// <param name="Capabilities">Its effective capabilities, as bits (capabilities(7)).</param>
public sealed record ProcessRights(uint UserId, ulong Capabilities)
{
    // CAP_DAC_OVERRIDE and CAP_SYS_MODULE, include/uapi/linux/capability.h.
    private const int OverrideAccess = 1;
    private const int LoadModules = 16;

    /// <summary>Whether it may write the drivers' files: they are root's, and only their owner may.</summary>
    public bool WritesKernelFiles => UserId == 0 || Has(OverrideAccess);

    /// <summary>Whether it may load a module.</summary>
    public bool LoadsModules => Has(LoadModules);

    /// <summary>Those of this process; null when they can't be read.</summary>
    public static ProcessRights? OfSelf(Sysfs sysfs) => Parse(sysfs.Lines("/proc/self/status", 100));

    // Uid: real effective saved filesystem; CapEff: 16 hexadecimal digits (proc_pid_status(5)).
    internal static ProcessRights? Parse(IEnumerable<string> lines)
    {
        uint? user = null;
        ulong? capabilities = null;
        foreach (var line in lines)
        {
            switch (line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            {
                case ["Uid:", _, var effective, ..]
                    when uint.TryParse(effective, NumberStyles.None, CultureInfo.InvariantCulture, out var id):
                    user = id;
                    break;
                case ["CapEff:", var bits]
                    when ulong.TryParse(bits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var set):
                    capabilities = set;
                    break;
            }
        }

        return user is { } known && capabilities is { } may ? new ProcessRights(known, may) : null;
    }

    private bool Has(int capability) => (Capabilities >> capability & 1) != 0;
}
