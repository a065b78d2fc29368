using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>An importer that writes and reads single messages, so that a test can send whatever it likes.</summary>
internal sealed class RawImporter : IDisposable
{

    private uint _sequenceNumber;

    private RawImporter(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    public DeviceId DeviceId { get; private set; }

    /// <summary>Connects, is served by the exporter, and reads OP_REP_IMPORT.</summary>
    public static async Task<RawImporter> ImportAsync(IDeviceExporter exporter, BusId busId)
    {
        var (importer, connection) = Loopback.Connect();
        importer.ReceiveTimeout = 10_000;
        importer.SendTimeout = 10_000;
        await exporter.ServeAsync(busId, connection, CancellationToken.None);
        var raw = new RawImporter(importer);
        var reply = ImportReply.Read(raw.Receive(ImportReply.MaxSize));
        raw.DeviceId = reply.Value.Device!.DeviceId;
        return raw;
    }

    public CmdSubmit NewSubmit(UrbDirection direction, byte endpoint, int length, SetupPacket setup = default, int packets = 0) =>
        new(++_sequenceNumber, DeviceId, direction, endpoint, 0, length, 0, packets, 0, setup);

    public CmdSubmit NewGetDeviceDescriptor() =>
        NewSubmit(UrbDirection.In, 0, DeviceDescriptor.Size, new SetupPacket(0x80, 6, 0x0100, 0, DeviceDescriptor.Size));

    public uint Submit(UrbDirection direction, byte endpoint, int length, SetupPacket setup = default)
    {
        var command = NewSubmit(direction, endpoint, length, setup);
        Socket.Send(Encode(command, new byte[command.DataSize]));
        return command.SequenceNumber;
    }

    public uint Write(byte endpoint, byte[] data)
    {
        var command = NewSubmit(UrbDirection.Out, endpoint, data.Length);
        Socket.Send(Encode(command, data));
        return command.SequenceNumber;
    }

    public uint Unlink(uint sequenceNumber)
    {
        var message = new byte[UrbHeader.Size];
        new CmdUnlink(++_sequenceNumber, DeviceId, sequenceNumber).Write(message);
        Socket.Send(message);
        return _sequenceNumber;
    }

    public static byte[] Encode(in CmdSubmit command, ReadOnlySpan<byte> payload)
    {
        var message = new byte[UrbHeader.Size + payload.Length];
        command.Write(message);
        payload.CopyTo(message.AsSpan(UrbHeader.Size));
        return message;
    }

    /// <summary>
    /// Sends this over and over and reads nothing, until the exporter takes no more for SendTimeout, or drops the connection. Returns how
    /// many bytes went out.
    /// </summary>
    public long SendUntilStuck(in CmdSubmit command)
    {
        var message = Encode(command, []);
        var messages = Enumerable.Repeat(message, 1000).SelectMany(each => each).ToArray();
        long sent = 0;
        while (true)
        {
            Socket.Send(messages, SocketFlags.None, out var error);
            if (error != SocketError.Success)
                return sent;
            sent += messages.Length;
        }
    }

    /// <summary>The next message's header: 48 bytes.</summary>
    public byte[] ReceiveHeader() => Receive(UrbHeader.Size);

    public RetSubmit ReceiveReturn() => RetSubmit.Read(ReceiveHeader()).Value;

    public RetUnlink ReceiveUnlinked() => RetUnlink.Read(ReceiveHeader()).Value;

    /// <summary>A return and its data.</summary>
    public (RetSubmit Reply, byte[] Data) ReceiveIn()
    {
        var reply = ReceiveReturn();
        return (reply, Receive(reply.ActualLength));
    }

    public byte[] Receive(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var received = Socket.Receive(bytes.AsSpan(at));
            if (received == 0)
                throw new EndOfStreamException();
            at += received;
        }

        return bytes;
    }

    /// <summary>A request and its answer: everything before it has been looked at, and nothing else was answered in between.</summary>
    public void AssertAlive()
    {
        var command = NewGetDeviceDescriptor();
        Socket.Send(Encode(command, []));
        var (reply, data) = ReceiveIn();
        Assert.Equal((command.SequenceNumber, 0, DeviceDescriptor.Size), (reply.SequenceNumber, reply.Status, data.Length));
    }

    /// <summary>Reads to the end of the connection, orderly or not, and returns how many bytes came.</summary>
    public int DrainToEnd()
    {
        var buffer = new byte[65536];
        var total = 0;
        try
        {
            while (Socket.Receive(buffer) is var received and > 0)
                total += received;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Unread bytes at the other end make its close a reset.
        }

        return total;
    }

    public void Dispose() => Socket.Dispose();
}
