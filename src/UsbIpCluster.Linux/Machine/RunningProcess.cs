using System.Collections.Immutable;
using System.Globalization;

namespace UsbIpCluster.Linux;

/// <summary>A process of this machine, in words that can be shown.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Command">How it was started, shortened; its name where that is not known.</param>
public sealed record RunningProcess(int Id, string Command)
{
    private const int MaxCommand = 80;

    /// <summary>The processes that have these sockets, by the socket's inode, as far as this process may see them.</summary>
    public static ImmutableDictionary<long, RunningProcess> WithSockets(Sysfs sysfs, ImmutableArray<long> inodes)
    {
        var wanted = inodes.ToDictionary(inode => $"socket:[{inode}]", StringComparer.Ordinal);
        var found = ImmutableDictionary.CreateBuilder<long, RunningProcess>();
        foreach (var name in sysfs.Entries("/proc"))
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                continue;
            foreach (var descriptor in sysfs.Entries($"/proc/{name}/fd"))
            {
                if (sysfs.LinkName($"/proc/{name}/fd/{descriptor}") is { } link && wanted.TryGetValue(link, out var inode))
                    found.TryAdd(inode, new RunningProcess(id, CommandOf(sysfs, name)));
            }

            if (found.Count == wanted.Count)
                break;
        }

        return found.ToImmutable();
    }

    // Arguments are separated by NUL; a process may write there whatever it likes.
    private static string CommandOf(Sysfs sysfs, string id)
    {
        try
        {
            var line = sysfs.ReadText($"/proc/{id}/cmdline")?.Replace('\0', ' ').Trim();
            if (string.IsNullOrEmpty(line))
                line = sysfs.ReadText($"/proc/{id}/comm")?.Trim();
            if (string.IsNullOrEmpty(line))
                return "unknown";
            return Text.Printable(line.Length <= MaxCommand ? line : line[..MaxCommand] + "...");
        }
        catch (Devices.DeviceException)
        {
            return "unknown";
        }
    }
}
