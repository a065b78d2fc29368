using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// One local device: the only authority over who may use it.
/// <code>
///              bind                     lease                   import
///   Unbound ---------> Available ----------------> Leased -----------------> InUse
///      ^                |   ^ ^-- expired, released --'  ^                    |  |
///      |     unbind     |   '---- plain session ended    '--- session ended --'  | its holder asks again or resumes,
///      '----------------'                                ^                       v or another one steals
///                                                        '------ fenced ---- Releasing
///   Faulted: the driver reports an error. It is bound anew, a few times; after that bind and unbind lead out of it.
/// </code>
/// A session that ends without a detach leaves the device Leased, for its holder alone, during a grace time. What the exporter and the state
/// folder are asked (bind, unbind, hand-over, fence, a new epoch) is waited for, and everything else that is asked of the device waits with it.
/// </summary>
internal sealed class ExportedDevice : ReceiveActor, IWithTimers, IWithStash
{
    /// <summary>What the exporter sees now, and what is to be done with it where that is another device than before.</summary>
    public sealed record Seen(LocalDevice Device, ExportDecision? Decision = null);

    /// <summary>Export the device. Answered with its <see cref="DeviceEntry"/>, or a failure.</summary>
    public sealed record Bind(ExportDecision Decision);

    /// <summary>Export it no longer. Answered with its <see cref="DeviceEntry"/>, or a failure.</summary>
    public sealed record Unbind;

    /// <summary>Whether it is to be exported, under which name, and for whom, has changed.</summary>
    public sealed record Decided(ExportDecision Decision);

    /// <summary>Give out no new leases, or give them out again.</summary>
    public sealed record Drain(bool Off);

    /// <summary>To the parent: the actor has failed and knows only what it began with. Answered with <see cref="Known"/>.</summary>
    public sealed record Restarted(BusId BusId);

    /// <summary>Everything that an actor which has failed was told before.</summary>
    public sealed record Known(LocalDevice Device, ExportDecision Decision, bool Draining);

    /// <summary>To the parent: the device as the inventory has it now, and what holds of it.</summary>
    public sealed record Shown(DeviceEntry Entry, ExportDecision Decision, bool Draining);

    /// <summary>To the parent: tell the node of a former holder.</summary>
    public sealed record TellHolder(LeaseStolen Message);

    /// <summary>
    /// It has been unplugged, and nothing more is asked of it: what was asked before is answered, then the actor stops.
    /// </summary>
    public sealed record Unplugged;

    /// <summary>Serve an import, with the lease that the connection named or without one.</summary>
    public sealed record Serve(ImportRequest Request);

    /// <summary>Give out a lease. Answered with <see cref="LeaseGranted"/> or <see cref="LeaseRefused"/>.</summary>
    /// <param name="Request">What is asked.</param>
    /// <param name="Until">When the asker stops waiting. What has had to wait here until then is not done: it would be for nobody.</param>
    public sealed record Lend(RequestLease Request, DateTimeOffset Until);

    /// <summary>How long a lease waits for its connection.</summary>
    public static readonly TimeSpan LeaseExpiry = TimeSpan.FromSeconds(10);

    /// <summary>How long a device is kept for the holder of a session that ended without a detach.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>How often a device that is to be exported is bound when that fails, each time after twice the time.</summary>
    public const int BindAttempts = 6;

    /// <summary>How often a device is bound anew because its driver reports an error, until a session has begun.</summary>
    public const int Recoveries = 3;

    /// <summary>
    /// How many leases one after the other a holder gets and does not use, until the last of them has to expire first and others have their turn.
    /// </summary>
    public const int MaxUnused = 3;

    /// <summary>How many imports wait for what is being done to the device; more are turned away.</summary>
    public const int MaxWaiting = 4;

    /// <summary>What the first of these is waited for; twice as long before each further one.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    private const string LeaseTimer = "lease";
    private const string RetryTimer = "retry";

    private readonly ILogger _log = Context.Logger();
    private readonly IDeviceExporter _exporter;
    private readonly ExportSettings _settings;
    private readonly IActorRef _inventory;
    private readonly StateFile<DeviceRecord> _file;
    private readonly DeviceDriver _driver;
    private readonly Doorkeeper _door;
    private DeviceLedger _ledger = null!;
    private LocalDevice _device;

    // What the manager has decided; and what holds, which differs while the device is bound by a rule that is no more.
    private ExportDecision _decided;
    private ExportDecision _decision;
    private int _recoveries;
    private int _unused;
    private DeviceEntry? _shown;
    private ExportDecision? _toldDecision;

