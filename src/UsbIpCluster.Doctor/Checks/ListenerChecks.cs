using System.Collections.Immutable;
using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>Who has the USB/IP port: above all an old stock <c>usbipd</c>.</summary>
internal static class ListenerChecks
{
    /// <summary>Judges who listens on port 3240.</summary>
    /// <param name="settings">Where the daemon serves.</param>
    /// <param name="listeners">Who listens there.</param>
    /// <param name="daemon">The daemon's process, when it is the one that looks; null when none answers.</param>
    public static DoctorRow Judge(CheckedSettings settings, ImmutableArray<PortListener> listeners, int? daemon)
    {
        const int port = CheckedSettings.UsbIpPort;
        var others = listeners.RemoveAll(listener => daemon is not null && listener.Process?.Id == daemon);

        // A daemon that may not look at its own descriptors has the port that it serves, or it would not have started.
        if (daemon is not null && settings.ListenPort == port)
            others = others.RemoveAll(listener => listener.Process is null);
        if (others.IsEmpty)
        {
            return DoctorRow.Ok(
                DoctorChecks.Listener,
                settings.Node,
                null,
                daemon is null ? $"port {port} is free" : $"usbipcd serves USB/IP on port {settings.ListenPort}");
        }

        var who = string.Join(", ", others.Select(Describe).Distinct());
        var hint = others.All(IsOurs)
            ? "systemctl status usbipcd; it may be starting, serve another socket (--socket PATH), or hang: journalctl -u usbipcd -n 50"
            : $"stop it ({StopHint(others)}), or give usbipcd another port: \"listen\" in {ConfigurationFile.DefaultPath}";
        return daemon is null && settings.ListenPort == port
            ? DoctorRow.Error(
                DoctorChecks.Listener,
                settings.Node,
                null,
                $"port {port}, which usbipcd is to serve, is taken by {who}",
                hint)
            : DoctorRow.Warning(
                DoctorChecks.Listener,
                settings.Node,
                null,
                $"port {port} is served by {who}, beside usbipcd on port {settings.ListenPort}",
                hint);
    }

    private static string Describe(PortListener listener) => listener.Process is { } process
        ? $"process {process.Id} ({process.Command})"
        : $"a process of user {listener.UserId} (sudo usbipc doctor names it)";

    private static bool IsOurs(PortListener listener) => NameOf(listener) == "usbipcd";

    private static string StopHint(ImmutableArray<PortListener> others)
    {
        if (others.FirstOrDefault(other => other.Process is not null) is not { Process: { } process } known)
            return "ss -ltnp 'sport = :3240' names it to root";
        return NameOf(known) == "usbipd" ? $"systemctl disable --now usbipd, or kill {process.Id}" : $"kill {process.Id}";
    }

    private static string? NameOf(PortListener listener) => Path.GetFileName(listener.Process?.Command.Split(' ')[0]);
}
