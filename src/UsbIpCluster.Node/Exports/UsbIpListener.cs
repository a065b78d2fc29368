using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// Answers on the USB/IP port: what a <see cref="RequestDesk"/> has read goes to the device, or is answered here. A slow or hostile client
/// costs what <see cref="ListenerLimits"/> says.
/// </summary>
#pragma warning disable CA1001 // An actor disposes what it owns when it stops.
internal sealed class UsbIpListener : ReceiveActor
#pragma warning restore CA1001
{
    /// <summary>How long a client may take to read an answer that its connection has no room for.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Socket _listener;
    private readonly ListenerLimits _limits;
    private readonly ImmutableArray<IPNetwork> _plainClients;
    private readonly IActorRef _exports;
    private readonly IActorRef _membership;
    private readonly SaidOnce _refused = new();
    private ImmutableHashSet<IPAddress> _clusterAddresses = [];
    private RequestDesk? _desk;

    /// <param name="listener">Bound and listening; it outlives this actor.</param>
    /// <param name="limits">What strangers can cost.</param>
    /// <param name="plainClients">Who may import without a lease, besides the cluster's nodes.</param>
    /// <param name="exports">The <see cref="ExportManager"/>.</param>
    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    public UsbIpListener(
        Socket listener, ListenerLimits limits, ImmutableArray<IPNetwork> plainClients, IActorRef exports, IActorRef membership)
    {
        _listener = listener;
        _limits = limits;
        _plainClients = plainClients;
        _exports = exports;
        _membership = membership;

        Receive<Visit>(OnRequest);
        Receive<DeskFailed>(failed => throw new InvalidOperationException("the USB/IP port is no longer read", failed.Error));
        Receive<MembershipActor.Changed>(changed => _clusterAddresses = Addresses(changed.View));
        Receive<MembershipView>(view => _clusterAddresses = Addresses(view));
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        _membership.Tell(new MembershipActor.GetMembers());
        _desk = new RequestDesk(_listener, _limits, new DeskOwner(Self, _log, _listener.LocalEndPoint));
    }

    protected override void PostStop()
    {
        // The socket outlives this actor: a desk that goes on would take the next connection from the next actor.
        _desk?.Dispose();
        Context.System.EventStream.Unsubscribe(Self);
    }

    private void OnRequest(Visit visit)
    {
        switch (visit.Request)
        {
            case UsbIpRequest.Import(var busId, var preamble):
                Import(new ImportRequest(visit.Connection, visit.Peer, busId, preamble), visit);
                break;
            case UsbIpRequest.DevList when MayUsePlainly(visit.Peer):
                AnswerList(visit);
                break;
            default:
                UsbIpServerConnection.Close(visit.Connection);
                visit.Leave();
                break;
        }
    }

    private void Import(ImportRequest request, Visit visit)
    {
        request.Answered.ContinueWith(
            _ => visit.Leave(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (request.IsPlain && !MayUsePlainly(request.Peer))
            request.Refuse(OpStatus.Na);
        else
            _exports.Tell(new ExportedDevice.Serve(request));
    }

    // A thread of its own, not one of the pool's, which the actors need: a client that does not read can hold it up.
    private void AnswerList(Visit visit) =>
        _exports.Ask<ExportManager.Offered>(new ExportManager.GetOffered(visit.Peer.Address), _limits.RequestTimeout)
            .ContinueWith(
                offered => AnswerList(visit, offered),
                CancellationToken.None,
                TaskContinuationOptions.LongRunning,
                TaskScheduler.Default);

    private static void AnswerList(Visit visit, Task<ExportManager.Offered> offered)
    {
        try
        {
            if (offered.IsCompletedSuccessfully)
                UsbIpServerConnection.SendDeviceList(visit.Connection, offered.Result.Devices, Deadline.After(AnswerTime));
        }
        catch (Exception error) when (error is DeviceException or SocketException)
        {
            // It has gone, or it does not read.
        }
        finally
        {
            UsbIpServerConnection.Close(visit.Connection);
            visit.Leave();
        }
    }

    private bool MayUsePlainly(IPEndPoint peer)
    {
        if (_clusterAddresses.Contains(peer.Address) || _plainClients.Any(network => network.Contains(peer.Address)))
            return true;
        if (_refused.IsFirst(Admission.NetworkOf(peer.Address).ToString()))
            _log.Warning("{0} is refused: it is no node of the cluster and not in plainClients (said once)", peer.Address);
        return false;
    }

    private static ImmutableHashSet<IPAddress> Addresses(MembershipView view) =>
    [
        .. view.Members.Keys
            .Select(ClusterAddress.Ip)
            .OfType<IPAddress>(),
    ];

    private sealed class DeskOwner(IActorRef self, ILoggingAdapter log, EndPoint? port) : IDeskOwner
    {
        private readonly SaidOnce _turnedAway = new();
        private bool _accepts = true;

        public void Serve(Visit visit)
        {
            _accepts = true;
            self.Tell(visit);
        }

        public void TurnedAway(IPAddress address, string why)
        {
            if (_turnedAway.IsFirst(Admission.NetworkOf(address).ToString()))
                log.Warning("a connection of {0} was closed: {1} (said once)", address, why);
        }

        public void AcceptFailed(SocketException error)
        {
            if (_accepts)
                log.Warning("accept on {0} failed: {1}", port, error.Message);
            _accepts = false;
        }

        public void Failed(Exception error) => self.Tell(new DeskFailed(error));
    }

    private sealed record DeskFailed(Exception Error);
}
