using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>Blocking TCP connections over loopback.</summary>
internal static class Connections
{
    public static Socket Listen(int backlog = 16)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    public static IPEndPoint EndPoint(this Socket listener) => (IPEndPoint)listener.LocalEndPoint!;

    public static (Socket Near, Socket Far) Pair()
    {
        using var listener = Listen();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
        near.Connect(listener.EndPoint());
        return (near, listener.Accept());
    }

    /// <summary>Receives exactly so many bytes.</summary>
    public static byte[] Receive(this Socket socket, int count)
    {
        var buffer = new byte[count];
        for (var length = 0; length < count;)
        {
            var received = socket.Receive(buffer.AsSpan(length));
            Assert.NotEqual(0, received);
            length += received;
        }

        return buffer;
    }

    /// <summary>Closes with a reset.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>Whether a connection to that endpoint is being made now (SYN_SENT).</summary>
    public static bool IsConnectingTo(IPEndPoint endpoint) =>
        File.ReadLines("/proc/self/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields[3] == "02" && int.Parse(fields[2].Split(':')[1], NumberStyles.HexNumber) == endpoint.Port);

    /// <summary>Whether an epoll of this process watches the socket. Its descriptor must be open.</summary>
    public static bool IsInEpoll(Socket socket)
    {
        var fd = socket.SafeHandle.DangerousGetHandle().ToString();
        foreach (var link in Directory.GetFiles("/proc/self/fd"))
        {
            try
            {
                if (new FileInfo(link).LinkTarget?.Contains("eventpoll", StringComparison.Ordinal) != true)
                    continue;
                var entries = File.ReadLines($"/proc/self/fdinfo/{Path.GetFileName(link)}").Where(line => line.StartsWith("tfd:", StringComparison.Ordinal));
                if (entries.Any(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1] == fd))
                    return true;
            }
            catch (IOException)
            {
                // A descriptor that is closed by now.
            }
        }

        return false;
    }
}
