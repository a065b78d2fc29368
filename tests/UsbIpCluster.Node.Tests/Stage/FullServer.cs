using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Node.Tests;

/// <summary>A server over loopback TCP whose queue is full: the kernel drops what would connect to it, and that hangs.</summary>
internal sealed class FullServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _first = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public FullServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        _first.Connect(_listener.LocalEndPoint!);
    }

    public NetworkAddress Address => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);

    /// <summary>Whether somebody is connecting to it now (SYN_SENT).</summary>
    public bool IsWanted =>
        File.ReadLines("/proc/self/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields[3] == "02" && int.Parse(fields[2].Split(':')[1], NumberStyles.HexNumber) == Address.Port);

    public void Dispose()
    {
        _first.Dispose();
        _listener.Dispose();
    }
}
