using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>What came over an accepted connection.</summary>
public abstract record UsbIpRequest
{
    private UsbIpRequest()
    {
    }

    /// <summary>OP_REQ_DEVLIST.</summary>
    public sealed record DevList : UsbIpRequest;

    /// <summary>OP_REQ_IMPORT.</summary>
    /// <param name="BusId">The device that it asks for.</param>
    /// <param name="Preamble">The lease that it named first; null for a plain USB/IP client.</param>
    public sealed record Import(BusId BusId, LeasePreamble? Preamble) : UsbIpRequest;

    /// <summary>Something that is no request.</summary>
    /// <param name="Reason">What is wrong, in words.</param>
    public sealed record Malformed(string Reason) : UsbIpRequest;

    /// <summary>The peer closed or reset the connection before its request was complete.</summary>
    public sealed record Closed : UsbIpRequest;
}

/// <summary>
/// How an accepted connection is answered whose request has been read (<see cref="RequestReader"/>). The socket stays the caller's; a
/// successful import is answered by <see cref="IDeviceExporter.ServeAsync"/>.
/// </summary>
public static class UsbIpServerConnection
{
    private const int MostThrownAway = 4096;

    /// <summary>
    /// Answers a <see cref="UsbIpRequest.DevList"/>. Blocking, bounded by the deadline; but a list that the send buffer has room for is gone
    /// at once, whether or not the client reads it.
    /// </summary>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    public static void SendDeviceList(Socket socket, IReadOnlyCollection<DevlistDevice> devices, Deadline deadline)
    {
        var reply = DevlistReply.Encode(devices);
        if (reply.Length > socket.SendBufferSize)
            socket.SendBufferSize = reply.Length;
        SessionSocket.Send(socket, reply, deadline);
    }

    /// <summary>
    /// Closes a connection that has been answered. What the client sent behind its request is taken first: closed with bytes that nobody has
    /// read, the connection would be reset, and a reset can overtake the answer.
    /// </summary>
    public static void Close(Socket socket)
    {
        try
        {
            var left = MostThrownAway;
            var rest = new byte[512];
            while (left > 0 && socket.Available > 0)
                left -= socket.Receive(rest);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client has gone already.
        }

        socket.Dispose();
    }

    /// <summary>Closes a connection that gets no answer, by a reset: an orderly close would leave its end of it in TIME_WAIT.</summary>
    public static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client has gone already.
        }

        socket.Dispose();
    }
}
