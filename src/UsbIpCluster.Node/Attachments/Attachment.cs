using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>
/// Keeps one device attached: the supervisor of an <see cref="AttachedPort"/>, and its recovery. A port that was lost is a child that has
/// stopped; this actor decides when the next one is made.
/// <code>
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

    /// <summary>To the manager: it is not kept any longer.</summary>
    public sealed record Dropped(AttachmentId Id);

    private readonly AttachmentPlan _plan;
    private readonly AttachmentSettings _settings;
    private readonly Func<AttachmentSource, Holder, Props> _port;
    private readonly Holder _holder;
    private readonly DateTimeOffset _begun;
    private readonly List<IActorRef> _detachers = [];
    private InventoryView _view;
    private AttachmentStatus _status;
    private IActorRef? _asker;
    private Backoff _backoff;
    private bool _maySteal;
    private LeaseGranted? _lease;
    private ulong _resumes;
    private LeaseStolen? _theft;
    private DateTimeOffset? _lostAt;
    private ReleaseLease? _release;
    private string? _exporter;

    /// <param name="plan">What to attach, and who asked.</param>
    /// <param name="settings">Of this node.</param>
    /// <param name="view">The inventory as it is; the manager passes every <see cref="InventoryActor.Changed"/> on.</param>
    /// <param name="port">Makes the child for one session.</param>
    public Attachment(AttachmentPlan plan, AttachmentSettings settings, InventoryView view, Func<AttachmentSource, Holder, Props> port)
    {
        _plan = plan;
        _settings = settings;
        _port = port;
        _view = view;
        _asker = plan.Asker;
        _maySteal = plan.Steal;
        _holder = new Holder(settings.Node, plan.Id);
        _begun = Now;
        _status = new AttachmentStatus(plan.Id, plan.Target, AttachmentStates.Waiting, Now);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        if (_plan.Wait is { } wait)
            Timers.StartSingleTimer("wait", new WaitedLongEnough(), wait);
        Try();
    }

    // Whoever asked has been answered or waits in vain, and what the inventory said since is asked for.
    protected override void PostRestart(Exception reason)
    {
        _asker = null;
        _maySteal = false;
        Context.Parent.Tell(new InventoryActor.GetView());
        base.PostRestart(reason);
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
        var device = (source as AttachmentSource.Leased)?.Device ?? _status.Device;
        Show(source is AttachmentSource.Leased ? AttachmentStates.Leasing : AttachmentStates.Connecting, s => s with { Device = device });
        var child = Context.Watch(Context.ActorOf(_port(source, _holder)));
        Become(() =>
        {
            Receive<AttachedPort.Progress.Leased>(leased => OnLeased(leased.Lease));
            Receive<AttachedPort.Progress.Connecting>(_ => Show(AttachmentStates.Connecting));
            Receive<AttachedPort.Progress.HandedOver>(OnHandedOver);
            Receive<AttachedPort.Progress.Usable>(usable => BecomeAttached(child, usable));
            Receive<AttachedPort.Ended>(ended => AfterChild(child, ended, () => Failed(ended.Error!)));
            Receive<Detach>(_ => BecomeDetaching(child));
            OnCrash(child, Failed);
            Always();
        });
    }

    private AttachmentSource? FindSource()
    {
        if (!_view.Devices.Any(IsBeforeTheft))
            _theft = null;
        switch (_plan.Target)
        {
            case AttachmentTarget.Plain plain:
                return new AttachmentSource.Plain(plain.Server, plain.BusId);
            case AttachmentTarget.Device target:
                var usable = _view.Find(target.Selector).Where(MayTry).ToArray();
                return usable switch
                {
                    [] => FindResumable(),
                    [var only] => Ask(only),
                    _ => Ask(usable.FirstOrDefault(d => d.FullName == _status.Device?.FullName) ?? usable[0]),
                };
            default:
                throw new InvalidOperationException($"a target of an unknown kind: {_plan.Target}");
        }
    }

    private AttachmentSource.Leased Ask(ClusterDevice device) => new(
        device, new RequestLease(device.Device.BusId, _holder, _plan.User, Orphan(device), _maySteal));

    // The node that has the device can't be asked, but the device's own address may still answer. Each attempt takes an epoch of its own,
    // since none is good twice and whether the last one arrived is not known; the exporter looks as many ahead.
    private AttachmentSource.Resumed? FindResumable()
    {
        if (_lease is null || _status.Device is not { } last || _view.Nodes.GetValueOrDefault(last.Node) is { Reachable: true })
            return null;
        var epoch = _lease.Epoch.Value + 1 + (_resumes % DeviceLedger.ResumeWindow);
        _resumes++;
        return new AttachmentSource.Resumed(_lease with { Epoch = new Epoch(epoch) });
    }

    private AttachmentId? Orphan(ClusterDevice device) => AttachmentPlan.Orphan(_settings.Node, _plan.First, device.Device.Holder);

    private bool MayTry(ClusterDevice device) => device.Reachable && !IsBeforeTheft(device) && device.Device.State switch
    {
        DeviceState.Available => true,
        DeviceState.Leased or DeviceState.InUse or DeviceState.Releasing =>
            device.Device.Holder == _holder.ToString() || _maySteal || Orphan(device) is not null,
        _ => false,
    };

    // The exporter tells of a theft before the inventory does: what that says until then would have the device asked for in vain.
    private bool IsBeforeTheft(ClusterDevice device) =>
        _theft is { } theft && device.Node == _status.Device?.Node && device.Device.BusId == theft.BusId
        && device.Device.Epoch.Value <= theft.Epoch.Value;

    // From here on the device is this attachment's: whoever steals it from it now is not fought.
    private void OnLeased(LeaseGranted lease)
    {
        _maySteal = false;
        _theft = null;
        _lease = lease;
        _resumes = 0;
    }

    private void OnHandedOver(AttachedPort.Progress.HandedOver handedOver)
    {
        Show(AttachmentStates.Enumerating, s => s with
        {
            Port = handedOver.Port,
            Endpoint = handedOver.Endpoint,
            Record = handedOver.Record,
        });
        if (_plan.Wait is null)
            Answer(_status);
    }

    private void Failed(DeviceException error)
    {
        error = Reason(error);
        Publish(EventKinds.AttachFailed, reason: error.Message);
        _status = _status with { LastError = error.Message };
        if (_plan.Wait is null && _asker is not null)
            GiveUp(error);
        else
            RetryOrGiveUp(error);
    }

    // --- Attached ---

    private void BecomeAttached(IActorRef child, AttachedPort.Progress.Usable usable)
    {
        var again = _lostAt is not null;
        Show(AttachmentStates.Attached, s => s with
        {
            LocalBusId = usable.LocalBusId,
            Reattaches = s.Reattaches + (again ? 1 : 0),
        });
        Publish(
            again ? EventKinds.Reattached : EventKinds.Attached,
            duration: usable.Time - (_lostAt ?? _begun));
        _lostAt = null;
        Timers.Cancel("wait");
        Timers.StartSingleTimer("steady", new Steady(), Backoff.ResetAfter);
        Answer(_status);
        Become(() =>
        {
            Receive<AttachedPort.Ended>(ended => AfterChild(child, ended, () => Lost(ended.Error!, ended.Time)));
            Receive<Steady>(_ => _backoff = default);
            Receive<Detach>(_ => BecomeDetaching(child));
            OnCrash(child, error => Lost(error, Now));
            Always();
        });
    }

    private void Lost(DeviceException error, DateTimeOffset time)
    {
        _lostAt = time;
        error = Reason(error);
        _status = _status with { LastError = error.Message };
        Show(AttachmentStates.Lost);
        Publish(EventKinds.Lost, reason: error.Message);
        RetryOrGiveUp(error);
    }

    // --- After a loss or a failure ---

    private DeviceException Reason(DeviceException error) =>
        _theft is null ? error : new DeviceException(DeviceError.Busy, Words(_theft), null, error);

    private static string Words(LeaseStolen theft) => $"taken by {theft.By}{(theft.User is null ? "" : $" ({theft.User})")}";

    private void RetryOrGiveUp(DeviceException error)
    {
        Timers.Cancel("steady");
        _status = _status with { Port = null, LocalBusId = null };
        if (_plan.Once)
        {
            GiveUp(error);
            return;
        }

        var delay = _backoff.Delay(Random.Shared);
        _backoff = _backoff.Next;
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
        _plan.Target is AttachmentTarget.Device target
        && changed.View.Find(target.Selector).Any(now =>
            MayTry(now) && !(changed.Previous?.Find(now.Node, now.Device.BusId) is { } before && MayTry(before)));

    // --- Waiting ---

    private void BecomeWaiting()
    {
        Show(AttachmentStates.Waiting, s => s with { Port = null, LocalBusId = null });
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
        Answer(new Status.Failure(new ControlException(ControlError.Failed, $"{_plan.Id} was detached meanwhile")));
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
            _lease = null;
            Show(_status.State, s => s with { LastError = Words(stolen) });
        });
        Receive<LeaseStolen>(_ => { });
        Receive<WaitedLongEnough>(_ => Answer(new Status.Failure(new ControlException(
            ControlError.TimedOut,
            $"{_plan.Target} was not attached within {_plan.Wait!.Value.TotalSeconds:0.###} s",
            $"it is tried on as {_plan.Id}; usbipc port shows how far it is, usbipc detach {_plan.Id} ends it"))));
        Receive<Steady>(_ => { });
        Receive<Retry>(_ => { });
        Receive<Terminated>(_ => { });
    }

    private bool IsMine(LeaseStolen stolen) =>
        stolen.Holder == _holder && stolen.Exporter == _status.Device?.Node && stolen.BusId == _lease?.BusId
        && stolen.Epoch.Value >= _lease.Epoch.Value && stolen.Epoch.Value - _lease.Epoch.Value <= DeviceLedger.ResumeWindow;

    // The child's place is free only when it has stopped.
    private void AfterChild(IActorRef child, AttachedPort.Ended ended, Action then)
    {
        if (ended.Release is not null)
            (_release, _exporter) = (ended.Release, _status.Device?.Address);
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
        if (_release is not null && _exporter is not null)
            Context.ActorSelection($"{_exporter}/user/node/exports").Tell(_release);
        Context.Parent.Tell(new Dropped(_plan.Id));
        Context.Stop(Self);
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
            _status.Record?.BusId.Value,
            _plan.Target.ToString(),
            _status.Port?.Number,
            _plan.Id.ToString(),
            Reason: reason,
            DurationMs: duration is { } time ? Math.Round(time.TotalMilliseconds, 1) : null));

    private sealed record Retry;

    private sealed record Steady;

    private sealed record WaitedLongEnough;
}
