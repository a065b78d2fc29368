using System.Net;
using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>A node's cluster address as text, <c>akka.tcp://usbipcluster@host:port</c>, taken apart.</summary>
internal static class ClusterAddress
{
    /// <summary>The name of every node's actor system.</summary>
    public const string SystemName = "usbipcluster";

    /// <summary>Whether it is the address of a node. Akka.NET has another protocol for TLS; its subset here has one for both.</summary>
    public static bool IsValid(string address)
    {
        try
        {
            // Parsers differ in what they overlook, a path or a line's end; what they write does not.
            return Address.Parse(address) is { Protocol: "akka.tcp" or "akka.ssl.tcp", System: SystemName, Host: not null, Port: > 0 } read
                && read.ToString() == address;
        }
        catch (Exception error) when (error is UriFormatException or ArgumentException or FormatException)
        {
            return false;
        }
    }

    /// <summary>The address of a node's peer that is served at an end point.</summary>
    public static Address At(IPEndPoint endPoint, Address self)
    {
        var ip = endPoint.Address.ToString();
        return new Address(self.Protocol, self.System, ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip, endPoint.Port);
    }

    /// <summary>Where an actor of another node says that it is; null for one of this node, or nobody.</summary>
    public static string? Of(IActorRef actor) => actor.Path.Address is { HasLocalScope: false } address ? address.ToString() : null;

    /// <summary>Host and port of a valid address; an IPv6 host stands there in brackets.</summary>
    public static NetworkAddress Place(string address)
    {
        var parsed = Address.Parse(address);
        return new NetworkAddress((parsed.Host ?? "").Trim('[', ']'), parsed.Port ?? 0);
    }

    /// <summary>The IP address of a valid address; null when its host is a name.</summary>
    public static IPAddress? Ip(string address) => Place(address).EndPoint?.Address;
}
