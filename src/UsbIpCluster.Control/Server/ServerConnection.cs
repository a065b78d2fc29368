using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using UsbIpCluster.Control.Rpc;

namespace UsbIpCluster.Control.Server;

/// <summary>
/// One client. Requests are read one after another, worked on together (a bounded number), and answered as they finish. The connection ends
/// when the client closes it, sends what is no request, does not read, or the server stops; then every request still worked on is cancelled.
/// </summary>
internal sealed class ServerConnection : IAsyncDisposable
{
    private static readonly TimeSpan HangUpCheck = TimeSpan.FromMilliseconds(200);

    private readonly IControlHandler _handler;
    private readonly ControlServerOptions _options;
    private readonly Task<ControlCaller> _caller;
    private readonly Socket _socket;
    private readonly JsonRpcConnection _connection;
    private readonly SemaphoreSlim _free;
    private readonly CancellationTokenSource _life;
    private int _drained;

    /// <summary>Takes over an accepted socket.</summary>
    public ServerConnection(Socket socket, IControlHandler handler, ControlServerOptions options, CancellationToken stopping)
    {
        _handler = handler;
        _options = options;
        var peer = Posix.PeerOf(socket);
        // A directory server that is slow must hold up neither other clients nor the pool's threads.
        _caller = Task.Factory.StartNew(
            () => peer with { UserName = Posix.UserNameOf(peer.UserId) }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _socket = socket;
        _connection = new JsonRpcConnection(new NetworkStream(socket, ownsSocket: true), options.LongestRequest, options.ReadPatience, options.WritePatience);
        _free = new SemaphoreSlim(options.MaxRequests, options.MaxRequests);
        _life = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>Serves the client. Completes when the connection is closed and nothing is worked on any more; never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ReadRequestsAsync();
            // The client sends no more, and may still wait for answers.
            for (; _drained < _options.MaxRequests; _drained++)
                await TakeTurnAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It has gone, or the server stops.
        }
        catch (Exception e)
        {
            _options.Report("a control connection failed", e);
        }

        await StopAsync();
    }

    /// <summary>Releases what is left when nothing runs any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _life.Dispose();
    }

    private async Task ReadRequestsAsync()
    {
        try
        {
            while (await _connection.ReadAsync(_life.Token) is { } line)
            {
                if (line.Span.Trim(" \t\r"u8).IsEmpty)
                    continue;
                if (await ReadRequestAsync(line) is not { } request)
                    continue;
                await TakeTurnAsync();
                _ = AnswerAsync(request);
            }
        }
        catch (LineException e)
        {
            await RefuseAsync(null, RpcCodes.InvalidRequest, e.Message, null);
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>The request in a line; null when it was refused. What is no JSON ends the connection: nothing behind it can be trusted.</summary>
    private async Task<RpcRequest?> ReadRequestAsync(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonRpc.ReadRequest(line.Span);
        }
        catch (RpcException e)
        {
            await RefuseAsync(e.Id, e.Code, e.Message, e.Hint);
            return e.Code == RpcCodes.ParseError ? throw new IOException(e.Message, e) : null;
        }
    }

    /// <summary>Waits until one more request may be worked on, as long as the client is there.</summary>
    private async Task TakeTurnAsync()
    {
        while (!await _free.WaitAsync(HangUpCheck, _life.Token))
        {
            // One that only says that it will send no more still reads, and is not gone.
            if (Posix.HasHungUp(_socket))
                throw new IOException("the client has gone");
        }
    }

    private async Task AnswerAsync(RpcRequest request)
    {
        // Off the reading loop: a handler that starts with work must not hold up the next request.
        await Task.Yield();
        try
        {
            await CarryOutAsync(request);
        }
        catch (Exception e)
        {
            if (e is not (IOException or OperationCanceledException or ObjectDisposedException))
                _options.Report($"{request.Method}: its answer could not be sent", e);
            // The client has gone or does not read. The reading loop, which may still wait for the client, has to end as well.
            await _life.CancelAsync();
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task CarryOutAsync(RpcRequest request)
    {
        Answer answer;
        try
        {
            answer = await Dispatch.CallAsync(_handler, request, await _caller.WaitAsync(_life.Token), _options.Clock, _life.Token);
        }
        catch (RpcException e)
        {
            await RefuseAsync(request.Id, e.Code, e.Message, e.Hint);
            return;
        }
        catch (ControlException e)
        {
            await RefuseAsync(request.Id, e.Error.ExitCode(), e.Message, e.Hint, e.Candidates.Count == 0 ? null : e.Candidates);
            return;
        }
        catch (Exception e) when (e is not OperationCanceledException || !_life.IsCancellationRequested)
        {
            _options.Report($"{request.Method} failed", e);
            await RefuseAsync(request.Id, ControlError.Failed.ExitCode(), $"{request.Method} failed in the daemon", "its log says more: journalctl -u usbipcd");
            return;
        }

        var line = JsonRpc.Result(request.Id, answer.Write);
        if (line.Length > _options.LongestAnswer)
        {
            await RefuseAsync(request.Id, ControlError.Failed.ExitCode(), $"the answer is longer than {_options.LongestAnswer} bytes", "ask for less, with a selector");
            return;
        }

        await _connection.WriteAsync(line, _life.Token);
        if (answer.Later is { } later)
            await FollowAsync(later);
    }

    /// <summary>Sends the events as they come. It ends with an exception, always: the connection has no use after it.</summary>
    private async Task FollowAsync(IAsyncEnumerable<EventRow> later)
    {
        var behind = Channel.CreateBounded<EventRow>(new BoundedChannelOptions(_options.MaxEventsBehind) { SingleReader = true, SingleWriter = true });
        var sending = SendEventsAsync(behind.Reader);
        try
        {
            await foreach (var row in later.WithCancellation(_life.Token))
            {
                if (!behind.Writer.TryWrite(row))
                    throw new IOException("the client is too slow for the events");
            }

            behind.Writer.Complete();
            await sending;
            throw new IOException("the events have ended");
        }
        catch (Exception e)
        {
            await _life.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (e is not OperationCanceledException)
                _options.Report("a client that followed the events was disconnected", e);
            throw;
        }
    }

    private async Task SendEventsAsync(ChannelReader<EventRow> behind)
    {
        try
        {
            await foreach (var row in behind.ReadAllAsync(_life.Token))
                await _connection.WriteAsync(JsonRpc.Notification(ControlMethods.Event, row, ControlJson.Default.EventRow), _life.Token);
        }
        catch (IOException)
        {
            await _life.CancelAsync();
            throw;
        }
    }

    private Task RefuseAsync(JsonElement? id, int code, string message, string? hint, IReadOnlyList<string>? candidates = null) =>
        _connection.WriteAsync(
            JsonRpc.Error(id, new RpcError(code, message, hint is null && candidates is null ? null : new RpcErrorData(hint, candidates))), _life.Token);

    private async Task StopAsync()
    {
        await _life.CancelAsync();
        await _connection.DisposeAsync();
        for (; _drained < _options.MaxRequests; _drained++)
            await _free.WaitAsync(CancellationToken.None);
    }
}
