using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The life of one session: it gets a lease, connects, imports, hands the socket over, watches the port, and stops with a reason. It never
/// tries twice: that is its parent's business.
/// <code>
///   Leasing --> Connecting --> Enumerating --> Attached --> (stops: Ended)
///      |             |          ^   |             |
///      |             |          |   '---- detach, or it takes too long
///      |             |   (adopted)                |
///      |             '-- detach --> Abandoning ---+--> Detaching --> (stops: Ended)
///      |                                                |   ^
///      '-- detach --> (stops: Ended)     it fails, told v   | asked again
///                                                     Stuck --> (stops: Ended, when the port is free)
/// </code>
/// A session that was there before begins with Enumerating: if its device is usable, that is seen at once. A loss stops it in every state.
/// An import that is abandoned comes to nothing, unless it has got its port in that very moment: then that is detached.
/// </summary>
internal sealed class AttachedPort : ReceiveActor, IWithTimers
{
    /// <summary>To the parent: this is how far it has come.</summary>
    public abstract record Progress
    {
        /// <summary>It has this lease: the device's node has given it, or its own address has taken it up again.</summary>
        public sealed record Leased(LeaseGranted Lease) : Progress;

        /// <summary>It has a lease, and connects.</summary>
        public sealed record Connecting : Progress;

        /// <summary>The socket is handed over; the host enumerates the device.</summary>
        public sealed record HandedOver(PortSession Session, UsbDeviceRecord Record) : Progress;

        /// <summary>The device is usable.</summary>
        public sealed record Usable(BusId LocalBusId, DateTimeOffset Time) : Progress;
    }

    /// <summary>To the parent, last: the session has ended, or never came to be.</summary>
    /// <param name="Error">What went wrong; null after a detach.</param>
    /// <param name="Time">When.</param>
    /// <param name="Release">What gives the lease back, for a parent that does not want the device again; null without a lease.</param>
    public sealed record Ended(DeviceException? Error, DateTimeOffset Time, ReleaseLease? Release);

    /// <summary>To the parent: the device could not be detached, and its port is watched on.</summary>
    public sealed record DetachFailed(DeviceException Error);

    /// <summary>From the parent: end the session and give the device back.</summary>
    public sealed record Detach;

    /// <summary>How long one endpoint may take to connect and to answer the import.</summary>
    public static readonly TimeSpan ImportTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How many of an exporter's endpoints are tried.</summary>
    public const int MaxEndpoints = 4;

    /// <summary>How long a host may take to enumerate a device: the kernel's own attempts end within that time.</summary>
    public static readonly TimeSpan EnumerationTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long a port that the kernel does not let go of is left alone before it is asked again.</summary>
    public static readonly TimeSpan StuckInterval = TimeSpan.FromSeconds(10);

    private readonly IHostController _controller;
    private readonly AttachmentSettings _settings;
    private readonly AttachmentSource _source;
    private readonly Holder _holder;
    private readonly IActorRef _ports;
    private LeaseGranted? _lease;
    private Action _abandon = () => { };

