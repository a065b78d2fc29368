namespace UsbIpCluster.Node.Tests;

/// <summary>A test that asks systemd's own tools; skipped where they are not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemdFactAttribute : FactAttribute
{
    /// <summary>Reads unit files without running any.</summary>
    public const string Tool = "/usr/bin/systemd-analyze";

    public SystemdFactAttribute()
    {
        if (!File.Exists(Tool))
            Skip = $"{Tool} is not there; Debian has it in the package systemd";
    }
}
