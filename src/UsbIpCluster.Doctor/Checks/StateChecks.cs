using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor;

/// <summary>The state folder.</summary>
internal static class StateChecks
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OfOthers = (UnixFileMode)0x3F;
    private const UnixFileMode Permissions = OwnersAlone | OfOthers;
    private const long Little = 16 * 1024 * 1024;

    public static IEnumerable<DoctorRow> Run(CheckedSettings settings, bool isDaemon)
    {
        var facts = FileStatus.Of(settings.State);
        yield return Folder(settings, facts, isDaemon, facts is null ? null : FileStatus.WhyNotWritable(settings.State));
        if (facts is not { Type: FileType.Folder })
            yield break;
        if (FreeBytes(settings.State) is { } free)
            yield return Space(settings, free);
        foreach (var file in BrokenFiles(settings.State))
            yield return Broken(settings, file);
    }

    /// <summary>Judges the folder itself.</summary>
    /// <param name="settings">Where it is.</param>
    /// <param name="facts">What is there; null for nothing.</param>
    /// <param name="isDaemon">Whether the daemon looks, which is to be its owner.</param>
    /// <param name="whyNotWritable">Why who looks can't write; null when it can.</param>
    public static DoctorRow Folder(CheckedSettings settings, FileStatus? facts, bool isDaemon, string? whyNotWritable)
    {
        var (node, path) = (settings.Node, settings.State);
        return facts switch
        {
            null when !isDaemon => DoctorRow.Ok(
                DoctorChecks.State,
                node,
                path,
                $"{path} is not there yet: usbipcd makes it when it starts"),
            null => DoctorRow.Error(
                DoctorChecks.State, node, path, $"{path} is gone: a restart would lose attachments, leases and exports",
                $"systemctl restart usbipcd makes it again; find out who removes it"),
            { Type: not FileType.Folder } => DoctorRow.Error(
                DoctorChecks.State,
                node,
                path,
                $"{path} is no folder",
                "move it away, or choose another one with \"state\" in the configuration"),
            _ when (facts.Mode & OfOthers) != UnixFileMode.None => DoctorRow.Error(
                DoctorChecks.State,
                node,
                path,
                $"{path} is open to others (mode {Octal(facts.Mode)}): leases' secrets are in it",
                $"chmod 700 {path}"),
            _ when isDaemon && whyNotWritable is not null => DoctorRow.Error(
                DoctorChecks.State, node, path, $"{path} can't be written by usbipcd: {whyNotWritable}",
                $"chown root: {path}; chmod 700 {path}; in a unit StateDirectory=usbipcluster; is its disk mounted read-only?"),
            _ when (facts.Mode & OwnersAlone) != OwnersAlone => DoctorRow.Warning(
                DoctorChecks.State, node, path, $"{path} has mode {Octal(facts.Mode)}", $"chmod 700 {path}"),
            _ => DoctorRow.Ok(
                DoctorChecks.State,
                node,
                path,
                $"{path} is there, and its owner's alone (user {facts.Owner}, mode {Octal(facts.Mode)})"),
        };
    }

    public static DoctorRow Space(CheckedSettings settings, long free) => free switch
    {
        <= 0 => DoctorRow.Error(
            DoctorChecks.Space,
            settings.Node,
            settings.State,
            $"the disk of {settings.State} is full: nothing is kept over a restart",
            $"make room: df -h {settings.State}"),
        < Little => DoctorRow.Warning(
            DoctorChecks.Space,
            settings.Node,
            settings.State,
            $"the disk of {settings.State} has {free / 1024} KiB left",
            $"make room: df -h {settings.State}"),
        _ => DoctorRow.Ok(DoctorChecks.Space, settings.Node, settings.State, $"{free / (1024 * 1024)} MiB are free for {settings.State}"),
    };

    public static DoctorRow Broken(CheckedSettings settings, string file) => DoctorRow.Warning(
        DoctorChecks.Broken, settings.Node, file, $"{file} could not be understood when it was read, and was put aside",
        $"see whether usbipc port and usbipc list --local have all that they should, then remove {file}");

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)(mode & Permissions), 8).PadLeft(4, '0');

    private static long? FreeBytes(string path)
    {
        try
        {
            return new DriveInfo(path).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static string[] BrokenFiles(string path)
    {
        const int most = 20;
        try
        {
            return [.. Directory.EnumerateFiles(path, "*.broken", SearchOption.AllDirectories).Take(most)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
