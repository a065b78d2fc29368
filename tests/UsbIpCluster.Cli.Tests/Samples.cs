using UsbIpCluster.Control;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Cli.Tests;

/// <summary>Rows to print.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = FixedClock.Now;

    public static readonly DeviceRow Disk = new(
        "lab1", "1-1.2", "0525", "a4a5", "S-1", "Netchip", "File-backed Storage", "mass-storage", "high", "kernel", DeviceStates.Available, null, null, true, 3, null);

    public static readonly DeviceRow Keyboard = new(
        "lab22", "2-1", "046d", "c31c", null, null, null, "hid", "low", "simulated", DeviceStates.InUse, "lab1/a1", "desk", false, 4, "alice");

    public static readonly NodeRow Lab1 = new("lab1", "10.0.0.1:7240", "up", true, true, 2, 1, "0.1.0", Now.AddSeconds(-5));

    public static readonly NodeRow Lab22 = new("lab22", "10.0.0.22:7240", "up", false, false, 12, 0, null, Now.AddHours(-5));

    public static readonly PortRow Attached = new(
        3, "a1", AttachmentStates.Attached, "serial=S-1", "0525", "a4a5", "S-1", "File-backed Storage", "lab1", "1-1.2", "10.0.0.1:3240", "3-1", Now.AddMinutes(-12), 2, "reset");

    public static readonly PortRow Waiting = new(
        null, "a2", AttachmentStates.Waiting, "name=desk", null, null, null, null, null, null, null, null, Now, 0, "no device matches");

    public static readonly EventRow Reattached = new(
        Now, "lab1", EventKinds.Reattached, "1-1.2", "lab1/1-1.2 0525:a4a5 Disk", 3, "a1", DurationMs: 812.34);
}
