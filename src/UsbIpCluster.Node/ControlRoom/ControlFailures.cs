using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>What went wrong, as it is told to who asked: every error has a line of what to do.</summary>
internal static class ControlFailures
{
    private const string Forms = "VID:PID, serial=S, name=NAME, NODE/BUSID, BUSID, product=GLOB or class=CLASS, or several joined by commas";

    /// <summary>Something with a device or a port.</summary>
    public static ControlException Of(DeviceException error) =>
        new(ErrorOf(error.Error), error.Message, error.Hint ?? HintOf(error.Error), innerException: error);

    /// <summary>A selector is malformed.</summary>
    public static ControlException OfSelector(string problem) => Usage(problem, $"a selector is {Forms}");

    /// <summary>A rule of who may have a device is malformed.</summary>
    public static ControlException OfRule(string problem) =>
        Usage(problem, "a rule is node=NAME, user=NAME, an address or ADDRESS/BITS, or several joined by commas");

    // What a parser says may name the remedy itself, behind a semicolon.
    private static ControlException Usage(string problem, string hint) => problem.Split("; ", 2) is [var what, var remedy]
        ? new ControlException(ControlError.Usage, what, remedy)
        : new ControlException(ControlError.Usage, problem, hint);

    private static ControlError ErrorOf(DeviceError error) => error switch
    {
        DeviceError.NoSuchDevice or DeviceError.NoSuchPort => ControlError.NotFound,
        DeviceError.NotExported or DeviceError.Busy or DeviceError.NoFreePort => ControlError.Unavailable,
        DeviceError.TimedOut => ControlError.TimedOut,
        _ => ControlError.Failed,
    };

    private static string HintOf(DeviceError error) => error switch
    {
        DeviceError.NoSuchDevice => "usbipc list shows the cluster's devices, usbipc list -r HOST a plain server's",
        DeviceError.NoSuchPort => "usbipc port shows this node's ports",
        DeviceError.NotExported => "its node exports it with usbipc bind; who may have it is in docs/security.md",
        DeviceError.Busy => "usbipc list shows who has it; who may have it is decided on its node (usbipc bind --allow)",
        DeviceError.PeerLost => "is that host up, does usbipcd or usbipd run there, and is its USB/IP port open?",
        _ => "the daemon's log may say more: journalctl -u usbipcd",
    };
}