    /// <param name="exporter">Has the device.</param>
    /// <param name="device">As it is.</param>
    /// <param name="file">What is kept of it.</param>
    /// <param name="decision">Whether it is exported, and for whom.</param>
    /// <param name="draining">Whether no new leases are given out.</param>
    /// <param name="settings">Of this node.</param>
    /// <param name="inventory">Is told of every change.</param>
    public ExportedDevice(
        IDeviceExporter exporter,
        LocalDevice device,
        StateFile<DeviceRecord> file,
        ExportDecision decision,
        bool draining,
        ExportSettings settings,
        IActorRef inventory)
    {
        _exporter = exporter;
        _file = file;
        _settings = settings;
        _inventory = inventory;
        _device = device;
        _driver = new DeviceDriver(exporter, device.BusId);
        _door = new Doorkeeper(FullName, settings.Node, OnDenied) { Draining = draining };
        _decided = _decision = decision;
    }

    /// <summary>Whether a device was unplugged and plugged in again. One that is being reset has no number for a moment.</summary>
    public static bool IsBack(LocalDevice before, LocalDevice now) =>
        (before.Record.DeviceId, now.Record.DeviceId) is var (old, present)
        && old != present && old.DeviceNumber != 0 && present.DeviceNumber != 0;

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    private BusId BusId => _device.BusId;

    private string FullName => $"{_settings.Node}/{BusId}";

    protected override void PreStart()
    {
        _ledger = new DeviceLedger(_file, _device, problem => _log.Ledger(_settings.Node.Value, BusId.Value, problem));
        Decide(_decided);
        BecomeWhatTheDriverSays();
        BindWhereDecided();
    }

    protected override void PostRestart(Exception reason)
    {
        Context.Parent.Tell(new Restarted(BusId));
        Become(() =>
        {
            Receive<Known>(known =>
            {
                _device = known.Device;
                _door.Draining = known.Draining;
                _decided = known.Decision;
                PreStart();
                Stash.UnstashAll();
            });
            ReceiveAny(_ => Stash.Stash());
        });
    }

    // --- Unbound ---

    private void BecomeUnbound()
    {
        EndWithdrawal();
        StayUnbound();
    }

    private void StayUnbound() => Enter(DeviceState.Unbound, null, null, () =>
    {
        Receive<Bind>(bind => OnBind(bind, _driver.BindAsync(), BecomeUnbound));
        Receive<Unbind>(_ => _decision.Export, _ =>
        {
            Timers.Cancel(RetryTimer);
            Decide(_decided with { Export = false });
            EndWithdrawal();
            Sender.Tell(_shown!);
        });
        Receive<Unbind>(_ => Sender.Tell(new Status.Failure(new DeviceException(DeviceError.NotExported, $"{FullName} is not exported"))));
        Receive<Decided>(decided =>
        {
            var already = _decision.Export;
            Decide(decided.Decision);
            EndWithdrawal();
            ShowAgain();
            if (!already)
                BindWhereDecided();
        });
        Receive<BindAgain>(again => _decision.Export, again => BindItself(again.Attempt));
        Receive<Lend>(_ => Refuse(Sender, new LeaseRefused(LeaseRefusal.NotExported, $"{FullName} is not exported")));
        Receive<Serve>(serve => serve.Request.TurnAway(OpStatus.NoDev));
        Receive<Seen>(Follow);
    });

    private void OnBind(Bind bind, Task work, Action otherwise) =>
        Work(
            work,
            Sender,
            () =>
            {
                Decide(bind.Decision);
                BecomeFree();
            },
            otherwise);

    private void BindWhereDecided()
    {
        if (_decision.Export && _device.Status == ExportStatus.Unbound)
            BindItself(1);
    }

    // It has come back, or the daemon has, and nobody asks.
    private void BindItself(int attempt) => Wait(BindAsync(), BecomeFree, error => BecomeUnboundFor(attempt, error));

    // That a rule does it is kept before it is done: should the rule go, and the daemon too, the device would be open to everybody.
    private async Task BindAsync()
    {
        if (_decision.ByRule)
            await SaveRuleAsync();
        await _driver.BindAsync();
    }

    private void BecomeUnboundFor(int attempt, Exception error)
    {
        BecomeUnbound();
        if (attempt < BindAttempts)
            Timers.StartSingleTimer(RetryTimer, new BindAgain(attempt + 1), PauseAfter(attempt));
        else
            _log.BindFailed(_settings.Node.Value, BusId.Value, error.Message);
    }

