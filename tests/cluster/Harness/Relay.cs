using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// Stands at the switch between an importer and an exporter that advertises it, so that a test can reset their session. Tools that reset
/// a connection from outside need a kernel or a firewall that not every machine has.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Lab _lab;
    private readonly IPEndPoint _target;
    private readonly Socket _listener;
    private readonly Task _accepting;
    private ConcurrentBag<Socket> _sockets = [];

    /// <summary>Listens at the switch, and connects each connection to <paramref name="target"/>.</summary>
    public Relay(Lab lab, IPEndPoint target)
    {
        _lab = lab;
        _target = target;
        _listener = lab.Network.NewSocket();
        _listener.Bind(new IPEndPoint(lab.Address, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Resets every connection, at both ends; one that an importer makes meanwhile is left alone.</summary>
    public void Reset()
    {
        foreach (var socket in Interlocked.Exchange(ref _sockets, []))
        {
            // Close with a linger time of 0 sends a reset.
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Reset();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var importer = await _listener.AcceptAsync();
                var exporter = await _lab.Network.ConnectAsync(_target);
                importer.NoDelay = exporter.NoDelay = true;
                _sockets.Add(importer);
                _sockets.Add(exporter);
                _ = CopyAsync(importer, exporter);
                _ = CopyAsync(exporter, importer);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var length)
                await to.SendAsync(buffer.AsMemory(0, length));
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It was reset, by the test or by an end.
        }
    }
}
