using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>A USB/IP server over loopback TCP that says to each connection what the test says.</summary>
internal sealed class ImportServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _connections = [];

    public ImportServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public NetworkAddress Address => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);

    /// <summary>An address where nobody listens.</summary>
    public static NetworkAddress Nowhere
    {
        get
        {
            using var server = new ImportServer();
            return server.Address;
        }
    }

    /// <summary>Whether there is a connection that was not accepted.</summary>
    public bool IsWanted => _listener.Poll(TimeSpan.Zero, SelectMode.SelectRead);

    /// <summary>The next connection and what it asks for.</summary>
    public async Task<Connection> AcceptAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var socket = await _listener.AcceptAsync(deadline.Token);
        _connections.Add(socket);
        return new Connection(socket, Assert.IsType<UsbIpRequest.Import>(await Task.Run(() => ReadRequest(socket))));
    }

    private static UsbIpRequest? ReadRequest(Socket socket)
    {
        var reader = new RequestReader(socket);
        UsbIpRequest? request = null;
        while (request is null && socket.Poll(Patience, SelectMode.SelectRead))
            request = reader.Read();
        return request;
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        _listener.Dispose();
    }

    public sealed record Connection(Socket Socket, UsbIpRequest.Import Request)
    {
        public void Grant() => Socket.Send(ImportReply.Granted(Samples.Record(Request.BusId.Value)).Encode());

        public void Refuse(OpStatus status)
        {
            Socket.Send(ImportReply.Refused(status).Encode());
            Close();
        }

        public void Close() => Socket.Dispose();

        /// <summary>Whether the importer closes it long before the import's own time is over, and says nothing more.</summary>
        public bool WaitUntilClosed()
        {
            if (!Socket.Poll(AttachedPort.ImportTimeout / 2, SelectMode.SelectRead))
                return false;
            try
            {
                return Socket.Receive(new byte[1]) == 0;
            }
            catch (SocketException)
            {
                return true;
            }
        }
    }
}
