using System.Net.Sockets;
using System.Text;

namespace UsbIpCluster.Node.Tests;

/// <summary>A datagram socket in this machine's file system or, with a leading @, beside it: what journald or a service manager listens at.</summary>
internal sealed class Datagrams : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public Datagrams(string address)
    {
        Address = address;
        _socket.Bind(new UnixDomainSocketEndPoint(address[0] == '@' ? "\0" + address[1..] : address));
    }

    public string Address { get; }

    public static Datagrams InFileSystem() => new($"{Directory.CreateDirectory(TempState.NewPath()).FullName}/socket");

    /// <summary>The next one; fails when none comes.</summary>
    public string Read()
    {
        Assert.True(_socket.Poll(Patience, SelectMode.SelectRead), $"nothing came to {Address}");
        var buffer = new byte[65536];
        return Encoding.UTF8.GetString(buffer, 0, _socket.Receive(buffer));
    }

    /// <summary>The next one, if there is one within a time.</summary>
    public string? ReadWithin(TimeSpan time) => _socket.Poll(time, SelectMode.SelectRead) ? Read() : null;

    /// <summary>Those that have come, until one that is meant.</summary>
    public void ReadUntil(string meant)
    {
        while (Read() != meant)
        {
        }
    }

    public void Dispose() => _socket.Dispose();
}
