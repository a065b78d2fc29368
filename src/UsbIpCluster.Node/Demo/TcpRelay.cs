using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Node;

/// <summary>
/// Stands between an importer and an exporter of the demo, so that the demo can cut their session as a network does. At most
/// <see cref="MaxConnections"/> connections.
/// </summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private const int MaxConnections = 16;

    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;

    /// <summary>Listens on a free port of loopback, and connects each connection to <paramref name="target"/>.</summary>
    public TcpRelay(IPEndPoint target)
    {
        _target = target;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(MaxConnections);
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Resets every connection, at both ends. Returns how many there were.</summary>
    public int Cut()
    {
        Socket[] cut;
        lock (_sockets)
        {
            cut = [.. _sockets];
            _sockets.Clear();

            // Close with a linger time of 0 sends a reset. Closing one end makes its relay close the other, so all are told before any closes.
            foreach (var socket in cut)
                socket.LingerState = new LingerOption(true, 0);
        }

        foreach (var socket in cut)
            socket.Dispose();
        return cut.Length / 2;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Cut();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var importer = await _listener.AcceptAsync(_stop.Token);
                var exporter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                if (!Keep(importer, exporter))
                    continue;
                _ = RelayAsync(importer, exporter);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The demo has ended.
        }
    }

    private bool Keep(Socket importer, Socket exporter)
    {
        lock (_sockets)
        {
            if (_sockets.Count >= 2 * MaxConnections)
            {
                importer.Dispose();
                exporter.Dispose();
                return false;
            }

            importer.NoDelay = exporter.NoDelay = true;
            _sockets.Add(importer);
            _sockets.Add(exporter);
            return true;
        }
    }

    private async Task RelayAsync(Socket importer, Socket exporter)
    {
        try
        {
            await exporter.ConnectAsync(_target, _stop.Token);
            await Task.WhenAny(PumpAsync(importer, exporter), PumpAsync(exporter, importer));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Either end has gone, and so goes the other.
        }
        finally
        {
            lock (_sockets)
            {
                _sockets.Remove(importer);
                _sockets.Remove(exporter);
            }

            importer.Dispose();
            exporter.Dispose();
        }
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The end of the connection is the end of the pump.
        }
    }
}
