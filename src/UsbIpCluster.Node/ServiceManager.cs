using System.Net.Sockets;
using System.Text;

namespace UsbIpCluster.Node;

/// <summary>Tells the service manager how the daemon is, where there is one: sd_notify(3).</summary>
internal static class ServiceManager
{
    /// <summary>The daemon serves.</summary>
    public static void Ready() => Send("READY=1");

    /// <summary>The daemon is stopping.</summary>
    public static void Stopping() => Send("STOPPING=1");

    private static void Send(string state)
    {
        var path = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(path))
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // A leading @ stands for the NUL of an abstract socket's name.
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
        }
        catch (SocketException)
        {
            // A service manager that does not listen is none.
        }
    }
}
