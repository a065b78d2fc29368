using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>
/// Keeps one device attached: the supervisor of an <see cref="AttachedPort"/>, and its recovery. A port that was lost is a child that has
/// stopped; this actor decides when the next one is made.
/// <code>
///                      a session is there already (adopted)
///                                            |
///                                            v
///   Waiting --(the device is available)--> Trying --(usable)--> Attached
///      ^                                     | ^                   |
///      |  it is not                   failed | | time, or the      | lost: the first retry is at once
///      '-------------------------------------+ | inventory says so |
///                                            v |                   |
///                                         BackingOff <-------------'
///   Detaching: the child gives the device back; then this actor stops. With "once", a loss stops it, too.
///   A device that somebody stole is waited for, and not asked for before it is free.
/// </code>
/// </summary>
internal sealed class Attachment : ReceiveActor, IWithTimers
{
    /// <summary>Detach the device and stop. Answered with the last <see cref="AttachmentStatus"/>.</summary>
    public sealed record Detach;

    /// <summary>From the manager: a port has become free, if that is what is missing.</summary>
    public sealed record PortFreed;

    /// <summary>To the manager: it is not kept any longer.</summary>
    public sealed record Dropped(AttachmentId Id);

    /// <summary>How long an attachment without a free port waits when nobody tells that one has become free.</summary>
    public static readonly TimeSpan NoPortInterval = TimeSpan.FromSeconds(30);

    private readonly AttachmentSettings _settings;
    private readonly FormerAttachments _former;
    private readonly TimeSpan? _wait;
    private readonly Func<AttachmentSource, Holder, Props> _port;
    private readonly Holder _holder;
    private readonly DateTimeOffset _begun;
    private readonly List<IActorRef> _detachers = [];
    private InventoryView _view;
    private AttachmentStatus _status;
    private IActorRef? _asker;
    private Backoff _backoff;
    private bool _maySteal;
    private ulong _resumes;
    private AttachmentSource? _source;
    private LeaseStolen? _theft;
    private DateTimeOffset? _lostAt;
    private LossReason _lostBy;
    private ReleaseLease? _release;
    private string? _told;

    /// <param name="status">What to attach, and what is known of it: more than nothing when it goes on from an earlier actor.</param>
    /// <param name="asker">Who waits for it; null when nobody does.</param>
    /// <param name="settings">Of this node.</param>
    /// <param name="former">The attachments that are no more.</param>
    /// <param name="view">The inventory as it is; the manager passes every <see cref="InventoryActor.Changed"/> on.</param>
    /// <param name="port">Makes the child for one session.</param>
    public Attachment(
        AttachmentStatus status,
        AttachmentAsker? asker,
        AttachmentSettings settings,
        FormerAttachments former,
        InventoryView view,
        Func<AttachmentSource, Holder, Props> port)
    {
        _status = status;
        _asker = asker?.Who;
        _wait = asker?.Wait;
        _maySteal = asker?.Steal ?? false;
        _settings = settings;
        _former = former;
        _port = port;
        _view = view;
        _holder = new Holder(settings.Node, status.Id);
        _begun = Now;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private AttachmentPlan Plan => _status.Plan;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        if (_wait is { } wait)
            Timers.StartSingleTimer("wait", new WaitedLongEnough(), wait);
        if (_status.Session is { } session)
            Adopt(session);
        else
            Try();
    }

    // --- Adopting: a session that was there before ---

    private void Adopt(PortSession session)
    {
        Show(AttachmentStates.Enumerating);
        var child = StartChild(new AttachmentSource.Adopted(session, _status.Lease?.Lease));
        Become(() =>
        {
            Receive<AttachedPort.Progress.Usable>(usable => BecomeAttached(child, usable, EventKinds.Adopted));
            Receive<AttachedPort.Ended>(ended => AfterChild(child, ended, () => Lost(ended.Error!, ended.Time, LossReason.Unwatched)));
            WhileTrying(child, error => Lost(error, Now, LossReason.Failure));
        });
    }

    // --- Trying ---

    private void Try()
    {
        if (FindSource() is { } source)
            Try(source);
        else
            BecomeWaiting();
    }

    private void Try(AttachmentSource source)
    {
        var device = source is AttachmentSource.Leased leased ? AttachedDevice.Of(leased.Device) : _status.Device;
        Show(
            source is AttachmentSource.Leased ? AttachmentStates.Leasing : AttachmentStates.Connecting,
            s => s with { Device = device, NeedsPort = false });
        var child = StartChild(source);
        var isNew = false;
        Become(() =>
        {
            // The attempt may have begun too early to profit from it.
            Receive<InventoryActor.Changed>(changed =>
            {
                _view = changed.View;
                isNew |= BecameAvailable(changed);
            });
            Receive<AttachedPort.Progress.Leased>(granted => OnLeased(granted.Lease));
            Receive<AttachedPort.Progress.Connecting>(_ => Show(AttachmentStates.Connecting));
            Receive<AttachedPort.Progress.HandedOver>(OnHandedOver);
            Receive<AttachedPort.Progress.Usable>(usable => BecomeAttached(
                child, usable, _lostAt is null ? EventKinds.Attached : EventKinds.Reattached));
            Receive<AttachedPort.Ended>(ended => AfterChild(child, ended, () => Failed(ended.Error!, atOnce: isNew)));
            WhileTrying(child, error => Failed(error, atOnce: false));
        });
    }