    // --- Available ---

    // Whoever held the device before the daemon's restart, the replug or the fault still may come back.
    private void BecomeFree()
    {
        if (_ledger.Lease is { } lease)
            Keep(lease);
        else
            BecomeAvailable();
    }

    private void BecomeAvailable()
    {
        if (_decision.Withdrawn)
            Withdraw();
        else
            StayAvailable();
    }

    private void StayAvailable()
    {
        _unused = 0;
        Enter(DeviceState.Available, null, null, () =>
        {
            Receive<Decided>(decided =>
            {
                var already = _decision.Withdrawn;
                Decide(decided.Decision);
                ShowAgain();
                if (_decision.Withdrawn && !already)
                    Withdraw();
            });
            Receive<Lend>(lend => Asked(lend, null, Grant));
            Receive<Serve>(serve => serve.Request.IsPlain, serve =>
            {
                if (_door.Admits(serve.Request))
                    HandOver(serve.Request, new Session(serve.Request.Peer.ToString(), null), BecomeAvailable);
            });
            Receive<Serve>(serve => serve.Request.Drop());
            Exported(BecomeAvailable);
        });
    }

    // The rule that exported it is no more, and nobody has it.
    private void Withdraw()
    {
        // The daemon has begun, and who waits for all that is here does not wait for a driver.
        if (_shown is null)
            Show(DeviceState.Available, null, null);
        Wait(_driver.UnbindAsync(), BecomeUnbound, error =>
        {
            _log.WithdrawFailed(_settings.Node.Value, BusId.Value, error.Message);
            StayOr(StayAvailable, error);
        });
    }

    // Should it not be written, a restart keeps the device for nobody during a grace time.
    private void Forget()
    {
        _ledger.Forget();
        Save();
    }

    private void Save() => Watch(_ledger.SaveAsync());

    private void Watch(Task saving) => saving.ContinueWith(
        saved => _log.LeaseNotKept(_settings.Node.Value, BusId.Value, saved.Exception!.GetBaseException().Message),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);

    private void BecomeAvailableToAll()
    {
        Forget();
        BecomeAvailable();
    }

    // --- Leased: waiting for the holder's connection, or keeping the device for a holder that was lost ---

    private void BecomeLeased(Lease lease, TimeSpan keep)
    {
        Enter(DeviceState.Leased, lease.Holder.ToString(), lease.User, () =>
        {
            Receive<Lend>(lend => Asked(lend, lease.Holder.ToString(), Grant));
            Receive<ReleaseLease>(release => Releases(release, lease), _ => BecomeAvailableToAll());
            Receive<LeaseEnded>(ended => ended.Epoch == lease.Epoch, _ => BecomeAvailableToAll());
            Receive<Serve>(serve => serve.Request.IsPlain, serve => RefuseAsBusy(serve.Request));
            Receive<Serve>(serve => serve.Request.Preamble is { Resume: false } named && named.LeaseId == lease.Id, serve =>
            {
                if (_door.Admits(serve.Request, lease, Now))
                    HandOver(serve.Request, Session.Of(lease with { Id = null }), () => Keep(lease));
                else
                    BecomeAvailableToAll();
            });
            Receive<Serve>(serve => Resume(serve.Request, () => Task.CompletedTask, () => Keep(_ledger.Lease!)));
            Exported(() => Keep(lease));
        });
        Timers.StartSingleTimer(LeaseTimer, new LeaseEnded(lease.Epoch), keep);
    }

    // A holder that resumed, and never heard whether it arrived, gives back an epoch that is still to come.
    private static bool Releases(ReleaseLease release, Lease lease) =>
        release.Holder == lease.Holder && release.Epoch.Value >= lease.Epoch.Value;

    private void Keep(Lease lease) => BecomeLeased(lease with { Id = null }, Grace);

    // What may not see the device is not told that it is there.
    private void RefuseAsBusy(ImportRequest request)
    {
        if (_door.Admits(request))
            request.Refuse(OpStatus.DevBusy);
    }

    // Everybody who may have the device is asked for in this way: the policy first, then who has it.
    private void Asked(Lend lend, string? user, Action<RequestLease, IActorRef> grant)
    {
        if (Now >= lend.Until)
            return;
        var request = lend.Request;
        var isHolder = _ledger.Lease is { } lease && IsHolder(request, lease);
        if (_door.Refuses(request, isHolder, Now) is { } refused)
            Refuse(Sender, refused);
        else if (isHolder && _unused >= MaxUnused)
            Refuse(Sender, new LeaseRefused(LeaseRefusal.Failed, $"{_unused} leases of {FullName} were not used: is its USB/IP port reachable?"));
        else if (user is not null && !isHolder && !request.Steal)
            Refuse(Sender, new LeaseRefused(LeaseRefusal.Busy, $"{FullName} is held by {user}", _ledger.Lease?.Holder));
        else
            grant(request, Sender);
    }

