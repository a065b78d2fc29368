using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Akka.Contract.Remote;

/// <summary>
/// Stands before a system's port and passes everything on, until it is cut and nothing passes any more, or stands still.
/// </summary>
internal sealed class Proxy : IDisposable
{
    private readonly ConcurrentDictionary<TcpClient, bool> _clients = new();
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile bool _cut;
    private volatile TaskCompletionSource? _held;

    public Proxy()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = Accept(_listener);
    }

    public int Port { get; }

    /// <summary>Where everything goes to.</summary>
    public int Target { get; set; }

    /// <summary>A port that nobody listens on, for a system that must know its port before it starts.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>From now on nothing arrives, and no connection ends.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Cut()
    {
        _cut = true;
        _held?.TrySetResult();
        _listener.Stop();
        foreach (var (client, _) in _clients)
            client.Dispose();
    }

    public void Heal()
    {
        _cut = false;
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = Accept(_listener);
    }

    public void Dispose() => Cut();

    private async Task Accept(TcpListener listener)
    {
        try
        {
            while (true)
                _ = Connect(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
    }

    private async Task Connect(TcpClient client)
    {
        using var target = new TcpClient();
        _clients[client] = true;
        _clients[target] = true;
        try
        {
            await target.ConnectAsync(IPAddress.Loopback, Target);
            if (_cut)
                return;
            await Task.WhenAny(
                Pass(client.GetStream(), target.GetStream()),
                Pass(target.GetStream(), client.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has gone, so goes the other.
        }
        finally
        {
            _clients.TryRemove(client, out _);
            _clients.TryRemove(target, out _);
            client.Dispose();
        }
    }

    private async Task Pass(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer) is > 0 and var length)
        {
            if (_held is { } held)
                await held.Task;
            await to.WriteAsync(buffer.AsMemory(0, length));
        }
    }
}
