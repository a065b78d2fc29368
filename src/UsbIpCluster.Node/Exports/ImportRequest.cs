using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// An importer's connection, whose request has been read and not yet answered. Whoever has it answers it exactly once: by
/// <see cref="GiveToAsync"/>, <see cref="Refuse"/> or <see cref="Drop"/>. Only synchronous calls are made on the socket: the kernel will
/// own it.
/// </summary>
internal sealed class ImportRequest
{
    private readonly Socket _connection;
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ImportRequest(Socket connection, IPEndPoint peer, BusId busId, LeasePreamble? preamble)
    {
        _connection = connection;
        Peer = peer;
        BusId = busId;
        Preamble = preamble;
    }

    /// <summary>Who asks.</summary>
    public IPEndPoint Peer { get; }

    /// <summary>For which device.</summary>
    public BusId BusId { get; }

    /// <summary>What the connection said of its lease; null for a plain USB/IP client.</summary>
    public LeasePreamble? Preamble { get; }

    /// <summary>Whether it is a plain USB/IP client, which knows no leases.</summary>
    public bool IsPlain => Preamble is null;

    /// <summary>Counts the refusals; null where nobody does.</summary>
    public Refusals? Refusals { get; init; }

    /// <summary>Completes when the connection has been given away or closed.</summary>
    public Task Answered => _answered.Task;

    /// <summary>Hands the connection to the device, or refuses it with the reason that the exporter gave.</summary>
    /// <exception cref="DeviceException">The exporter could not; the importer has been told.</exception>
    public async Task GiveToAsync(IDeviceExporter exporter, BusId busId)
    {
        try
        {
            await exporter.ServeAsync(busId, _connection, CancellationToken.None);
            _answered.TrySetResult();
        }
        catch (DeviceException error)
        {
            Refuse(StatusOf(error.Error));
            throw;
        }
        catch
        {
            Drop();
            throw;
        }
    }

    /// <summary>Says no, as the stock server says it.</summary>
    public void Refuse(OpStatus status)
    {
        Refusals?.Import(status);
        try
        {
            // Nothing has been sent on this connection, so 8 bytes fit its send buffer: this can't block.
            _connection.Send(ImportReply.Refused(status).Encode());
        }
        catch (SocketException)
        {
            // The importer has gone already, which is the same to us.
        }

        UsbIpServerConnection.Close(_connection);
        _answered.TrySetResult();
    }

    /// <summary>
    /// Says no to a plain client. Who names a lease that is not known is closed without an answer, and learns nothing about the device.
    /// </summary>
    public void TurnAway(OpStatus status)
    {
        if (IsPlain)
            Refuse(status);
        else
            Drop();
    }

    /// <summary>Closes the connection without an answer.</summary>
    public void Drop()
    {
        Refusals?.Dropped();
        _connection.Dispose();
        _answered.TrySetResult();
    }

    private static OpStatus StatusOf(DeviceError error) => error switch
    {
        DeviceError.NoSuchDevice or DeviceError.NotExported => OpStatus.NoDev,
        DeviceError.Busy => OpStatus.DevBusy,
        _ => OpStatus.Error,
    };
}