    private IActorRef StartChild(AttachmentSource source)
    {
        _source = source;
        return Context.Watch(Context.ActorOf(_port(source, _holder)));
    }

    private void WhileTrying(IActorRef child, Action<DeviceException> crashed)
    {
        Receive<AttachedPort.DetachFailed>(failed => Show(_status.State, s => s with { LastError = failed.Error.Message }));
        Receive<Detach>(_ => BecomeDetaching(child));
        OnCrash(child, crashed);
        Always();
    }

    private AttachmentSource? FindSource()
    {
        if (!_view.Devices.Any(IsBeforeTheft))
            _theft = null;
        switch (Plan.Target)
        {
            case AttachmentTarget.Plain plain:
                return new AttachmentSource.Plain(plain.Server, plain.BusId);
            case AttachmentTarget.Device target:
                var usable = _view.Find(target.Selector).Where(MayTry).ToArray();
                return usable switch
                {
                    [] => FindResumable(),
                    [var only] => Ask(only),
                    _ => Ask(usable.FirstOrDefault(found => _status.Device?.Is(found) == true) ?? usable[0]),
                };
            default:
                throw new InvalidOperationException($"a target of an unknown kind: {Plan.Target}");
        }
    }

    private AttachmentSource.Leased Ask(ClusterDevice device) => new(
        device, new RequestLease(device.Device.BusId, _holder, Plan.User, Orphan(device), _maySteal));

    // The node that has the device can't be asked, but the device's own address may still answer. Each attempt takes an epoch of its own,
    // since none is good twice and whether the last one arrived is not known; the exporter looks as many ahead.
    private AttachmentSource.Resumed? FindResumable()
    {
        if (_status.Lease is not { } held || _view.Nodes.GetValueOrDefault(held.Exporter) is { Reachable: true })
            return null;
        var epoch = held.Lease.Epoch.Value + 1 + (_resumes % DeviceLedger.ResumeWindow);
        _resumes++;
        return new AttachmentSource.Resumed(held.Lease with { Epoch = new Epoch(epoch) });
    }

    private AttachmentId? Orphan(ClusterDevice device) => _former.Behind(device.Device.Holder);

    private bool MayTry(ClusterDevice device) => device.Reachable && !IsBeforeTheft(device) && device.Device.State switch
    {
        DeviceState.Available => true,
        DeviceState.Leased or DeviceState.InUse or DeviceState.Releasing =>
            device.Device.Holder == _holder.ToString() || _maySteal || Orphan(device) is not null,
        _ => false,
    };

    // The exporter tells of a theft before the inventory does: what that says until then would have the device asked for in vain.
    private bool IsBeforeTheft(ClusterDevice device) =>
        _theft is { } theft && device.Node == theft.Exporter && device.Device.BusId == theft.BusId
        && device.Device.Epoch.Value <= theft.Epoch.Value;

    // From here on the device is this attachment's: whoever steals it from it now is not fought.
    private void OnLeased(LeaseGranted lease)
    {
        _maySteal = false;
        _theft = null;
        _resumes = 0;
        var held = _source is AttachmentSource.Leased { Device: var device }
            ? new HeldLease(device.Node, device.Address, lease)
            : _status.Lease! with { Lease = lease };
        Show(_status.State, s => s with { Lease = held });
    }

    private void OnHandedOver(AttachedPort.Progress.HandedOver handedOver)
    {
        var record = handedOver.Record;
        Show(AttachmentStates.Enumerating, s => s with
        {
            Session = handedOver.Session,
            Endpoint = handedOver.Session.Origin.Endpoint,
            Device = s.Device is { Node: not null } device
                ? device with { VendorId = record.VendorId, ProductId = record.ProductId }
                : AttachedDevice.Of(record),
        });
        if (_wait is null)
            Answer(_status);
    }

    private void Failed(DeviceException error, bool atOnce)
    {
        error = Reason(error);
        if (error.Message != _told)
            Publish(EventKinds.AttachFailed, reason: error.Message);
        _told = error.Message;
        _status = _status with { LastError = error.Message };
        if (_wait is null && _asker is not null)
            GiveUp(error);
        else
            RetryOrGiveUp(error, atOnce);
    }

    // --- Attached ---

