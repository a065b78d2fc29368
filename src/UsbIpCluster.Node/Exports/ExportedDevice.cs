using Akka.Actor;
using Akka.Event;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// One local device: the only authority over who may use it.
/// <code>
///              bind                     lease                   import
///   Unbound ---------> Available ----------------> Leased -----------------> InUse
///      ^                |   ^ ^------ expired -------'  ^                     |  |
///      |     unbind     |   '---- plain session ended   '--- session ended ---'  | its holder asks again
///      '----------------'                               ^                        v
///                                                       '------ fenced ----- Releasing
///   Faulted: the driver reports an error; bind and unbind lead out of it.
/// </code>
/// While the exporter works on the device (bind, unbind, hand-over, fence), everything else that is asked of it waits its turn.
/// </summary>
internal sealed class ExportedDevice : ReceiveActor, IWithTimers, IWithStash
{
    /// <summary>What the exporter sees now.</summary>
    public sealed record Seen(LocalDevice Device);

    /// <summary>Export the device. Answered with its <see cref="DeviceEntry"/>, or a failure.</summary>
    public sealed record Bind(BusId BusId, string? Name);

    /// <summary>Export it no longer. Answered with its <see cref="DeviceEntry"/>, or a failure.</summary>
    public sealed record Unbind(BusId BusId);

    /// <summary>To the parent: the actor has failed and knows only what it began with. Answered with what is <see cref="Seen"/> now.</summary>
    public sealed record Restarted(BusId BusId);

    /// <summary>
    /// It has been unplugged, and nothing more is asked of it: what was asked before is answered, then the actor stops.
    /// </summary>
    public sealed record Unplugged;

    /// <summary>Serve an import, with the lease that the connection named or without one.</summary>
    public sealed record Serve(ImportRequest Request);

    /// <summary>How long a lease waits for its connection.</summary>
    public static readonly TimeSpan LeaseExpiry = TimeSpan.FromSeconds(10);

    /// <summary>How long a device is kept for the holder of a session that ended without a detach.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private const string LeaseTimer = "lease";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IDeviceExporter _exporter;
    private readonly ExportSettings _settings;
    private readonly IActorRef _inventory;
    private readonly DriverNews _driver = new();
    private LocalDevice _device;
    private string? _name;
    private DeviceEntry? _shown;
    private Epoch _epoch;

