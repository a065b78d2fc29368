using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>Two ends of a TCP connection over loopback, both blocking and never used asynchronously.</summary>
internal static class Loopback
{
    public static (Socket Importer, Socket Exporter) Connect()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var importer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        importer.Connect(listener.LocalEndPoint!);
        return (importer, listener.Accept());
    }
}
