using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>A connection whose OP_REP_IMPORT has been read: the device's, ready for <see cref="IHostController.AttachAsync"/>.</summary>
/// <param name="Socket">Disposed with this; whoever takes it over does not dispose this.</param>
/// <param name="Device">What the exporter said of the device.</param>
public sealed record ImportedConnection(Socket Socket, UsbDeviceRecord Device) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();
}

/// <summary>
/// The importer's side of the handshake. Both calls block until they are done or their deadline is over: they are for a thread of their
/// own (see <see cref="SessionSocket"/> for why they are not asynchronous).
/// </summary>
public static class UsbIpClient
{
    /// <summary>Asks an exporter for the devices that it offers.</summary>
    /// <exception cref="DeviceException">PeerLost, UnexpectedFormat, Refused, TimedOut.</exception>
    public static ImmutableArray<DevlistDevice> ListDevices(IPEndPoint endpoint, Deadline deadline)
    {
        using var socket = SessionSocket.Connect(endpoint, deadline);
        socket.NoDelay = true;
        SessionSocket.Send(socket, new OpRequest.ListDevices().Encode(), deadline);

        var reply = Receive(socket, DevlistReply.Read, DevlistReply.Size, endpoint, deadline);
        if (reply.Status != OpStatus.Ok)
            throw new DeviceException(DeviceError.Refused, $"{endpoint} refuses to list its devices: status {(int)reply.Status}");
        var devices = ImmutableArray.CreateBuilder<DevlistDevice>();
        while (devices.Count < reply.Count)
            devices.Add(Receive(socket, DevlistDevice.Read, DevlistDevice.MaxSize, endpoint, deadline));
        return devices.ToImmutable();
    }

    /// <summary>Imports a device. The connection that is returned has its session options set and no time-outs of its own.</summary>
    /// <param name="endpoint">The exporter.</param>
    /// <param name="preamble">The lease; null for a plain USB/IP server, which would reset the connection on it.</param>
    /// <param name="busId">The device's bus id there.</param>
    /// <param name="options">When the session counts as lost.</param>
    /// <param name="deadline">Bounds everything together.</param>
    /// <param name="cancellationToken">Closes the connection at once, wherever it is.</param>
    /// <exception cref="DeviceException">Busy, NotExported, NoSuchDevice, Refused, PeerLost, UnexpectedFormat, TimedOut.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and nothing is left of it.</exception>
    public static ImportedConnection Import(
        IPEndPoint endpoint,
        LeasePreamble? preamble,
        BusId busId,
        SessionSocketOptions options,
        Deadline deadline,
        CancellationToken cancellationToken = default)
    {
        var socket = SessionSocket.New(endpoint);
        try
        {
            UsbDeviceRecord device;

            // To dispose a socket ends the call that blocks on it. When this has ended, nobody else closes it any more.
            using (cancellationToken.UnsafeRegister(static connection => ((Socket)connection!).Dispose(), socket))
                device = Import(socket, endpoint, preamble, busId, options, deadline);
            cancellationToken.ThrowIfCancellationRequested();
            return new ImportedConnection(socket, device);
        }
        catch
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    private static UsbDeviceRecord Import(
        Socket socket, IPEndPoint endpoint, LeasePreamble? preamble, BusId busId, SessionSocketOptions options, Deadline deadline)
    {
        SessionSocket.Connect(socket, endpoint, deadline);
        SessionSocket.SetSessionOptions(socket, options);
        byte[] request = [.. preamble?.ToRequest().Encode() ?? [], .. new OpRequest.Import(busId).Encode()];
        SessionSocket.Send(socket, request, deadline);

        var reply = Receive(socket, ImportReply.Read, ImportReply.MaxSize, endpoint, deadline);
        if (!reply.IsGranted)
            throw Refusal(endpoint, busId, reply.Status);
        if (reply.Device.BusId != busId)
        {
            throw new DeviceException(
                DeviceError.UnexpectedFormat, $"{endpoint} was asked for {busId} and answers with {reply.Device.BusId}");
        }

        SessionSocket.ClearTimeouts(socket);
        return reply.Device;
    }

    private static T Receive<T>(Socket socket, MessageReader<T> read, int maxSize, IPEndPoint endpoint, Deadline deadline)
    {
        if (SessionSocket.Receive(socket, read, maxSize, deadline) is not { } reply)
            throw new DeviceException(DeviceError.PeerLost, $"{endpoint} closed the connection without an answer");
        return reply.IsComplete
            ? reply.Value
            : throw new DeviceException(DeviceError.UnexpectedFormat, $"the answer of {endpoint} can't be read: {reply.Reason}");
    }

    private static DeviceException Refusal(IPEndPoint endpoint, BusId busId, OpStatus status) => new(
        status switch
        {
            OpStatus.Na => DeviceError.NotExported,
            OpStatus.DevBusy => DeviceError.Busy,
            OpStatus.NoDev => DeviceError.NoSuchDevice,
            _ => DeviceError.Refused,
        },
        $"{endpoint} says that {busId} {status.Describe()}");
}
