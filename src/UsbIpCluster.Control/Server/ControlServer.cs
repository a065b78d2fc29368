using System.Collections.Concurrent;
using System.Net.Sockets;
using UsbIpCluster.Control.Rpc;
using UsbIpCluster.Control.Server;

namespace UsbIpCluster.Control;

/// <summary>
/// The daemon's end of the control socket: accepts connections, carries their requests to an <see cref="IControlHandler"/> and the answers
/// back. Knows nothing of devices. Everything a client can cost is bounded by <see cref="ControlServerOptions"/>.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    private readonly SocketFile _file;
    private readonly IControlHandler _handler;
    private readonly ControlServerOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private readonly Task _accepting;

    private ControlServer(SocketFile file, ControlServerOptions options, IControlHandler handler)
    {
        _file = file;
        _options = options;
        _handler = handler;
        _accepting = AcceptAsync();
    }

    /// <summary>Creates the socket (mode 0660, its group where that exists; a dead daemon's is replaced) and serves it.</summary>
    /// <exception cref="ControlException">Usage: the path is too long. Failed: another daemon is running there, the path is no socket,
    /// or it may not be created.</exception>
    public static ControlServer Start(ControlServerOptions options, IControlHandler handler) =>
        new(SocketFile.Open(options.Path, options.Group, options.Report), options, handler);

    /// <summary>
    /// Stops listening, removes the socket's file, cancels every request and closes every connection. A handler that finishes its work
    /// nevertheless is waited for, 2 s at most.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _file.Dispose();
        await Task.WhenAny(Task.WhenAll(_connections.Keys), Task.Delay(StopPatience));
        if (_connections.IsEmpty)
            _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await _file.Listener.AcceptAsync(_stopping.Token);
                if (_connections.Count < _options.MaxConnections)
                    Serve(socket);
                else
                    Refuse(socket);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException e)
            {
                // The client has gone already, or this process is out of descriptors: others may close some.
                _options.Report("a control connection could not be accepted", e);
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    private void Serve(Socket socket)
    {
        var serving = new TaskCompletionSource();
        _connections[serving.Task] = true;
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await using var connection = new ServerConnection(socket, _handler, _options, _stopping.Token);
                await connection.RunAsync();
            }
            catch (SocketException e)
            {
                _options.Report("a control connection broke at once", e);
                socket.Dispose();
            }
            finally
            {
                _connections.TryRemove(serving.Task, out _);
                serving.SetResult();
            }
        }
    }

    /// <summary>Says why, in one write that a fresh socket has room for.</summary>
    private void Refuse(Socket socket)
    {
        using (socket)
        {
            socket.Blocking = false;
            var error = new RpcError(
                ControlError.Unavailable.ExitCode(), $"the daemon has {_options.MaxConnections} control connections and takes no more", new RpcErrorData("try again, or close some"));
            socket.Send(JsonRpc.Error(null, error).Span, SocketFlags.None, out _);
        }
    }
}