    private void Refuse(IActorRef asker, LeaseRefused refused)
    {
        _settings.Metrics.Refusals.Lease(refused.Refusal);
        asker.Tell(refused);
    }

    private static bool IsHolder(RequestLease request, Lease lease) =>
        lease.Holder == request.Holder
        || (request.Instead is { } instead && lease.Holder == new Holder(request.Holder.Node, instead));

    private void Grant(RequestLease request, IActorRef asker) => Grant(request, asker, () => Task.CompletedTask, BecomeFree);

    private void Grant(RequestLease request, IActorRef asker, Func<Task> fence, Action stay)
    {
        var former = _ledger.Lease;
        var lease = _ledger.Grant(request.Holder, request.User);
        SaveAndFence(
            fence,
            () =>
            {
                _unused++;
                _settings.Metrics.LeaseGranted();
                asker.Tell(new LeaseGranted(lease.Id!.Value, lease.Epoch, BusId, _settings.Endpoints, LeaseExpiry, lease.Secret));
                if (former is not null && !IsHolder(request, former))
                    TellStolen(former, lease);
                BecomeLeased(lease, LeaseExpiry);
            },
            error =>
            {
                Refuse(asker, new LeaseRefused(LeaseRefusal.Failed, error.Message));
                _ledger.Restore(former);
                Save();
            },
            stay);
    }

    // First the new lease is kept, then the session that is there ends: should it not be kept, nothing has happened to anybody.
    private void SaveAndFence(Func<Task> fence, Action then, Action<Exception> fail, Action stay) => Wait(
        _ledger.SaveAsync(),
        () => Wait(
            fence(),
            then,
            error =>
            {
                fail(error);
                StayOr(stay, error);
            }),
        error =>
        {
            fail(error);
            stay();
        });

    private void TellStolen(Lease former, Lease lease)
    {
        var who = Describe(lease.Holder, lease.User);
        _log.Stolen(_settings.Node.Value, BusId.Value, Describe(former.Holder, former.User), who);
        Publish(EventKinds.Stolen, former.Holder.ToString(), $"taken by {who}");
        Context.Parent.Tell(new TellHolder(new LeaseStolen(_settings.Node, BusId, former.Holder, former.Epoch, lease.Holder, lease.User)));
    }

    // --- InUse ---

    private void BecomeInUse(Session session) => Enter(DeviceState.InUse, session.User, session.Lease?.User, () =>
    {
        Receive<Lend>(lend => Asked(lend, session.User, (asked, asker) => Fence(asked, asker, session)));
        Receive<ReleaseLease>(
            release => session.Lease is { } held && Releases(release, held),
            _ =>
            {
                Forget();
                BecomeInUse(session with { Lease = null });
            });
        Receive<Serve>(serve => serve.Request.IsPlain, serve => RefuseAsBusy(serve.Request));
        Receive<Serve>(serve => Resume(
            serve.Request,
            () =>
            {
                Show(DeviceState.Releasing, session.User, session.Lease?.User);
                return _driver.FenceAsync();
            },
            () => BecomeInUse(session with { Lease = _ledger.Lease })));
        Exported(() => BecomeInUse(session));
    });

    // --- Releasing: the holder asks again, so its session is gone, whether or not the kernel has noticed; or somebody else steals it ---

    private void Fence(RequestLease request, IActorRef asker, Session session)
    {
        Show(DeviceState.Releasing, session.User, session.Lease?.User);
        Grant(request, asker, _driver.FenceAsync, () => BecomeInUse(session));
    }

    /// <summary>The holder is back without the cluster: a takeover, under a lease id that only it and this ledger can derive.</summary>
    private void Resume(ImportRequest request, Func<Task> fence, Action stay)
    {
        if (request.Preamble is not { Resume: true, LeaseId: var id } || _ledger.Resume(id) is not { } lease)
        {
            request.Drop();
            return;
        }

        if (!_door.Admits(request, lease, Now))
        {
            stay();
            return;
        }

        SaveAndFence(
            fence,
            () =>
            {
                SessionEnds();
                Show(DeviceState.Leased, lease.Holder.ToString(), lease.User);
                HandOver(request, Session.Of(lease), () => Keep(lease));
            },
            error =>
            {
                _log.ResumeFailed(_settings.Node.Value, BusId.Value, lease.Holder.ToString(), error.Message);
                request.Refuse(OpStatus.DevErr);
            },
            stay);
    }

