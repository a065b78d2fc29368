using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.Logging;
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
    /// <summary>These are the limits now.</summary>
    public sealed record NewLimits(ListenerLimits Limits);

    /// <summary>How long a client may take to read an answer that its connection has no room for.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly ILogger _log = Context.Logger();
    private readonly Socket _listener;
    private readonly ListenerSettings _settings;
    private readonly IActorRef _exports;
    private readonly IActorRef _membership;
    private readonly Refusals _refusals;
    private readonly SaidOnce _refused = new();
    private ImmutableHashSet<IPAddress> _clusterAddresses = [];
    private RequestDesk? _desk;

    /// <param name="listener">Bound and listening; it outlives this actor.</param>
    /// <param name="settings">Who is served.</param>
    /// <param name="exports">The <see cref="ExportManager"/>.</param>
    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    /// <param name="refusals">Who is refused is counted there.</param>
    public UsbIpListener(Socket listener, ListenerSettings settings, IActorRef exports, IActorRef membership, Refusals refusals)
    {
        _refusals = refusals;
        _listener = listener;
        _settings = settings;
        _exports = exports;
        _membership = membership;

        Receive<Visit>(OnRequest);
        Receive<NewLimits>(limits => _desk!.Take(limits.Limits));
        Receive<DeskFailed>(failed => throw new InvalidOperationException("the USB/IP port is no longer read", failed.Error));
        Receive<MembershipActor.Changed>(changed => _clusterAddresses = Addresses(changed.View));
        Receive<MembershipView>(view => _clusterAddresses = Addresses(view));
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        _membership.Tell(new MembershipActor.GetMembers());
        _desk = new RequestDesk(_listener, _settings.Limits, new DeskOwner(Self, _log, _refusals, _listener.LocalEndPoint));
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
                Import(new ImportRequest(visit.Connection, visit.Peer, busId, preamble) { Refusals = _refusals }, visit);
                break;
            case UsbIpRequest.DevList when MayUsePlainly(visit.Peer):
                AnswerList(visit);
                break;
            default:
                End(visit);
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

    private void AnswerList(Visit visit) =>
        _exports.Ask<ExportManager.Offered>(new ExportManager.GetOffered(visit.Peer.Address), _settings.Limits.RequestTimeout)
            .ContinueWith(
                offered =>
                {
                    if (offered.IsCompletedSuccessfully)
                        AnswerList(visit, offered.Result.Devices);
                    else
                        End(visit);
                },
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default);

    // A list that may have to wait for its client gets a thread of its own: the pool's are the actors'.
    private static void AnswerList(Visit visit, ImmutableArray<DevlistDevice> devices)
    {
        try
        {
            if (UsbIpServerConnection.MakeRoomFor(visit.Connection, devices))
                SendList(visit, devices);
            else
                new Thread(() => SendList(visit, devices)) { IsBackground = true, Name = "usbip-list" }.Start();
        }
        catch (SocketException)
        {
            End(visit);
        }
    }

    private static void SendList(Visit visit, ImmutableArray<DevlistDevice> devices)
    {
        try
        {
            UsbIpServerConnection.SendDeviceList(visit.Connection, devices, Deadline.After(AnswerTime));
        }
        catch (DeviceException)
        {
            // It has gone, or it does not read.
        }
        finally
        {
            End(visit);
        }
    }

    private static void End(Visit visit)
    {
        UsbIpServerConnection.Close(visit.Connection);
        visit.Leave();
    }

    private bool MayUsePlainly(IPEndPoint peer)
    {
        if (_clusterAddresses.Contains(peer.Address) || _settings.PlainClients.Any(network => network.Contains(peer.Address)))
            return true;
        if (_refused.IsFirst(Admission.NetworkOf(peer.Address).ToString()))
            _log.PlainClientRefused(peer.Address.ToString());
        return false;
    }

    private static ImmutableHashSet<IPAddress> Addresses(MembershipView view) =>
    [
        .. view.Members.Keys
            .Select(ClusterAddress.Ip)
            .OfType<IPAddress>(),
    ];

    private sealed class DeskOwner(IActorRef self, ILogger log, Refusals refusals, EndPoint? port) : IDeskOwner
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
            refusals.Closed();
            if (_turnedAway.IsFirst(Admission.NetworkOf(address).ToString()))
                log.ConnectionClosed(address.ToString(), why);
        }

        public void AcceptFailed(SocketException error)
        {
            if (_accepts)
                log.AcceptFailed(port?.ToString(), error.Message);
            _accepts = false;
        }

        public void Failed(Exception error) => self.Tell(new DeskFailed(error));
    }

    private sealed record DeskFailed(Exception Error);
}
