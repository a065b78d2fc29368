using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace UsbIpCluster.Node;

/// <summary>The addresses under which other hosts reach this one.</summary>
internal static class LocalAddress
{
    /// <summary>
    /// The address that <paramref name="listen"/> names, or when it names all of them: the one from which the first seed is reached, else
    /// the first of an interface that is up, else loopback.
    /// </summary>
    public static IPAddress Of(IPEndPoint listen, IEnumerable<NetworkAddress> seeds)
    {
        if (!listen.Address.Equals(IPAddress.Any) && !listen.Address.Equals(IPAddress.IPv6Any))
            return listen.Address;
        var both = listen.AddressFamily == AddressFamily.InterNetworkV6;
        return seeds.Select(seed => Towards(seed, both)).FirstOrDefault(address => address is not null)
            ?? OfAnInterface(both)
            ?? IPAddress.Loopback;
    }

    /// <summary>
    /// The addresses that <paramref name="listen"/> names, the likeliest first. When it names all of them: the one that the cluster's links
    /// use, then one of the other family on the same interface.
    /// </summary>
    public static ImmutableArray<IPAddress> AllOf(IPEndPoint listen, IPAddress cluster, ImmutableArray<NetworkAddress> seeds)
    {
        if (!listen.Address.Equals(IPAddress.Any) && !listen.Address.Equals(IPAddress.IPv6Any))
            return [listen.Address];
        var own = Interfaces().FirstOrDefault(face => AddressesOf(face).Contains(cluster));
        var other = own is null ? null : AddressesOf(own).FirstOrDefault(address => address.AddressFamily != cluster.AddressFamily);
        ImmutableArray<IPAddress> served =
        [
            .. ((IPAddress?[])[cluster, other]).OfType<IPAddress>()
                .Where(address => listen.AddressFamily == AddressFamily.InterNetworkV6 || address.AddressFamily == AddressFamily.InterNetwork),
        ];
        return served.IsEmpty ? [Of(listen, seeds)] : served;
    }

    // Connecting a datagram socket sends nothing; it only makes the kernel choose a route.
    private static IPAddress? Towards(NetworkAddress seed, bool both)
    {
        try
        {
            var family = both ? AddressFamily.Unspecified : AddressFamily.InterNetwork;
            foreach (var address in Dns.GetHostAddresses(seed.Host, family))
            {
                using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                socket.Connect(address, seed.Port);
                if (socket.LocalEndPoint is IPEndPoint local)
                    return local.Address;
            }
        }
        catch (SocketException)
        {
            // No route, or a name that is not known yet: another way is tried.
        }

        return null;
    }

    private static IPAddress? OfAnInterface(bool both) =>
        Interfaces()
            .Where(face => face.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(AddressesOf)
            .Where(address => both || address.AddressFamily == AddressFamily.InterNetwork)
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .FirstOrDefault();

    private static IEnumerable<NetworkInterface> Interfaces() =>
        NetworkInterface.GetAllNetworkInterfaces().Where(face => face.OperationalStatus == OperationalStatus.Up);

    private static IEnumerable<IPAddress> AddressesOf(NetworkInterface face) =>
        face.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address).Where(address => !address.IsIPv6LinkLocal);
}