    private void BecomeAttached(IActorRef child, AttachedPort.Progress.Usable usable, string kind)
    {
        Show(AttachmentStates.Attached, s => s with
        {
            LocalBusId = usable.LocalBusId,
            Reattaches = s.Reattaches + (kind == EventKinds.Reattached ? 1 : 0),
        });
        Publish(kind, duration: kind == EventKinds.Adopted ? null : usable.Time - (_lostAt ?? _begun));
        if (kind == EventKinds.Reattached)
            _settings.Metrics.Reattached(_lostBy, usable.Time - _lostAt!.Value);
        _told = null;
        _lostAt = null;
        Timers.Cancel("wait");
        Timers.StartSingleTimer("steady", new Steady(), Backoff.ResetAfter);
        Answer(_status);
        Become(() =>
        {
            Receive<AttachedPort.Ended>(ended => AfterChild(child, ended, () => Lost(ended.Error!, ended.Time, LossReason.Connection)));
            Receive<Steady>(_ => _backoff = default);
            Receive<Detach>(_ => BecomeDetaching(child));
            OnCrash(child, error => Lost(error, Now, LossReason.Failure));
            Always();
        });
    }

    private void Lost(DeviceException error, DateTimeOffset time, LossReason reason)
    {
        _lostAt = time;
        _lostBy = _theft is null ? reason : LossReason.Stolen;
        error = Reason(error);
        _status = _status with { LastError = error.Message };
        Show(AttachmentStates.Lost);
        Publish(EventKinds.Lost, reason: error.Message);
        RetryOrGiveUp(error, atOnce: false);
    }

    // --- After a loss or a failure ---

    private DeviceException Reason(DeviceException error) =>
        _theft is null ? error : new DeviceException(DeviceError.Busy, Words(_theft), null, error);

    private static string Words(LeaseStolen theft) => $"taken by {theft.By}{(theft.User is null ? "" : $" ({theft.User})")}";

    private void RetryOrGiveUp(DeviceException error, bool atOnce)
    {
        Timers.Cancel("steady");
        _status = _status with { Session = null, LocalBusId = null };
        if (Plan.Once)
        {
            GiveUp(error);
            return;
        }

        var delay = atOnce ? TimeSpan.Zero : _backoff.Delay(Random.Shared);
        _backoff = _backoff.Next;
        if (error.Error == DeviceError.NoFreePort)
        {
            // Others may have the device until there is a port for it here; of that, the manager tells.
            Release();
            _status = _status with { NeedsPort = true };
            delay = NoPortInterval;
        }

        if (delay == TimeSpan.Zero)
            Try();
        else
            BecomeBackingOff(delay);
    }

    private void BecomeBackingOff(TimeSpan delay)
    {
        Show(AttachmentStates.BackingOff);
        Timers.StartSingleTimer("retry", new Retry(), delay);
        Become(() =>
        {
            Receive<Retry>(_ => Try());
            Receive<PortFreed>(_ => TryNow());
            Receive<InventoryActor.Changed>(changed =>
            {
                _view = changed.View;
                if (BecameAvailable(changed))
                    TryNow();
            });
            Receive<Detach>(_ => FinishDetach());
            Always();
        });
    }

    private void TryNow()
    {
        Timers.Cancel("retry");
        Try();
    }

    // Woken by what is new: not by what could be tried already when the last attempt failed, nor by the traces that the attempt left.
    private bool BecameAvailable(InventoryActor.Changed changed) =>
        Plan.Target is AttachmentTarget.Device target
        && changed.View.Find(target.Selector).Any(now =>
            MayTry(now) && !(changed.Previous?.Find(now.Node, now.Device.BusId) is { } before && MayTry(before)));

    // --- Waiting ---

    private void BecomeWaiting()
    {
        if (_lostBy == LossReason.Connection)
            _lostBy = LossReason.Absent;
        Show(AttachmentStates.Waiting, s => s with { Session = null, LocalBusId = null, NeedsPort = false });
        Become(() =>
        {
            Receive<InventoryActor.Changed>(changed =>
            {
                _view = changed.View;
                if (FindSource() is { } source)
                    Try(source);
            });
            Receive<Detach>(_ => FinishDetach());
            Always();
        });
    }

    // --- Detaching ---

    private void BecomeDetaching(IActorRef child)
    {
        _detachers.Add(Sender);
        Show(AttachmentStates.Detaching);
        child.Tell(new AttachedPort.Detach());
        Become(() =>
        {
            Receive<AttachedPort.Ended>(ended => AfterChild(child, ended, () => Detached(ended.Error)));
            Receive<AttachedPort.DetachFailed>(failed => TellDetachers(new Status.Failure(failed.Error)));
            Receive<Detach>(_ =>
            {
                _detachers.Add(Sender);
                child.Tell(new AttachedPort.Detach());
            });
            Receive<AttachedPort.Progress.Leased>(granted => OnLeased(granted.Lease));
            Receive<AttachedPort.Progress>(_ => { });
            OnCrash(child, Detached);
            Always();
        });
    }

