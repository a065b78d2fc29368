using System.Collections.Immutable;
using System.Globalization;

namespace UsbIpCluster.Linux;

/// <summary>Who listens on a TCP port of this process's network namespace.</summary>
/// <param name="UserId">The user who made the socket.</param>
/// <param name="Inode">The socket.</param>
/// <param name="Process">The process that has it; null when that can't be seen, as without root.</param>
public sealed record PortListener(uint UserId, long Inode, RunningProcess? Process)
{
    // TCP_LISTEN, include/net/tcp_states.h.
    private const string Listening = "0A";
    private const int MaxSockets = 100_000;

    /// <summary>Finds those of a port, over IPv4 and IPv6.</summary>
    public static ImmutableArray<PortListener> On(Sysfs sysfs, int port)
    {
        (uint UserId, long Inode)[] sockets =
        [
            .. ((string[])["/proc/self/net/tcp", "/proc/self/net/tcp6"])
                .SelectMany(path => sysfs.Lines(path, MaxSockets))
                .Select(line => Parse(line, port))
                .OfType<(uint, long)>()
                .Distinct(),
        ];
        if (sockets.Length == 0)
            return [];
        var owners = RunningProcess.WithSockets(sysfs, [.. sockets.Select(socket => socket.Inode)]);
        return [.. sockets.Select(socket => new PortListener(socket.UserId, socket.Inode, owners.GetValueOrDefault(socket.Inode)))];
    }

    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ..., addresses and ports hexadecimal,
    // Documentation/networking/proc_net_tcp.rst.
    internal static (uint UserId, long Inode)? Parse(string line, int port)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 10 || fields[3] != Listening)
            return null;
        var colon = fields[1].LastIndexOf(':');
        return colon > 0
            && ushort.TryParse(fields[1].AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var local)
            && local == port
            && uint.TryParse(fields[7], NumberStyles.None, CultureInfo.InvariantCulture, out var user)
            && long.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out var inode)
            ? (user, inode)
            : null;
    }
}