    public ExportedDevice(IDeviceExporter exporter, LocalDevice device, ExportSettings settings, IActorRef inventory)
    {
        _exporter = exporter;
        _settings = settings;
        _inventory = inventory;
        _device = device;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private string FullName => $"{_settings.Node}/{_device.BusId}";

    protected override void PreStart() => BecomeWhatTheDriverSays(BecomeAvailable);

    protected override void PostRestart(Exception reason)
    {
        Context.Parent.Tell(new Restarted(_device.BusId));
        Become(() =>
        {
            Receive<Seen>(seen =>
            {
                _device = seen.Device;
                BecomeWhatTheDriverSays(BecomeAvailable);
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        });
    }

    // --- Unbound ---

    private void BecomeUnbound() => Enter(DeviceState.Unbound, null, () =>
    {
        Receive<Bind>(bind => OnBind(
            bind, _exporter.BindAsync(_device.BusId, CancellationToken.None), [ExportStatus.Available], BecomeUnbound));
        Receive<Unbind>(_ => Sender.Tell(new Status.Failure(new DeviceException(
            DeviceError.NotExported, $"{FullName} is not exported"))));
        Receive<RequestLease>(_ => Sender.Tell(new LeaseRefused(LeaseRefusal.NotExported, $"{FullName} is not exported")));
        Receive<Serve>(serve => serve.Request.TurnAway(OpStatus.NoDev));
        Receive<Seen>(Follow);
    });

    private void OnBind(Bind bind, Task work, ExportStatus[] done, Action otherwise) =>
        Work(
            work,
            Sender,
            () =>
            {
                _name = bind.Name ?? _name;
                _driver.Did(done);
                BecomeAvailable();
            },
            otherwise);

    // --- Available ---

    private void BecomeAvailable() => Enter(DeviceState.Available, null, () =>
    {
        Receive<RequestLease>(request => Grant(request.Holder));
        Receive<Serve>(serve => serve.Request.LeaseId is null, serve =>
            HandOver(serve.Request, new Session(serve.Request.Peer.ToString(), null), BecomeAvailable));
        Receive<Serve>(serve => serve.Request.Drop());
        Exported(BecomeAvailable);
    });

    // --- Leased: waiting for the holder's connection, or keeping the device for a holder that was lost ---

    private void BecomeLeased(Lease lease, TimeSpan keep)
    {
        Enter(DeviceState.Leased, lease.Holder.ToString(), () =>
        {
            Receive<RequestLease>(request => request.Holder == lease.Holder, request => Grant(request.Holder));
            Receive<RequestLease>(_ => Sender.Tell(HeldBy(lease.Holder.ToString())));
            Receive<ReleaseLease>(release => release.Holder == lease.Holder && release.Epoch == lease.Epoch, _ => BecomeAvailable());
            Receive<LeaseEnded>(ended => ended.Epoch == lease.Epoch, _ => BecomeAvailable());
            Receive<Serve>(serve => serve.Request.LeaseId is null, serve => serve.Request.Refuse(OpStatus.DevBusy));
            Receive<Serve>(serve => serve.Request.LeaseId == lease.Id, serve =>
                HandOver(serve.Request, new Session(lease.Holder.ToString(), lease), () => Keep(lease)));
            Receive<Serve>(serve => serve.Request.Drop());
            Exported(() => Keep(lease));
        });
        Timers.StartSingleTimer(LeaseTimer, new LeaseEnded(lease.Epoch), keep);
    }

    private void Grant(Holder holder) => Grant(holder, Sender);

    private void Grant(Holder holder, IActorRef asker)
    {
        _epoch = _epoch.Next;
        var id = LeaseId.New();
        asker.Tell(new LeaseGranted(id, _epoch, _device.BusId, _settings.Endpoints, LeaseExpiry, ResumeSecret.New()));
        BecomeLeased(new Lease(id, holder, _epoch), LeaseExpiry);
    }

    private void Keep(Lease lease) => BecomeLeased(lease with { Id = null }, Grace);

    // --- InUse ---

    private void BecomeInUse(Session session) => Enter(DeviceState.InUse, session.User, () =>
    {
        Receive<Seen>(seen => Follow(seen, () => SessionEnded(session)));
        Receive<RequestLease>(request => request.Holder == session.Lease?.Holder, request => Fence(request, session));
        Receive<RequestLease>(_ => Sender.Tell(HeldBy(session.User)));
        Receive<ReleaseLease>(
            release => release.Holder == session.Lease?.Holder && release.Epoch == session.Lease?.Epoch,
            _ => BecomeInUse(session with { Lease = null }));
        Receive<Serve>(serve => serve.Request.TurnAway(OpStatus.DevBusy));
        Exported(() => BecomeInUse(session));
    });

    private void SessionEnded(Session session)
    {
        if (session.Lease is { } lease)
            Keep(lease);
        else
            BecomeAvailable();
    }

    // --- Releasing: the holder asks again, so its session is gone, whether or not the kernel has noticed ---

    private void Fence(RequestLease request, Session session)
    {
        var asker = Sender;
        Show(DeviceState.Releasing, session.User);
        Wait(
            _exporter.ReleaseAsync(_device.BusId, CancellationToken.None),
            () =>
            {
                _driver.Did(ExportStatus.Available);
                SessionEnded(session);
                Grant(request.Holder, asker);
            },
            error =>
            {
                asker.Tell(new LeaseRefused(LeaseRefusal.Failed, error.Message));
                BecomeInUse(session);
            });
    }

    // --- Faulted ---

    private void BecomeFaulted() => Enter(DeviceState.Faulted, null, () =>
    {
        Receive<Bind>(bind => OnBind(bind, RebindAsync(), [ExportStatus.Unbound, ExportStatus.Available], BecomeFaulted));
        Receive<RequestLease>(_ => Sender.Tell(new LeaseRefused(LeaseRefusal.Failed, $"the driver of {FullName} reports an error")));
        Receive<Serve>(serve => serve.Request.TurnAway(OpStatus.DevErr));
        Exported(BecomeFaulted);
    });

    // A bind of what is bound does nothing, and so does not end the error.
    private async Task RebindAsync()
    {
        await _exporter.UnbindAsync(_device.BusId, CancellationToken.None);
        await _exporter.BindAsync(_device.BusId, CancellationToken.None);
    }

    // --- What the states share ---

    private void Enter(DeviceState state, string? holder, Action receives)
    {
        Timers.Cancel(LeaseTimer);
        if (state != DeviceState.InUse && _shown is { State: DeviceState.InUse or DeviceState.Releasing, Holder: { } user })
            Publish(EventKinds.SessionEnded, user);
        Become(() =>
        {
            receives();
            Receive<ReleaseLease>(_ => { });
            Receive<LeaseEnded>(_ => { });
            Receive<Unplugged>(_ => Context.Stop(Self));
            Receive<InventoryActor.TellAgain>(_ => _inventory.Tell(new InventoryActor.LocalDevice(_shown!)));
        });
        Show(state, holder);
    }

    private void Exported(Action stay)
    {
        Receive<Bind>(bind =>
        {
            _name = bind.Name ?? _name;
            Show(_shown!.State, _shown.Holder);
            Sender.Tell(_shown);
        });
        Receive<Unbind>(_ => Work(
            _exporter.UnbindAsync(_device.BusId, CancellationToken.None),
            Sender,
            () =>
            {
                _driver.Did(ExportStatus.Unbound);
                BecomeUnbound();
            },
            stay));
        Receive<Seen>(Follow);
    }

    private void Follow(Seen seen) => Follow(seen, BecomeAvailable);

    // The driver has the last word: whatever was thought of the device, what it says anew decides.
    private void Follow(Seen seen, Action becomeAvailable)
    {
        var isNews = _driver.IsNews(_device.Status, seen.Device.Status);
        _device = seen.Device;
        var agrees = (_device.Status, _shown!.State) is
            (ExportStatus.Unbound, DeviceState.Unbound)
            or (ExportStatus.Available, DeviceState.Available or DeviceState.Leased)
            or (ExportStatus.InUse, DeviceState.InUse)
            or (ExportStatus.Faulted, DeviceState.Faulted);
        if (agrees || !isNews)
            Show(_shown.State, _shown.Holder);
        else
            BecomeWhatTheDriverSays(becomeAvailable);
    }

    private LeaseRefused HeldBy(string user) => new(LeaseRefusal.Busy, $"{FullName} is held by {user}");

    private void BecomeWhatTheDriverSays(Action becomeAvailable)
    {
        switch (_device.Status)
        {
            case ExportStatus.Available:
                becomeAvailable();
                break;
            case ExportStatus.InUse:
                BecomeInUse(Session.Unknown);
                break;
            case ExportStatus.Faulted:
                BecomeFaulted();
                break;
            default:
                BecomeUnbound();
                break;
        }
    }

    private void HandOver(ImportRequest request, Session session, Action otherwise) =>
        Wait(
            request.GiveToAsync(_exporter, _device.BusId),
            () =>
            {
                Publish(EventKinds.SessionStarted, session.User);
                _driver.Did(ExportStatus.InUse);
                BecomeInUse(session);
            },
            error =>
            {
                _log.Warning("{0} could not be given to {1}: {2}", FullName, session.User, error.Message);
                otherwise();
            });

    private void Work(Task task, IActorRef asker, Action then, Action otherwise) =>
        Wait(
            task,
            () =>
            {
                then();
                asker.Tell(_shown!);
            },
            error =>
            {
                otherwise();
                asker.Tell(new Status.Failure(error));
            });

    private void Wait(Task task, Action then, Action<Exception> otherwise)
    {
        Timers.Cancel(LeaseTimer);
        Become(() =>
        {
            Receive<Worked>(worked =>
            {
                if (worked.Error is null)
                    then();
                else
                    otherwise(worked.Error);
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        });
        task.ContinueWith(
                done => new Worked(done.Exception?.GetBaseException() ?? (done.IsCanceled ? new TaskCanceledException(done) : null)),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default)
            .PipeTo(Self);
    }

    private void Show(DeviceState state, string? holder)
    {
        var entry = new DeviceEntry(
            _device.BusId,
            _device.Record.VendorId,
            _device.Record.ProductId,
            _device.Serial,
            _device.Manufacturer,
            _device.Product,
            _device.Record.DeviceClass,
            _device.Interfaces,
            _device.Record.Speed,
            _exporter.Backend,
            state,
            holder,
            _name,
            _epoch,
            null);
        if (entry == _shown)
            return;
        _shown = entry;
        _inventory.Tell(new InventoryActor.LocalDevice(entry));
    }

    private void Publish(string kind, string user) =>
        Context.System.EventStream.Publish(new EventRow(
            Context.System.Scheduler.Now, _settings.Node.Value, kind, _device.BusId.Value, Holder: user));

    private sealed record LeaseEnded(Epoch Epoch);

    private sealed record Worked(Exception? Error);
}
