using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What somebody says who does not belong here.</summary>
public enum Foreign
{
    /// <summary>Nothing at all.</summary>
    Silence,

    /// <summary>The beginning of a message of the door's own protocol.</summary>
    HalfMessage,

    /// <summary>Random bytes.</summary>
    Garbage,

    /// <summary>A web browser.</summary>
    Http,

    /// <summary>A TLS client.</summary>
    Tls,

    /// <summary>An SSH client.</summary>
    Ssh,
}

/// <summary>Where a daemon lets anybody in.</summary>
public enum Door
{
    /// <summary>The USB/IP port.</summary>
    UsbIp,

    /// <summary>The cluster port.</summary>
    Cluster,

    /// <summary>The control socket.</summary>
    Control,
}

/// <summary>A connection of somebody who does not belong here: it says its piece, and then only listens.</summary>
internal sealed class Stranger : IDisposable
{
    private readonly Socket _socket;
    private readonly long _start;

    private Stranger(Socket socket, long start)
    {
        _socket = socket;
        _start = start;
    }

    /// <summary>Connects to a door of a daemon, and speaks.</summary>
    /// <param name="from">Where the stranger is.</param>
    /// <param name="to">The daemon's host.</param>
    /// <param name="door">The door.</param>
    /// <param name="foreign">What is said.</param>
    /// <param name="random">Where the garbage comes from.</param>
    public static async Task<Stranger> ConnectAsync(NetworkNamespace from, LabHost to, Door door, Foreign foreign, Random random)
    {
        var start = Stopwatch.GetTimestamp();
        var socket = door switch
        {
            Door.UsbIp => await from.ConnectAsync(to.UsbIp),
            Door.Cluster => await from.ConnectAsync(to.Cluster),
            _ => await ConnectAsync(to.Socket),
        };
        try
        {
            await socket.SendAsync(Words(door, foreign, random));
        }
        catch (SocketException)
        {
            // Shown the door already.
        }

        return new Stranger(socket, start);
    }

    /// <summary>Listens until the daemon closes the connection; how long that took from connecting, or null when it is open after the patience.</summary>
    public async Task<TimeSpan?> WaitUntilClosedAsync(TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        var buffer = new byte[4096];
        try
        {
            while (await _socket.ReceiveAsync(buffer, deadline.Token) > 0)
            {
                // An answer that says what is wrong is no mistake.
            }
        }
        catch (SocketException)
        {
            // A reset closes it as well.
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return Stopwatch.GetElapsedTime(_start);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static async Task<Socket> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static ReadOnlyMemory<byte> Words(Door door, Foreign foreign, Random random) => foreign switch
    {
        Foreign.Silence => default,
        Foreign.HalfMessage => Half(door),
        Foreign.Garbage => Garbage(random),
        Foreign.Http => "GET / HTTP/1.1\r\nHost: lab1\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n\r\n"u8.ToArray(),
        Foreign.Tls => ClientHello(),
        _ => "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"u8.ToArray(),
    };

    private static byte[] Half(Door door) => door switch
    {
        // OP_REQ_IMPORT without its bus id: version 1.1.1, code 0x8003, status 0.
        Door.UsbIp => [0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, (byte)'1', (byte)'-'],
        // Whatever a message of the cluster looks like, one byte is not all of it.
        Door.Cluster => [0],
        _ => Encoding.ASCII.GetBytes("""{"jsonrpc":"2.0","id":1,"method":"li"""),
    };

    private static byte[] Garbage(Random random)
    {
        var bytes = new byte[random.Next(64, 2048)];
        random.NextBytes(bytes);
        return bytes;
    }

    // A record of type handshake with a ClientHello of TLS 1.2 with one cipher suite and no extensions (RFC 5246, section 7.4.1.2).
    private static byte[] ClientHello() =>
    [
        0x16, 0x03, 0x01, 0x00, 0x2d,
        0x01, 0x00, 0x00, 0x29, 0x03, 0x03,
        .. Enumerable.Repeat((byte)0x5a, 32),
        0x00, 0x00, 0x02, 0xc0, 0x2f, 0x01, 0x00,
    ];
}
