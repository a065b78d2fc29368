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

    /// <summary>Something that is no request, or one that was not complete in time.</summary>
    /// <param name="Reason">What is wrong, in words.</param>
    public sealed record Malformed(string Reason) : UsbIpRequest;

    /// <summary>The peer closed or reset the connection before its request was complete.</summary>
    public sealed record Closed : UsbIpRequest;
}

/// <summary>
/// The exporter's side of the handshake on an accepted connection. Blocking, each call bounded by its deadline, for a thread of
/// their own. The socket stays the caller's; a successful import is answered by <see cref="IDeviceExporter.ServeAsync"/>.
/// </summary>
public static class UsbIpServerConnection
{
    /// <summary>Reads one request and nothing behind it. Whatever the peer does is a result, no exception.</summary>
    public static UsbIpRequest ReadRequest(Socket socket, Deadline deadline)
    {
        try
        {
            socket.NoDelay = true;
            var request = Read(socket, preamble: null, deadline);
            SessionSocket.ClearTimeouts(socket);
            return request;
        }
        catch (DeviceException exception) when (exception.Error == DeviceError.TimedOut)
        {
            return new UsbIpRequest.Malformed("the request was not complete in time");
        }
        catch (Exception exception) when (exception is DeviceException or SocketException or ObjectDisposedException)
        {
            return new UsbIpRequest.Closed();
        }
    }

    /// <summary>Answers a <see cref="UsbIpRequest.DevList"/>.</summary>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    public static void SendDeviceList(Socket socket, IReadOnlyCollection<DevlistDevice> devices, Deadline deadline) =>
        SessionSocket.Send(socket, DevlistReply.Encode(devices), deadline);

    /// <summary>Answers a <see cref="UsbIpRequest.Import"/> that is not granted.</summary>
    /// <exception cref="DeviceException">PeerLost, TimedOut.</exception>
    public static void RefuseImport(Socket socket, DeviceError reason, Deadline deadline) =>
        SessionSocket.Send(socket, ImportReply.Refused(StatusOf(reason)).Encode(), deadline);

    private static UsbIpRequest Read(Socket socket, LeasePreamble? preamble, Deadline deadline)
    {
        if (SessionSocket.Receive(socket, OpRequest.Read, OpRequest.MaxSize, deadline) is not { } read)
            return new UsbIpRequest.Closed();
        if (!read.IsComplete)
            return new UsbIpRequest.Malformed(read.Reason ?? "no request");
        return (read.Value, preamble) switch
        {
            (OpRequest.Import import, _) => new UsbIpRequest.Import(import.BusId, preamble),
            (OpRequest.ListDevices, null) => new UsbIpRequest.DevList(),
            (OpRequest.UseLease lease, null) => Read(socket, new LeasePreamble(lease.LeaseId, Resume: false), deadline),
            (OpRequest.ResumeLease lease, null) => Read(socket, new LeasePreamble(lease.LeaseId, Resume: true), deadline),
            _ => new UsbIpRequest.Malformed("a lease was named, and no import follows it"),
        };
    }

    private static OpStatus StatusOf(DeviceError reason) => reason switch
    {
        DeviceError.Busy => OpStatus.DevBusy,
        DeviceError.NoSuchDevice => OpStatus.NoDev,
        DeviceError.NotExported => OpStatus.Na,
        _ => OpStatus.Error,
    };
}
