using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>A connection over loopback TCP: the importer's end, and the exporter's end as a request that has been read.</summary>
internal sealed class Importer : IDisposable
{
    private readonly Socket _near = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 5_000 };
    private readonly Socket _far;

    public Importer()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _near.Connect(listener.LocalEndPoint!);
        _far = listener.Accept();
    }

    public IPEndPoint Peer => (IPEndPoint)_far.RemoteEndPoint!;

    /// <summary>Whether the exporter's end is open, without waiting.</summary>
    public bool IsServed => !_near.Poll(0, SelectMode.SelectRead);

    public ExportedDevice.Serve Serve(LeaseId? lease = null, string busId = "1-1", bool resume = false) =>
        new(Request(lease, busId, resume));

    public ImportRequest Request(LeaseId? lease = null, string busId = "1-1", bool resume = false) => 
        new(_far, Peer, BusId.Parse(busId), lease is { } id ? new LeasePreamble(id, resume) : null);

    /// <summary>What the exporter has answered, and that nothing follows a refusal; null when it closed without an answer.</summary>
    public OpStatus? ReadAnswer()
    {
        var buffer = new byte[ImportReply.MaxSize];
        var length = 0;
        while (true)
        {
            var reply = ImportReply.Read(buffer.AsSpan(0, length));
            Assert.NotEqual(ReadStatus.Malformed, reply.Status);
            if (reply.IsComplete)
            {
                if (!reply.Value.IsGranted)
                    Assert.Equal(0, Receive(buffer));
                return reply.Value.Status;
            }

            var received = Receive(buffer.AsSpan(length, reply.Missing));
            if (received == 0)
            {
                Assert.Equal(0, length);
                return null;
            }

            length += received;
        }
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    // An exporter that closes with bytes unread resets the connection.
    private int Receive(Span<byte> buffer)
    {
        try
        {
            return _near.Receive(buffer);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }
}
