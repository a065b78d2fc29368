using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>The two ends of a TCP connection, by which it can be found when no descriptor of it is left in this process.</summary>
internal sealed class TcpConnection(Socket socket)
{
    // Column 3 of the files, TCP_ESTABLISHED in include/net/tcp_states.h.
    private const string EstablishedState = "01";
    private static readonly string[] Tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

    private readonly IPEndPoint _local = Plain((IPEndPoint)socket.LocalEndPoint!);
    private readonly IPEndPoint _remote = Plain((IPEndPoint)socket.RemoteEndPoint!);

    /// <summary>
    /// Whether both sides can still send, as the kernel says; a connection that was reset, or that the peer has closed, is not. True where
    /// the kernel does not say.
    /// </summary>
    public bool IsEstablished()
    {
        try
        {
            return Tables.Where(File.Exists).SelectMany(table => File.ReadLines(table).Skip(1)).Any(IsThisEstablished);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    // "sl: local_address rem_address st ...", see Documentation/networking/proc_net_tcp.rst.
    private bool IsThisEstablished(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, var remote, EstablishedState, ..]
        && _local.Equals(Parse(local)) && _remote.Equals(Parse(remote));

    /// <summary>Reads <c>0100007F:0CA8</c>: the address as words of 32 bits in the host's order, the port as a number. IPv4 stays IPv4.</summary>
    internal static IPEndPoint? Parse(string text)
    {
        if (text.Split(':') is not [{ Length: 8 or 32 } address, var port]
            || !ushort.TryParse(port, NumberStyles.AllowHexSpecifier, null, out var number))
            return null;
        var words = new uint[address.Length / 8];
        for (var i = 0; i < words.Length; i++)
        {
            if (!uint.TryParse(address.AsSpan(8 * i, 8), NumberStyles.AllowHexSpecifier, null, out words[i]))
                return null;
        }

        return Plain(new IPEndPoint(new IPAddress(MemoryMarshal.AsBytes<uint>(words)), number));
    }

    /// <summary>An IPv4 peer of an IPv6 socket has an address of its own kind there, and the zone of an address is not in the tables.</summary>
    private static IPEndPoint Plain(IPEndPoint endPoint)
    {
        var address = endPoint.Address;
        if (address.IsIPv4MappedToIPv6)
            return new IPEndPoint(address.MapToIPv4(), endPoint.Port);
        return new IPEndPoint(new IPAddress(address.GetAddressBytes()), endPoint.Port);
    }
}