    private void FinishDetach()
    {
        _detachers.Add(Sender);
        Detached(null);
    }

    private void Detached(DeviceException? error)
    {
        Publish(EventKinds.Detached, reason: error?.Message);
        Stop();
        TellDetachers(error is null ? _status : new Status.Failure(error));
        Answer(new Status.Failure(
            new ControlException(ControlError.Failed, $"{Plan.Id} was detached meanwhile", "usbipc attach makes a new one")));
    }

    private void TellDetachers(object answer)
    {
        foreach (var detacher in _detachers)
            detacher.Tell(answer);
        _detachers.Clear();
    }

    // --- What the states share ---

    private void Always()
    {
        Receive<InventoryActor.Changed>(changed => _view = changed.View);
        // Of a later lease than it knows: it resumed, and the exporter's answer was lost.
        Receive<LeaseStolen>(IsMine, stolen =>
        {
            _theft = stolen;
            Show(_status.State, s => s with { LastError = Words(stolen), Lease = null });
        });
        Receive<LeaseStolen>(_ => { });
        Receive<WaitedLongEnough>(_ => Answer(new Status.Failure(new ControlException(
            ControlError.TimedOut,
            $"{Plan.Target} was not attached within {_wait!.Value.TotalSeconds:0.###} s",
            $"it is tried on as {Plan.Id}; usbipc port shows how far it is, usbipc detach {Plan.Id} ends it"))));
        Receive<Steady>(_ => { });
        Receive<Retry>(_ => { });
        Receive<PortFreed>(_ => { });
        Receive<Terminated>(_ => { });
    }

    private bool IsMine(LeaseStolen stolen) =>
        _status.Lease is { Lease: var lease } held && stolen.Holder == _holder && stolen.Exporter == held.Exporter && stolen.BusId == lease.BusId
        && stolen.Epoch.Value >= lease.Epoch.Value && stolen.Epoch.Value - lease.Epoch.Value <= DeviceLedger.ResumeWindow;

    // The child's place is free only when it has stopped.
    private void AfterChild(IActorRef child, AttachedPort.Ended ended, Action then)
    {
        if (ended.Release is not null)
            _release = ended.Release;
        Become(() =>
        {
            Receive<Terminated>(terminated => terminated.ActorRef.Equals(child), _ => then());
            Receive<Detach>(_ =>
            {
                if (_detachers.Count == 0)
                    then = () => Detached(null);
                _detachers.Add(Sender);
            });
            Always();
        });
    }

    private void OnCrash(IActorRef child, Action<DeviceException> then) => Receive<Terminated>(
        terminated => terminated.ActorRef.Equals(child),
        _ => then(new DeviceException(DeviceError.Refused, "the session's actor failed", "the daemon's log says why")));

    private void GiveUp(DeviceException error)
    {
        Show(AttachmentStates.Failed);
        Stop();
        Answer(new Status.Failure(error));
    }

    // Before anybody is answered: who asks for the attachments next must not find this one.
    private void Stop()
    {
        Release();
        Context.Parent.Tell(new Dropped(Plan.Id));
        Context.Stop(Self);
    }

    private void Release()
    {
        if (_release is not null && _status.Lease is { Address: var exporter })
            Context.ActorSelection($"{exporter}/user/node/exports").Tell(_release);
        _release = null;
        _status = _status with { Lease = null };
    }

    private void Answer(object answer)
    {
        _asker?.Tell(answer);
        _asker = null;
    }

    private void Show(string state, Func<AttachmentStatus, AttachmentStatus>? change = null)
    {
        _status = (change?.Invoke(_status) ?? _status) with { State = state, Since = Now };
        Context.Parent.Tell(_status);
    }

    private void Publish(string kind, string? reason = null, TimeSpan? duration = null) =>
        Context.System.EventStream.Publish(new EventRow(
            Now,
            _settings.Node.Value,
            kind,
            _status.Device?.BusId.Value,
            Plan.Target.ToString(),
            _status.Port?.Number,
            Plan.Id.ToString(),
            Reason: reason,
            DurationMs: duration is { } time ? Math.Round(time.TotalMilliseconds, 1) : null,
            Vid: Rows.Hex(_status.Device?.VendorId),
            Pid: Rows.Hex(_status.Device?.ProductId),
            Serial: _status.Device?.Serial,
            Product: _status.Device?.Product,
            LocalBusId: _status.LocalBusId?.Value,
            Peer: _status.Device?.Node?.Value ?? (Plan.Target as AttachmentTarget.Plain)?.Server.Host));

    private sealed record Retry;

    private sealed record Steady;

    private sealed record WaitedLongEnough;
}
