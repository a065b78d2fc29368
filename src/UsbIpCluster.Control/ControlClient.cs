using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Control.Rpc;

namespace UsbIpCluster.Control;

/// <summary>
/// A connection to the daemon. One call at a time; others wait for their turn. Every failure is a <see cref="ControlException"/>, except
/// that a cancelled call throws <see cref="OperationCanceledException"/>.
/// </summary>
public sealed class ControlClient : IAsyncDisposable
{
    private const string StartHint = "is usbipcd running? systemctl start usbipcd";
    private const string OlderHint = "the daemon is older than this command; see usbipc version";
    private const string ForeignHint = "is this the socket of usbipcd? see --socket";
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(10);

    private readonly JsonRpcConnection _connection;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lastId;

    private ControlClient(Stream stream, TimeSpan? writePatience) =>
        _connection = new JsonRpcConnection(stream, ControlSocket.LongestAnswer, readPatience: null, writePatience);

    /// <summary>Connects to the daemon at a socket.</summary>
    /// <exception cref="ControlException">NoDaemon: nobody listens. Unavailable: no permission, or too busy. Usage: the path is too long.</exception>
    public static async Task<ControlClient> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new ControlClient(new NetworkStream(socket, ownsSocket: true), WritePatience);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is ArgumentException or SocketException)
                throw Explain(path, e);
            throw;
        }
    }

    /// <summary>
    /// The same for a process that asks one question and ends: this and every call keep their thread until they are done, and what they return
    /// is complete. See <see cref="BlockingStream"/>.
    /// </summary>
    /// <param name="path">The daemon's socket.</param>
    /// <param name="patience">How long all of it may take together; a call throws <see cref="TimeoutException"/> when that is over.</param>
    /// <param name="cancellationToken">Gives up the connecting.</param>
    /// <exception cref="ControlException">As of <see cref="ConnectAsync"/>; who is too busy is waited for.</exception>
    /// <exception cref="TimeoutException">The patience is over.</exception>
    public static ControlClient ConnectBlocking(string path, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            return new ControlClient(BlockingStream.Connect(path, patience, cancellationToken), writePatience: null);
        }
        catch (Exception e) when (e is ArgumentException or SocketException)
        {
            throw Explain(path, e);
        }
    }

    /// <summary>The devices.</summary>
    public Task<IReadOnlyList<DeviceRow>> ListAsync(ListParams request, CancellationToken cancellationToken) =>
        TakeTurnAsync(
            id => ShortWay.Request(id, request), (id, line) => ResultAsync(id, line, ShortWay.ReadDevices, cancellationToken), cancellationToken);

    /// <summary>Rows as the table that people read: the daemon, which is warm, lays it out much faster than a command that has just begun.</summary>
    public Task<TableText> TableAsync(ITableParams request, TableForm form, CancellationToken cancellationToken) =>
        TakeTurnAsync(
            id => ShortWay.Request(id, request.As(form)),
            (id, line) => ShortWay.ReadTable(line.Span, id) is { } table ? Task.FromResult(table) : TableResultAsync(id, line, cancellationToken),
            cancellationToken);

    /// <summary>Rows as the JSON that the daemon writes, each an object. Reading them, only to write them again, would take the serializer.</summary>
    public Task<IReadOnlyList<string>> JsonAsync(ITableParams request, CancellationToken cancellationToken) =>
        TakeTurnAsync(
            id => ShortWay.Request(id, request), (id, line) => ResultAsync(id, line, ShortWay.SplitRows, cancellationToken), cancellationToken);

    /// <summary>The nodes.</summary>
    public Task<IReadOnlyList<NodeRow>> NodesAsync(NodesParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Nodes, request, ControlJson.Default.NodesParams, ControlJson.Default.IReadOnlyListNodeRow, cancellationToken);

    /// <summary>Removes a node that can't be reached; its row as it was last.</summary>
    public Task<IReadOnlyList<NodeRow>> RemoveNodeAsync(RemoveNodeParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.RemoveNode, request, ControlJson.Default.RemoveNodeParams, ControlJson.Default.IReadOnlyListNodeRow, cancellationToken);

    /// <summary>Exports local devices; the rows that changed.</summary>
    public Task<IReadOnlyList<DeviceRow>> BindAsync(BindParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Bind, request, ControlJson.Default.BindParams, ControlJson.Default.IReadOnlyListDeviceRow, cancellationToken);

    /// <summary>Exports local devices no longer; the rows that changed.</summary>
    public Task<IReadOnlyList<DeviceRow>> UnbindAsync(UnbindParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Unbind, request, ControlJson.Default.UnbindParams, ControlJson.Default.IReadOnlyListDeviceRow, cancellationToken);

    /// <summary>Takes the node's devices out of service, or puts them back; those that are still used.</summary>
    public Task<IReadOnlyList<DeviceRow>> DrainAsync(DrainParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Drain, request, ControlJson.Default.DrainParams, ControlJson.Default.IReadOnlyListDeviceRow, cancellationToken);

    /// <summary>Attaches a device here; its row.</summary>
    public Task<IReadOnlyList<PortRow>> AttachAsync(AttachParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Attach, request, ControlJson.Default.AttachParams, ControlJson.Default.IReadOnlyListPortRow, cancellationToken);

    /// <summary>Attaches devices here for as long as this process lives; their rows.</summary>
    public Task<IReadOnlyList<PortRow>> HoldAsync(HoldParams request, CancellationToken cancellationToken) =>
        CallAsync(
            ControlMethods.Hold, request, ControlJson.Default.HoldParams, ControlJson.Default.IReadOnlyListPortRow, cancellationToken);

    /// <summary>Detaches devices here; the rows as they were last.</summary>
    public Task<IReadOnlyList<PortRow>> DetachAsync(DetachParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Detach, request, ControlJson.Default.DetachParams, ControlJson.Default.IReadOnlyListPortRow, cancellationToken);

    /// <summary>This node's attachments.</summary>
    public Task<IReadOnlyList<PortRow>> PortAsync(PortParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Port, request, ControlJson.Default.PortParams, ControlJson.Default.IReadOnlyListPortRow, cancellationToken);

    /// <summary>How the node is.</summary>
    public Task<StatusRow> StatusAsync(StatusParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Status, request, ControlJson.Default.StatusParams, ControlJson.Default.StatusRow, cancellationToken);

    /// <summary>Which daemon this is.</summary>
    public Task<VersionRow> VersionAsync(VersionParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Version, request, ControlJson.Default.VersionParams, ControlJson.Default.VersionRow, cancellationToken);

    /// <summary>Examines the node and how the nodes reach each other.</summary>
    public Task<DoctorReport> DoctorAsync(DoctorParams request, CancellationToken cancellationToken) =>
        CallAsync(ControlMethods.Doctor, request, ControlJson.Default.DoctorParams, ControlJson.Default.DoctorReport, cancellationToken);

    /// <summary>The recent events; when following, then every later one, which takes this connection for good.</summary>
    public async IAsyncEnumerable<EventRow> EventsAsync(EventsParams request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var recent = await CallAsync(
            ControlMethods.Events, request, ControlJson.Default.EventsParams, ControlJson.Default.IReadOnlyListEventRow, cancellationToken);
        foreach (var row in recent)
            yield return row;
        if (!request.Follow)
            yield break;

        await _turn.WaitAsync(cancellationToken);
        while (true)
        {
            var message = Parse(await ReadLineAsync(cancellationToken));
            if (message is { Method: ControlMethods.Event, Params: { } row })
                yield return Read(row, given => Deserialize(given, ControlJson.Default.EventRow));
        }
    }

    /// <summary>Closes the connection; the daemon cancels what it still works on for it.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<TableText> TableResultAsync(long id, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        try
        {
            return await ResultAsync(id, line, result => Deserialize(result, ControlJson.Default.TableText), cancellationToken);
        }
        catch (ControlException e) when (e.InnerException is RpcException { Code: RpcCodes.InvalidParams })
        {
            throw new ControlException(ControlError.Failed, "the daemon lays no tables out", $"{OlderHint}; --json shows the rows", null, e);
        }
    }

    private Task<TResult> CallAsync<TParams, TResult>(
        string method, TParams parameters, JsonTypeInfo<TParams> parametersType, JsonTypeInfo<TResult> resultType, CancellationToken cancellationToken) =>
        CallAsync(
            method,
            writer => JsonSerializer.Serialize(writer, parameters, parametersType),
            result => Deserialize(result, resultType),
            cancellationToken);

    private Task<T> CallAsync<T>(string method, Action<Utf8JsonWriter> write, Func<ReadOnlySpan<byte>, T> read, CancellationToken cancellationToken) =>
        TakeTurnAsync(id => JsonRpc.Request(id, method, write), (id, line) => ResultAsync(id, line, read, cancellationToken), cancellationToken);

    private async Task<T> TakeTurnAsync<T>(
        Func<long, ReadOnlyMemory<byte>> request, Func<long, ReadOnlyMemory<byte>, Task<T>> answer, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var id = ++_lastId;
            await WriteAsync(request(id), cancellationToken);
            return await answer(id, await ReadLineAsync(cancellationToken));
        }
        finally
        {
            _turn.Release();
        }
    }

    // The result of a request, in a line or in one of those behind it.
    private async Task<T> ResultAsync<T>(long id, ReadOnlyMemory<byte> line, Func<ReadOnlySpan<byte>, T> read, CancellationToken cancellationToken)
    {
        while (true)
        {
            // An error without an id is the daemon's last word before it closes; an earlier id is of a call that was given up.
            var message = Parse(line);
            if (message.Error is { } error && (message.Id is null || message.Id == id))
                throw Explain(error);
            if (message.Id == id && message.Result is { } result)
                return Read(result, read);
            line = await ReadLineAsync(cancellationToken);
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        try
        {
            await _connection.WriteAsync(line, cancellationToken);
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            // The daemon closed, and may have said why: reading tells.
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _connection.ReadAsync(cancellationToken) ?? throw Closed(null);
        }
        catch (IOException e)
        {
            throw Closed(e);
        }
        catch (LineException e)
        {
            throw Foreign(e);
        }
    }

    private static RpcMessage Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonRpc.ReadMessage(line);
        }
        catch (RpcException e)
        {
            throw Foreign(e);
        }
    }

    private static T Deserialize<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new JsonException("it is null");

    private static T Read<T>(ReadOnlyMemory<byte> value, Func<ReadOnlySpan<byte>, T> read)
    {
        try
        {
            return read(value.Span);
        }
        catch (JsonException e)
        {
            throw new ControlException(
                ControlError.Failed, $"the daemon's answer does not fit: {e.Message}", "are daemon and command of one version? see usbipc version", null, e);
        }
    }

    private static ControlException Foreign(Exception cause) =>
        new(ControlError.Failed, $"the answer is not the daemon's: {cause.Message}", ForeignHint, null, cause);

    private static ControlException Closed(Exception? cause) =>
        new(ControlError.Failed, "the daemon closed the connection", "its log says more: journalctl -u usbipcd", null, cause);

    private static ControlException Explain(RpcError error) => error.Code switch
    {
        >= (int)ControlError.Failed and <= (int)ControlError.TimedOut =>
            new((ControlError)error.Code, error.Message, error.Data?.Hint, error.Data?.Candidates),
        RpcCodes.InvalidParams => new(ControlError.Usage, error.Message, error.Data?.Hint, null, new RpcException(error.Code, error.Message)),
        RpcCodes.MethodNotFound => new(ControlError.Failed, error.Message, OlderHint),
        _ => new(ControlError.Failed, error.Message, error.Data?.Hint),
    };

    private static ControlException Explain(string path, Exception e) => (e as SocketException)?.SocketErrorCode switch
    {
        null => new(ControlError.Usage, $"the socket's path is empty or too long: {path}", "a Unix socket's path has at most 107 bytes", null, e),
        SocketError.AccessDenied => new(
            ControlError.Unavailable, $"no permission on {path}", $"join the group {ControlSocket.Group}: sudo usermod -aG {ControlSocket.Group} $USER, then log in again", null, e),
        SocketError.WouldBlock or SocketError.TryAgain => new(
            ControlError.Unavailable, $"the daemon at {path} is too busy to take a connection", "try again", null, e),
        _ => new(ControlError.NoDaemon, $"no daemon at {path}", StartHint, null, e),
    };
}