    // --- Faulted ---

    private void BecomeFaulted()
    {
        Enter(DeviceState.Faulted, null, null, () =>
        {
            Receive<Bind>(bind => OnBind(bind, _driver.RebindAsync(), BecomeFaulted));
            Receive<Recover>(_ => Wait(
                _driver.RebindAsync(),
                BecomeFree,
                error =>
                {
                    _log.RebindFailed(_settings.Node.Value, BusId.Value, error.Message);
                    StayOr(BecomeFaulted, error);
                }));
            Receive<Lend>(_ => Refuse(Sender, new LeaseRefused(LeaseRefusal.Failed, $"the driver of {FullName} reports an error")));
            Receive<Serve>(serve => serve.Request.TurnAway(OpStatus.DevErr));
            Exported(BecomeFaulted);
        });
        _recoveries++;
        if (_recoveries <= Recoveries)
            Timers.StartSingleTimer(RetryTimer, new Recover(), PauseAfter(_recoveries));
        else if (_recoveries == Recoveries + 1)
            _log.DeviceFaulted(_settings.Node.Value, BusId.Value, Recoveries);
    }

    // A rebind that came as far as its unbind has left a device that nobody else will bind.
    private void StayOr(Action stay, Exception error)
    {
        if (_driver.HasLetGo)
            BecomeUnboundFor(1, error);
        else
            stay();
    }

    // --- What the states share ---

    private void Enter(DeviceState state, string? holder, string? user, Action receives)
    {
        Timers.Cancel(LeaseTimer);
        Timers.Cancel(RetryTimer);
        if (state != DeviceState.InUse)
            SessionEnds();
        Become(() =>
        {
            receives();
            Receive<ReleaseLease>(_ => { });
            Receive<LeaseEnded>(_ => { });
            Receive<BindAgain>(_ => { });
            Receive<Recover>(_ => { });
            Receive<Worked>(_ => { });
            Receive<Decided>(decided =>
            {
                Decide(decided.Decision);
                ShowAgain();
            });
            Receive<Drain>(drain =>
            {
                _door.Draining = !drain.Off;
                TellParent();
            });
            Receive<Unplugged>(_ => Context.Stop(Self));
            Receive<InventoryActor.TellAgain>(_ => _inventory.Tell(new InventoryActor.LocalDevice(_shown!)));
        });
        Show(state, holder, user);
    }

    private void Exported(Action stay)
    {
        Receive<Bind>(bind =>
        {
            Decide(bind.Decision);
            ShowAgain();
            Sender.Tell(_shown!);
        });
        Receive<Unbind>(_ => Work(
            _driver.UnbindAsync(),
            Sender,
            () =>
            {
                Decide(_decided with { Export = false });
                Forget();
                BecomeUnbound();
            },
            stay));
        Receive<Seen>(Follow);
    }

    private void SessionEnds()
    {
        if (_shown is { State: DeviceState.InUse or DeviceState.Releasing, Holder: { } former })
            Publish(EventKinds.SessionEnded, former);
    }

    // The driver has the last word: whatever was thought of the device, what it says anew decides.
    private void Follow(Seen seen)
    {
        var isNews = _driver.IsNews(_device.Status, seen.Device.Status);
        var isBack = IsBack(_device, seen.Device);
        _device = seen.Device;
        var agrees = (_device.Status, _shown!.State) is
            (ExportStatus.Unbound, DeviceState.Unbound)
            or (ExportStatus.Available, DeviceState.Available or DeviceState.Leased)
            or (ExportStatus.InUse, DeviceState.InUse)
            or (ExportStatus.Faulted, DeviceState.Faulted);
        var isAnother = isBack && _ledger.Follow(_device);
        if (seen.Decision is { } decision)
            Decide(decision);
        if (isAnother || (isNews && !agrees))
            BecomeWhatTheDriverSays();
        else if (isBack && _decision.Withdrawn && _shown.State == DeviceState.Available)
            Withdraw();
        else
            ShowAgain();

        // Unplugged and plugged in again before anybody looked. One that another program has unbound is left alone.
        if (isBack)
            BindWhereDecided();
    }

