using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>Reads a message from its first bytes, as the readers of UsbIpCluster.Protocol do.</summary>
internal delegate ReadResult<T> MessageReader<T>(ReadOnlySpan<byte> source);

/// <summary>
/// A TCP connection that the kernel will own. Only blocking calls, on a thread of the caller, each bounded by SO_SNDTIMEO or
/// SO_RCVTIMEO: an asynchronous one would register the socket with the process's epoll, where it would stay after it is closed here,
/// because the kernel still holds it, and wake the process for every URB.
/// </summary>
public static class SessionSocket
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    /// <summary>A socket that is yet to be connected to an endpoint.</summary>
    internal static Socket New(IPEndPoint endpoint) => new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>A connection to an endpoint.</summary>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    public static Socket Connect(IPEndPoint endpoint, Deadline deadline)
    {
        var socket = New(endpoint);
        try
        {
            Connect(socket, endpoint, deadline);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects. Linux bounds connect(2) by SO_SNDTIMEO, which leaves no trace on the socket as O_NONBLOCK would.</summary>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    internal static void Connect(Socket socket, IPEndPoint endpoint, Deadline deadline)
    {
        var what = $"connecting to {endpoint}";
        try
        {
            socket.SendTimeout = deadline.MillisecondsFor(what);
            socket.Connect(endpoint);
        }
        catch (SocketException exception)
        {
            throw Error(exception, what);
        }
    }

    /// <summary>Sends everything.</summary>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    public static void Send(Socket socket, ReadOnlySpan<byte> message, Deadline deadline)
    {
        const string What = "sending to the peer";
        try
        {
            while (!message.IsEmpty)
            {
                socket.SendTimeout = deadline.MillisecondsFor(What);
                message = message[socket.Send(message)..];
            }
        }
        catch (SocketException exception)
        {
            throw Error(exception, What);
        }
    }

    /// <summary>
    /// Receives one message and not a byte more, since what follows may belong to the kernel's session. Malformed ones are returned
    /// as such; null when the peer closed the connection before the first byte.
    /// </summary>
    /// <param name="socket">The connection.</param>
    /// <param name="read">Reads the message from the bytes so far.</param>
    /// <param name="maxSize">The size of the largest message, in bytes.</param>
    /// <param name="deadline">Bounds the whole message, however slowly its bytes come.</param>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    internal static ReadResult<T>? Receive<T>(Socket socket, MessageReader<T> read, int maxSize, Deadline deadline)
    {
        const string What = "receiving from the peer";
        var buffer = new byte[maxSize];
        var length = 0;
        try
        {
            while (true)
            {
                var result = read(buffer.AsSpan(0, length));
                if (result.Status != ReadStatus.NeedMore)
                    return result;
                if (result.Missing > maxSize - length)
                    return ReadResult.Malformed<T>($"the message is longer than {maxSize} bytes");

                socket.ReceiveTimeout = deadline.MillisecondsFor(What);
                var received = socket.Receive(buffer.AsSpan(length, result.Missing));
                if (received == 0)
                {
                    return length == 0
                        ? null
                        : throw new DeviceException(DeviceError.PeerLost, $"{What}: it closed the connection after {length} bytes of a message");
                }

                length += received;
            }
        }
        catch (SocketException exception)
        {
            throw Error(exception, What);
        }
    }

    /// <summary>
    /// Makes the socket ready for the kernel: no delay of small segments, the options by which a dead peer is noticed, and no time-outs of
    /// its own, which the kernel's threads would obey.
    /// </summary>
    /// <exception cref="DeviceException">Refused: the system does not take these options; PeerLost.</exception>
    public static void SetSessionOptions(Socket socket, SessionSocketOptions options)
    {
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.KeepAliveIdle.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)options.KeepAliveInterval.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveProbes);
            socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)options.UserTimeout.TotalMilliseconds));
            ClearTimeouts(socket);
        }
        catch (SocketException exception)
        {
            throw new DeviceException(
                DeviceError.Refused, $"setting {options} on a connection: {exception.Message}", innerException: exception);
        }
    }

    /// <summary>Sets SO_SNDTIMEO and SO_RCVTIMEO back: 3 s of the latter was seen to end an exporter's session.</summary>
    internal static void ClearTimeouts(Socket socket)
    {
        socket.SendTimeout = 0;
        socket.ReceiveTimeout = 0;
    }

    private static DeviceException Error(SocketException exception, string what) => exception.SocketErrorCode switch
    {
        SocketError.TimedOut or SocketError.WouldBlock or SocketError.InProgress =>
            new DeviceException(DeviceError.TimedOut, $"{what}: not done in time", innerException: exception),
        _ => new DeviceException(DeviceError.PeerLost, $"{what}: {exception.Message}", innerException: exception),
    };
}