    /// <param name="controller">Where the device goes.</param>
    /// <param name="settings">Of this node.</param>
    /// <param name="source">The device.</param>
    /// <param name="holder">In whose name.</param>
    /// <param name="ports">The <see cref="AttachmentManager"/>, which knows the ports.</param>
    public AttachedPort(IHostController controller, AttachmentSettings settings, AttachmentSource source, Holder holder, IActorRef ports)
    {
        _controller = controller;
        _settings = settings;
        _source = source;
        _holder = holder;
        _ports = ports;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override void PreStart()
    {
        switch (_source)
        {
            case AttachmentSource.Leased leased:
                BecomeLeasing(leased.Device, leased.Request);
                break;
            case AttachmentSource.Resumed { Lease: var lease }:
                _lease = lease;
                BecomeConnecting(lease.Endpoints, lease.BusId, new LeasePreamble(lease.Secret.IdOf(lease.BusId, lease.Epoch), Resume: true));
                break;
            case AttachmentSource.Plain plain:
                BecomeConnecting([plain.Server], plain.BusId, null);
                break;
            case AttachmentSource.Adopted adopted:
                _lease = adopted.Lease;
                BecomeEnumerating(adopted.Session, "the session was lost while nobody looked after it");
                break;
        }
    }

    // Without it nobody takes what comes of the import.
    protected override void PostStop() => _abandon();

    // --- Leasing ---

    private void BecomeLeasing(ClusterDevice device, RequestLease request)
    {
        var exports = Context.ActorSelection($"{device.Address}/user/node/exports");
        var answer = exports.Ask<INodeMessage>(request, RequestLease.Patience);
        answer.PipeTo(Self, failure: error => new LeaseRefused(LeaseRefusal.Failed, Unanswered(device, error)));
        Become(() =>
        {
            Receive<LeaseGranted>(granted =>
            {
                _lease = granted;
                Context.Parent.Tell(new Progress.Leased(granted));
                BecomeConnecting(granted.Endpoints, granted.BusId, new LeasePreamble(granted.LeaseId, Resume: false));
            });
            Receive<LeaseRefused>(refused => End(new DeviceException(ErrorOf(refused.Refusal), refused.Message)));
            Receive<INodeMessage>(other => End(new DeviceException(
                DeviceError.PeerLost, $"{device.Node} was asked for a lease and answers with a {other.GetType().Name}")));

            Receive<Detach>(detach =>
            {
                _ = GiveBackAsync(exports, answer);
                End(null);
            });
        });
    }

    // A lease that is still on its way is not waited for.
    private async Task GiveBackAsync(ActorSelection exports, Task<INodeMessage> answer)
    {
        try
        {
            if (await answer is LeaseGranted granted)
                exports.Tell(new ReleaseLease(granted.BusId, _holder, granted.Epoch), ActorRefs.NoSender);
        }
        catch (Exception)
        {
            // There is none.
        }
    }

    private static string Unanswered(ClusterDevice device, Exception error) => error is AskTimeoutException
        ? $"{device.Node} did not answer within {RequestLease.Patience.TotalSeconds} s"
        : $"{device.Node} could not be asked: {error.Message}";

    private static DeviceError ErrorOf(LeaseRefusal refusal) => refusal switch
    {
        LeaseRefusal.NoSuchDevice => DeviceError.NoSuchDevice,
        LeaseRefusal.NotExported => DeviceError.NotExported,
        LeaseRefusal.Busy or LeaseRefusal.Denied or LeaseRefusal.Draining => DeviceError.Busy,
        _ => DeviceError.PeerLost,
    };

    // --- Connecting: connect, import and hand over, synchronously on a thread of its own ---

    private void BecomeConnecting(ImmutableArray<NetworkAddress> endpoints, BusId busId, LeasePreamble? preamble)
    {
        // On a thread of the pool: to close a connection takes until the thread that blocks on it has noticed.
        var connecting = new CancellationTokenSource();
        _abandon = () => _ = connecting.CancelAsync();
        var (parent, abandoned) = (Context.Parent, connecting.Token);
        parent.Tell(new Progress.Connecting());
        Task.Factory
            .StartNew(
                () => ImportAndHandOver(endpoints, busId, preamble, parent, abandoned),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)
            .PipeTo(Self, failure: error => new Failed(AsDeviceException(error)));
        Become(() =>
        {
            Receive<Progress.HandedOver>(handedOver =>
            {
                Context.Parent.Tell(handedOver);
                BecomeEnumerating(handedOver.Session, "the session ended before the device was enumerated");
            });
            Receive<Failed>(failed => End(failed.Error));
            Receive<Detach>(_ => BecomeAbandoning());
        });
    }

    private Progress.HandedOver ImportAndHandOver(
        ImmutableArray<NetworkAddress> endpoints, BusId busId, LeasePreamble? preamble, IActorRef parent, CancellationToken abandoned)
    {
        DeviceException? last = null;
        IPEndPoint[] resolved = [.. endpoints.SelectMany(Resolve).Take(MaxEndpoints)];

        // A lease must last for all of them, the last one included.
        var patience = _lease is null ? ImportTimeout : TimeSpan.FromTicks(Math.Min(ImportTimeout.Ticks, _lease.Expiry.Ticks / (resolved.Length + 1)));
        foreach (var endpoint in resolved)
        {
            try
            {
                var imported = UsbIpClient.Import(
                    endpoint, preamble, busId, _settings.SocketOptions, Deadline.After(patience), abandoned);

                // Whatever comes of it here: the exporter counts on from this epoch.
                if (preamble is { Resume: true })
                    parent.Tell(new Progress.Leased(_lease!));
                return HandOver(imported, endpoint, busId, abandoned);
            }
            catch (DeviceException error) when (error.Error is DeviceError.PeerLost or DeviceError.TimedOut or DeviceError.UnexpectedFormat)
            {
                last = error;
            }
        }

        throw last ?? new DeviceException(DeviceError.PeerLost, "the exporter told no address that is known");

        IReadOnlyList<IPEndPoint> Resolve(NetworkAddress address)
        {
            try
            {
                return address.ResolveAsync(abandoned).GetAwaiter().GetResult();
            }
            catch (DeviceException error)
            {
                last = error;
                return [];
            }
        }
    }

    private Progress.HandedOver HandOver(ImportedConnection imported, IPEndPoint endpoint, BusId busId, CancellationToken abandoned)
    {
        var origin = new PortOrigin(endpoint.Address.ToString(), endpoint.Port.ToString(), busId);
        var port = _controller.AttachAsync(imported.Socket, imported.Device, origin, abandoned).GetAwaiter().GetResult();
        return new Progress.HandedOver(new PortSession(port, origin, imported.Device.DeviceId), imported.Device);
    }

    // --- Abandoning: the connection is closed, and what is being looked up or waited for is given up ---

    private void BecomeAbandoning()
    {
        _abandon();
        Become(() =>
        {
            Receive<Progress.HandedOver>(handedOver => BecomeDetaching(handedOver.Session, null));
            Receive<Failed>(_ => End(null));
            Receive<Detach>(_ => { });
        });
    }

    // --- Enumerating ---

    private void BecomeEnumerating(PortSession session, string whenLost)
    {
        _ports.Tell(new AttachmentManager.WatchPort(session));
        Timers.StartSingleTimer("enumeration", new EnumerationTimedOut(), EnumerationTimeout);
        Become(() =>
        {
            Receive<PortChange>(change => change.Port.Status == PortStatus.Ready, change =>
            {
                Timers.Cancel("enumeration");
                Context.Parent.Tell(new Progress.Usable(change.Port.LocalBusId!.Value, change.Time));
                BecomeAttached(session);
            });
            Receive<PortChange>(
                change => change.Port.Status == PortStatus.Free,
                change => End(new DeviceException(DeviceError.PeerLost, whenLost), change.Time));
            Receive<EnumerationTimedOut>(_ => BecomeDetaching(session, new DeviceException(
                DeviceError.TimedOut, $"the device was not enumerated within {EnumerationTimeout.TotalSeconds} s")));
            Receive<Detach>(_ => BecomeDetaching(session, null));
            Receive<PortChange>(_ => { });
        });
    }

    // --- Attached ---

    private void BecomeAttached(PortSession session) => Become(() =>
    {
        Receive<PortChange>(
            change => change.Port.Status == PortStatus.Free,
            change => End(new DeviceException(DeviceError.PeerLost, "the session was lost"), change.Time));
        Receive<Detach>(_ => BecomeDetaching(session, null));
        Receive<PortChange>(_ => { });
        Receive<EnumerationTimedOut>(_ => { });
    });

    // --- Detaching ---

    private void BecomeDetaching(PortSession session, DeviceException? because)
    {
        _controller.DetachAsync(session.Port, CancellationToken.None)
            .PipeTo(Self, success: () => new Detached(), failure: error => new Failed(AsDeviceException(error)));
        Become(() =>
        {
            Receive<Detached>(_ => End(because));
            Receive<Failed>(failed => failed.Error.Error == DeviceError.NoSuchPort, _ => End(because));
            Receive<Failed>(failed => BecomeStuck(session, because, failed.Error));
            Receive<PortChange>(_ => { });
            Receive<Detach>(_ => because = null);
            Receive<EnumerationTimedOut>(_ => { });
            Receive<Again>(_ => { });
        });
    }

    // --- Stuck: the kernel did not let go. It may still, or be asked again ---

    private void BecomeStuck(PortSession session, DeviceException? because, DeviceException error)
    {
        Context.Parent.Tell(new DetachFailed(error));

        // What the port did meanwhile was not looked at.
        _ports.Tell(new AttachmentManager.WatchPort(session));
        if (because is not null)
            Timers.StartSingleTimer("again", new Again(), StuckInterval);
        Become(() =>
        {
            Receive<PortChange>(change => change.Port.Status == PortStatus.Free, _ => End(because));
            Receive<PortChange>(_ => { });
            Receive<Again>(_ => BecomeDetaching(session, because));
            Receive<Detach>(_ =>
            {
                Timers.Cancel("again");
                BecomeDetaching(session, null);
            });
            Receive<EnumerationTimedOut>(_ => { });
        });
    }

    // --- The end ---

    private void End(DeviceException? error, DateTimeOffset? time = null)
    {
        var release = _lease is null ? null : new ReleaseLease(_lease.BusId, _holder, _lease.Epoch);
        Context.Parent.Tell(new Ended(error, time ?? Now, release));
        Become(() => ReceiveAny(_ => { }));
        Context.Stop(Self);
    }

    private static DeviceException AsDeviceException(Exception error)
    {
        // What a device's exception was caused by says less than it does.
        var cause = error is AggregateException { InnerException: { } inner } ? inner : error;
        return cause as DeviceException ?? new DeviceException(DeviceError.Refused, cause.Message, null, cause);
    }

    private sealed record Failed(DeviceException Error);

    private sealed record Detached;

    private sealed record EnumerationTimedOut;

    private sealed record Again;
}