    private void BecomeWhatTheDriverSays()
    {
        switch (_device.Status)
        {
            case ExportStatus.Available:
                BecomeFree();
                break;
            case ExportStatus.InUse:
                BecomeInUse(_ledger.Lease is { } lease ? Session.Of(lease) : Session.Unknown);
                break;
            case ExportStatus.Faulted:
                BecomeFaulted();
                break;
            default:
                BecomeUnbound();
                break;
        }
    }

    // What a rule exported is not another program's, whenever the rule has gone. Of what can't be known, nobody can tell for whom it is.
    private void Decide(ExportDecision decision)
    {
        _decided = decision;
        if (decision.Export)
            Remember(decision.ByRule ? decision : null);
        _decision = decision.Export ? decision
            : _ledger.Rule is { } rule ? rule with { Export = false, ByRule = false, Withdrawn = true }
            : _ledger.IsLost ? decision with { Access = Access.Closed }
            : decision;
        _door.Access = _decision.Access;
        _door.Withdrawn = _decision.Withdrawn;
    }

    // It is unbound: what is decided of it now is decided as of any other.
    private void EndWithdrawal()
    {
        if (_decided.Export)
            return;
        Remember(null);
        Decide(_decided);
    }

    private void Remember(ExportDecision? rule)
    {
        if (_ledger.Remember(rule))
            Watch(SaveRuleAsync());
    }

    private Task SaveRuleAsync() => _ledger.SaveAsync("whether a rule exports it");

    private void OnDenied(string who, string message)
    {
        _log.Denied(_settings.Node.Value, BusId.Value, who, message);
        Publish(EventKinds.Denied, who, message);
    }

    private static string Describe(Holder holder, string? user) => user is null ? holder.ToString() : $"{holder} ({user})";

    private void HandOver(ImportRequest request, Session session, Action otherwise) =>
        Wait(
            _driver.ServeAsync(request),
            () =>
            {
                _recoveries = 0;
                _unused = 0;
                Publish(EventKinds.SessionStarted, session.User);
                BecomeInUse(session);
            },
            error =>
            {
                _log.HandOverFailed(_settings.Node.Value, BusId.Value, session.User, error.Message);
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
                StayOr(otherwise, error);
                asker.Tell(new Status.Failure(error));
            });

    private void Wait(Task task, Action then, Action<Exception> otherwise)
    {
        var waiting = 0;
        Timers.Cancel(LeaseTimer);
        Become(() =>
        {
            Receive<Worked>(worked => worked.Task == task, worked =>
            {
                if (worked.Error is null)
                    then();
                else
                    otherwise(worked.Error);
                Stash.UnstashAll();
            });
            // Of an actor that failed while it waited.
            Receive<Worked>(_ => { });
            Receive<Serve>(_ => waiting >= MaxWaiting, serve => serve.Request.TurnAway(OpStatus.DevBusy));
            Receive<Serve>(_ =>
            {
                waiting++;
                Stash.Stash();
            });
            ReceiveAny(_ => Stash.Stash());
        });
        task.ContinueWith(
                done => new Worked(task, done.Exception?.GetBaseException() ?? (done.IsCanceled ? new TaskCanceledException(done) : null)),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default)
            .PipeTo(Self);
    }

    private static TimeSpan PauseAfter(int attempt) => FirstPause * (1 << (attempt - 1));

    private void ShowAgain() => Show(_shown!.State, _shown.Holder, _shown.User);

    private void Show(DeviceState state, string? holder, string? user)
    {
        var entry = DeviceEntry.Of(_device, _exporter.Backend) with
        {
            State = state,
            Holder = holder,
            User = user,
            Name = _decision.Name,
            Epoch = _ledger.Epoch,
        };
        if (entry != _shown)
        {
            _shown = entry;

            // In this order: what the parent knows is in the inventory.
            _inventory.Tell(new InventoryActor.LocalDevice(entry));
        }
        else if (_decision == _toldDecision)
        {
            return;
        }

        TellParent();
    }

    private void TellParent()
    {
        _toldDecision = _decision;
        Context.Parent.Tell(new Shown(_shown!, _decision, _door.Draining));
    }

    private void Publish(string kind, string user, string? reason = null) =>
        Context.System.EventStream.Publish(new EventRow(
            Now, _settings.Node.Value, kind, BusId.Value, Holder: user, Reason: reason));

    private sealed record LeaseEnded(Epoch Epoch);

    private sealed record BindAgain(int Attempt);

    private sealed record Recover;

    private sealed record Worked(Task Task, Exception? Error);
}
