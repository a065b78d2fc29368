using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>Whether a daemon answers. That none does is an error by itself; here is what the command can tell of the reason.</summary>
public static class DaemonChecks
{
    private const string Journal = "journalctl -u usbipcd -n 50 says why";

    private static readonly string[] Units =
        ["/etc/systemd/system/usbipcd.service", "/usr/lib/systemd/system/usbipcd.service", "/lib/systemd/system/usbipcd.service"];

    /// <summary>A daemon has answered.</summary>
    /// <param name="daemon">Which.</param>
    /// <param name="version">The command's version.</param>
    public static DoctorRow Answers(VersionRow daemon, string version) => daemon.Version == version
        ? DoctorRow.Ok(DoctorChecks.DaemonAnswers, daemon.Node, null, $"usbipcd {daemon.Version} answers (process {daemon.ProcessId})")
        : DoctorRow.Warning(
            DoctorChecks.DaemonVersion,
            daemon.Node,
            null,
            $"usbipcd {daemon.Version} answers (process {daemon.ProcessId}), and this command is {version}",
            "systemctl restart usbipcd after an upgrade, no session is cut by that; or upgrade what is older");

    /// <summary>Judges why the daemon could not be asked.</summary>
    /// <param name="node">This node.</param>
    /// <param name="error">What came of asking.</param>
    /// <param name="isInstalled">Whether systemd knows the service.</param>
    public static DoctorRow Absent(string node, ControlException error, bool isInstalled)
    {
        var hint = error.Error switch
        {
            ControlError.NoDaemon when isInstalled => $"systemctl start usbipcd; {Journal}",
            ControlError.NoDaemon =>
                "the service is not installed: install the package, or start usbipcd by hand; is it at another socket? --socket PATH",
            ControlError.TimedOut =>
                $"--timeout gives it longer; if it hangs: systemctl restart usbipcd (no session is cut by that), and {Journal}",
            _ => error.Hint ?? Journal,
        };
        return DoctorRow.Error(DoctorChecks.DaemonAnswers, node, null, error.Message, hint);
    }

    /// <summary>The daemon is there, and has said why it could not examine the nodes.</summary>
    /// <param name="node">This node.</param>
    /// <param name="error">What it said.</param>
    public static DoctorRow Unexamined(string node, ControlException error) =>
        DoctorRow.Error(DoctorChecks.Examination, node, null, error.Message, error.Hint ?? Journal);

    /// <summary>Whether systemd knows the service.</summary>
    public static bool IsInstalled(Sysfs sysfs) => Units.Any(sysfs.Exists);

    /// <summary>A configuration file that can't be read.</summary>
    public static DoctorRow Configuration(string node, string problem) => DoctorRow.Error(
        DoctorChecks.Configuration, node, null, problem, "usbipcd does not start with it: correct it; these checks go by the defaults");
}
