using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// Accepts on the USB/IP port, reads one request of each connection under a deadline, and gives the connection to the device. A slow or
/// hostile client costs one thread for <see cref="RequestDeadline"/>, at most <see cref="MaxConnections"/> of them and
/// <see cref="MaxConnectionsPerAddress"/> for one address; more are closed at once.
/// </summary>
#pragma warning disable CA1001 // An actor disposes what it owns when it stops.
internal sealed class UsbIpListener : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    /// <summary>How long a client may take to say what it wants; it is closed within 5 s in any case.</summary>
    public static readonly TimeSpan RequestDeadline = TimeSpan.FromSeconds(4);

    /// <summary>Connections whose request is being read or answered.</summary>
    public const int MaxConnections = 64;

    /// <summary>The same, of one address.</summary>
    public const int MaxConnectionsPerAddress = 16;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Socket _listener;
    private readonly ImmutableArray<IPNetwork> _plainClients;
    private readonly IActorRef _exports;
    private readonly IActorRef _membership;
    private readonly Dictionary<IPAddress, int> _reading = [];
    private readonly HashSet<IPAddress> _refused = [];
    private readonly CancellationTokenSource _stopped = new();
    private ImmutableHashSet<IPAddress> _clusterAddresses = [];

    /// <param name="listener">Bound and listening; it outlives this actor.</param>
    /// <param name="plainClients">Who may import without a lease, besides the cluster's nodes.</param>
    /// <param name="exports">The <see cref="ExportManager"/>.</param>
    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    public UsbIpListener(Socket listener, ImmutableArray<IPNetwork> plainClients, IActorRef exports, IActorRef membership)
    {
        _listener = listener;
        _plainClients = plainClients;
        _exports = exports;
        _membership = membership;

        Receive<Accepted>(accepted => OnAccepted(accepted.Connection));
        Receive<AcceptFailed>(failed => failed.Error is OperationCanceledException, _ => { });
        Receive<AcceptFailed>(failed =>
        {
            _log.Warning("accept on {0} failed: {1}", _listener.LocalEndPoint, failed.Error.Message);
            Timers.StartSingleTimer("accept", new AcceptAgain(), AcceptPause);
        });
        Receive<AcceptAgain>(_ => Accept());
        Receive<Answered>(answered => Release(answered.Peer));
        Receive<RequestRead>(OnRequest);
        Receive<MembershipActor.Changed>(changed => _clusterAddresses = Addresses(changed.View));
        Receive<MembershipView>(view => _clusterAddresses = Addresses(view));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private int Reading => _reading.Values.Sum();

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        _membership.Tell(new MembershipActor.GetMembers());
        Accept();
    }

    protected override void PostStop()
    {
        // The socket outlives this actor: an accept that goes on would take the next connection from the next actor.
        _stopped.Cancel();
        _stopped.Dispose();
        Context.System.EventStream.Unsubscribe(Self);
    }

    private void Accept()
    {
        // The accepted socket is a blocking one that no asynchronous operation was started on, whatever the listener does.
        _listener.AcceptAsync(_stopped.Token)
            .AsTask()
            .PipeTo(Self, success: socket => new Accepted(socket), failure: error => new AcceptFailed(error));
    }

    private void OnAccepted(Socket connection)
    {
        Accept();
        if (Describe(connection) is not { } peer
            || Reading >= MaxConnections
            || _reading.GetValueOrDefault(peer.Address) >= MaxConnectionsPerAddress)
        {
            connection.Dispose();
            return;
        }

        _reading[peer.Address] = _reading.GetValueOrDefault(peer.Address) + 1;
        OnOwnThread(() => UsbIpServerConnection.ReadRequest(connection, Deadline.After(RequestDeadline)))
            .PipeTo(
                Self,
                success: request => new RequestRead(connection, peer, request),
                failure: error => new RequestRead(connection, peer, new UsbIpRequest.Malformed(error.Message)));
    }

    private void OnRequest(RequestRead read)
    {
        switch (read.Request)
        {
            case UsbIpRequest.Import(var busId, var preamble):
                Import(new ImportRequest(read.Connection, read.Peer, busId, preamble));
                break;
            case UsbIpRequest.DevList when MayUsePlainly(read.Peer):
                AnswerList(read.Connection, read.Peer);
                break;
            case UsbIpRequest.Malformed malformed:
                _log.Info("{0} was closed: {1}", read.Peer, malformed.Reason);
                goto default;
            default:
                Release(read.Peer);
                read.Connection.Dispose();
                break;
        }
    }

    private void Import(ImportRequest request)
    {
        request.Answered.PipeTo(Self, success: () => new Answered(request.Peer));
        if (request.IsPlain && !MayUsePlainly(request.Peer))
            request.Refuse(OpStatus.Na);
        else
            _exports.Tell(new ExportedDevice.Serve(request));
    }

    private void AnswerList(Socket connection, IPEndPoint peer) =>
        _exports.Ask<ExportManager.Offered>(new ExportManager.GetOffered(peer.Address), RequestDeadline)
            .ContinueWith(
                offered =>
                {
                    using (connection)
                    {
                        if (offered.IsCompletedSuccessfully)
                        {
                            UsbIpServerConnection.SendDeviceList(
                                connection,
                                offered.Result.Devices,
                                Deadline.After(RequestDeadline));
                        }
                    }
                },
                CancellationToken.None,
                TaskContinuationOptions.LongRunning,
                TaskScheduler.Default)
            .PipeTo(Self, success: () => new Answered(peer), failure: _ => new Answered(peer));

    private bool MayUsePlainly(IPEndPoint peer)
    {
        if (_clusterAddresses.Contains(peer.Address) || _plainClients.Any(network => network.Contains(peer.Address)))
            return true;
        if (_refused.Count < 1024 && _refused.Add(peer.Address))
            _log.Warning("{0} is refused: it is no node of the cluster and not in plainClients (said once)", peer.Address);
        return false;
    }

    private void Release(IPEndPoint peer)
    {
        // An actor that was restarted hears of connections that it never counted.
        if (_reading.TryGetValue(peer.Address, out var count) && count > 1)
            _reading[peer.Address] = count - 1;
        else
            _reading.Remove(peer.Address);
    }

    private static IPEndPoint? Describe(Socket connection)
    {
        try
        {
            return connection.RemoteEndPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
                ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
                : connection.RemoteEndPoint as IPEndPoint;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static ImmutableHashSet<IPAddress> Addresses(MembershipView view) =>
    [
        .. view.Members.Keys
            .Select(ClusterAddress.Ip)
            .OfType<IPAddress>(),
    ];

    private static Task<T> OnOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed record Accepted(Socket Connection);

    private sealed record AcceptFailed(Exception Error);

    private sealed record AcceptAgain;

    private sealed record RequestRead(Socket Connection, IPEndPoint Peer, UsbIpRequest Request);

    private sealed record Answered(IPEndPoint Peer);
}
