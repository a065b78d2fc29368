using System.Net.Sockets;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// Reads the one request of an accepted connection as its bytes come, and nothing behind it: that is the session's. It does not wait, and so
/// one thread reads for many connections.
/// </summary>
public sealed class RequestReader(Socket socket)
{
    private readonly byte[] _buffer = new byte[OpRequest.MaxSize];
    private int _length;
    private LeasePreamble? _preamble;

    /// <summary>
    /// Takes what has come. Only for a socket that is readable: TCP never takes back what it has shown to be there, so that the blocking
    /// call does not block. Null while the request is not complete; whatever the peer does is a result, no exception.
    /// </summary>
    public UsbIpRequest? Read()
    {
        try
        {
            do
            {
                var received = socket.Receive(_buffer, _length, Missing(), SocketFlags.None);
                if (received == 0)
                    return new UsbIpRequest.Closed();
                _length += received;
                if (Parse() is { } request)
                {
                    socket.NoDelay = true;
                    return request;
                }
            }
            while (socket.Available > 0);
            return null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return new UsbIpRequest.Closed();
        }
    }

    private int Missing() => OpRequest.Read(_buffer.AsSpan(0, _length)).Missing;

    private UsbIpRequest? Parse()
    {
        var read = OpRequest.Read(_buffer.AsSpan(0, _length));
        if (read.Status == ReadStatus.NeedMore)
            return null;
        if (!read.IsComplete)
            return new UsbIpRequest.Malformed(read.Reason ?? "no request");
        return (read.Value, _preamble) switch
        {
            (OpRequest.Import import, _) => new UsbIpRequest.Import(import.BusId, _preamble),
            (OpRequest.ListDevices, null) => new UsbIpRequest.DevList(),
            (OpRequest.UseLease lease, null) => ReadOn(new LeasePreamble(lease.LeaseId, Resume: false)),
            (OpRequest.ResumeLease lease, null) => ReadOn(new LeasePreamble(lease.LeaseId, Resume: true)),
            _ => new UsbIpRequest.Malformed("a lease was named, and no import follows it"),
        };
    }

    private UsbIpRequest? ReadOn(LeasePreamble preamble)
    {
        _preamble = preamble;
        _length = 0;
        return null;
    }
}
