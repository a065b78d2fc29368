using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>
/// A host and a TCP port: <c>lab1:7240</c>, <c>10.0.0.1:3240</c>, <c>[fd00::1]:3240</c>. The host is a DNS name or an IP address,
/// the port 0 to 65535.
/// </summary>
public sealed record NetworkAddress(string Host, int Port)
{
    /// <summary>The longest host name, in characters (RFC 1035).</summary>
    private const int MaxHost = 253;

    /// <summary>
    /// Reads an address; <paramref name="defaultPort"/> stands where none is written. False when the text is none, or has no port and
    /// there is no default.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, int? defaultPort, [NotNullWhen(true)] out NetworkAddress? address)
    {
        address = null;
        if (string.IsNullOrEmpty(text))
            return false;
        var (host, port) = Split(text);
        if (host.Length is 0 or > MaxHost || Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return false;
        if (port is null)
        {
            if (defaultPort is null)
                return false;
            address = new NetworkAddress(host, defaultPort.Value);
            return true;
        }

        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        address = new NetworkAddress(host, number);
        return true;
    }

    /// <summary>The address as an end point; null when the host is a name.</summary>
    public IPEndPoint? EndPoint => IPAddress.TryParse(Host, out var ip) ? new IPEndPoint(ip, Port) : null;

    /// <summary>
    /// Every end point of the host, in the resolver's order; an address resolves to itself without asking anybody.
    /// </summary>
    /// <exception cref="DeviceException">PeerLost: the name is not known.</exception>
    public async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(CancellationToken cancellationToken)
    {
        if (EndPoint is { } known)
            return [known];
        try
        {
            return [.. (await Dns.GetHostAddressesAsync(Host, cancellationToken)).Select(ip => new IPEndPoint(ip, Port))];
        }
        catch (SocketException error)
        {
            throw new DeviceException(DeviceError.PeerLost, $"{Host} is not known: {error.Message}", "check the name", error);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static (string Host, string? Port) Split(string text)
    {
        if (text[0] == '[')
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
                return ("", null);
            var rest = text[(end + 1)..];
            return rest switch
            {
                "" => (text[1..end], null),
                [':', .. var port] => (text[1..end], port),
                _ => ("", null),
            };
        }

        // More than one colon without brackets is an IPv6 address without a port.
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || text.IndexOf(':', colon + 1) >= 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }
}
