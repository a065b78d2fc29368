using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The parent of one <see cref="ExportedDevice"/> for each local device, made and ended by what the exporters see. It knows what is to be
/// exported: requests for a device go through it, and those for a device that is not there are answered here.
/// </summary>
internal sealed class ExportManager : ReceiveActor, IWithTimers
{
    /// <summary>What an exporter has seen.</summary>
    public sealed record Change(IDeviceExporter Exporter, DeviceChange What);

    /// <summary>
    /// Export these devices, and keep to it: what <paramref name="Match"/> names is exported whenever it is here. Answered with
    /// <see cref="Done"/>, or a failure.
    /// </summary>
    public sealed record Bind(Selector Match, ImmutableArray<BusId> BusIds, bool All, string? Name, Access? Access);

    /// <summary>
    /// Export these devices no longer. Answered with <see cref="Done"/>, or a failure. By <paramref name="All"/> all that match are meant: those
    /// that are not exported anyway are left out, and a <see cref="Bind"/> with the same selector ends.
    /// </summary>
    public sealed record Unbind(ImmutableArray<BusId> BusIds, Selector? All = null);

    /// <summary>Forget a bind by the selector that it was asked for with; answered with <see cref="Forgotten"/>.</summary>
    public sealed record Forget(Selector Match);

    /// <summary>Whether there was such a bind.</summary>
    public sealed record Forgotten(bool Any);

    /// <summary>The devices that were bound or unbound.</summary>
    public sealed record Done(ImmutableArray<DeviceEntry> Entries);

    /// <summary>
    /// Give out no new leases, or give them out again. Answered with <see cref="Used"/>: at once, or when nothing is used any more; after
    /// <paramref name="Wait"/> with a failure.
    /// </summary>
    public sealed record Drain(bool Off, TimeSpan? Wait);

    /// <summary>The devices that somebody has.</summary>
    public sealed record Used(ImmutableArray<BusId> BusIds);

    /// <summary>Asks for the devices that a plain USB/IP client may see; answered with an <see cref="Offered"/>.</summary>
    public sealed record GetOffered(IPAddress Client);

    /// <summary>The exported devices that nobody has.</summary>
    public sealed record Offered(ImmutableArray<DevlistDevice> Devices);

    /// <summary>Asks to hear when all devices that are here are in the inventory; answered with a <see cref="Settled"/>.</summary>
    public sealed record GetSettled;

    /// <summary>All devices that were here are in the inventory.</summary>
    public sealed record Settled;

    /// <summary>
    /// These are the configuration's rules now. What a rule exported that is no more is unbound, which its actor sees to: at once when nobody
    /// has it, else when it is free; a session goes on.
    /// </summary>
    public sealed record NewRules(ImmutableArray<ExportRule> Rules);

    /// <summary>How long a device may take to be bound or unbound, the time that it spends on other things before included.</summary>
    private static readonly TimeSpan WorkTimeout = TimeSpan.FromSeconds(25);

    private readonly ILogger _log = Context.Logger();
    private readonly ExportSettings _settings;
    private readonly ImmutableArray<IDeviceExporter> _exporters;
    private readonly IActorRef _inventory;
    private readonly Dictionary<BusId, Local> _devices = [];
    private readonly List<IActorRef> _awaitAll = [];
    private readonly List<IDisposable> _subscriptions = [];
    private readonly Dictionary<Guid, IActorRef> _waiting = [];
    private ImmutableHashSet<string> _conflicts = [];
    private InventoryView? _view;
    private ExportPlan _plan;

    // Not everything that operators have said is known: for whom a device is that is bound all the same, nobody can tell.
    private bool _isLost;

    /// <param name="settings">Of this node.</param>
    /// <param name="exporters">Have the devices.</param>
    /// <param name="inventory">Is told of them.</param>
    public ExportManager(ExportSettings settings, ImmutableArray<IDeviceExporter> exporters, IActorRef inventory)
    {
        _settings = settings;
        _exporters = exporters;
        _inventory = inventory;
        _plan = new ExportPlan(settings.Rules, settings.File.Read(problem =>
        {
            _log.ExportsUnreadable(problem);
            _isLost = true;
        }));

        Receive<Change>(OnChange);
        Receive<Terminated>(OnTerminated);
        Receive<Bind>(OnBind);
        Receive<Unbind>(OnUnbind);
        Receive<Forget>(OnForget);
        Receive<NewRules>(rules => Decide(_plan with { Rules = rules.Rules }));
        Receive<Kept>(OnKept);
        Receive<Bound>(OnBound);
        Receive<Unbound>(OnUnbound);
        Receive<RequestLease>(OnRequestLease);
        Receive<ReleaseLease>(OnReleaseLease);
        Receive<ExportedDevice.Serve>(serve => Route(serve.Request.BusId, serve, () => serve.Request.TurnAway(OpStatus.NoDev)));
        Receive<ExportedDevice.Restarted>(restarted =>
        {
            if (_devices.GetValueOrDefault(restarted.BusId) is { } local)
                Sender.Tell(new ExportedDevice.Known(local.Last, Decide(local), IsDraining));
        });
        Receive<ExportedDevice.Shown>(OnShown);

        // Who asks may be quicker than the exporters, of which this actor hears while it starts: what they have told comes first.
        Receive<GetSettled>(_ => Self.Forward(new DevicesTold()));
        Receive<DevicesTold>(_ =>
        {
            _awaitAll.Add(Sender);
            AnswerIfSettled();
        });
        Receive<ExportedDevice.TellHolder>(tell => OnTellHolder(tell.Message));
        Receive<Drain>(OnDrain);
        Receive<DrainWaitOver>(over => AnswerDrain(over.Id, new Status.Failure(new ControlException(
            ControlError.TimedOut, $"not drained in time: {string.Join(", ", UsedNow())} still in use", "the drain goes on; usbipc drain shows who has them"))));
        Receive<InventoryActor.Changed>(changed => OnInventory(changed.View));
        Receive<InventoryActor.TellAgain>(again =>
        {
            _inventory.Tell(new InventoryActor.LocalDraining(IsDraining));
            foreach (var local in _devices.Values)
                local.Actor.Tell(again);
        });
        Receive<GetOffered>(get => Sender.Tell(new Offered([.. _devices.Values
            .Where(local => !IsDraining && local.Presence == Presence.Here && local.Entry.State == DeviceState.Available
                && local.Decision is { Withdrawn: false } decision && decision.Access.ForPlainClient(get.Client))
            .Select(local => new DevlistDevice(local.Last.Record, local.Last.Interfaces))])));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsDraining => _settings.IsDraining;

    protected override SupervisorStrategy SupervisorStrategy() =>
        // A device's actor holds nothing that its driver and the state folder could not say again: a new one starts from there. One that
        // fails again and again is left out until its exporter tells of the device.
        new OneForOneStrategy(10, TimeSpan.FromMinutes(1), _ => Directive.Restart);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.TellAgain));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
        _inventory.Tell(new InventoryActor.GetView());
        if (IsDraining)
            _inventory.Tell(new InventoryActor.LocalDraining(true));
        var self = Self;
        foreach (var exporter in _exporters)
            _subscriptions.Add(exporter.Subscribe(change => self.Tell(new Change(exporter, change), ActorRefs.NoSender)));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        foreach (var subscription in _subscriptions)
            subscription.Dispose();
    }

    // --- The devices ---

    private void OnChange(Change change)
    {
        var known = _devices.GetValueOrDefault(change.What.BusId);
        switch (change.What)
        {
            case DeviceChange.Present present when known is null:
                Start(change.Exporter, present.Device);
                Publish(EventKinds.DeviceAdded, present.BusId, present.Time);
                break;
            case DeviceChange.Present present when known.Presence == Presence.Leaving:
                // The old one's actor has not ended yet; its name is free when it has.
                _devices[present.BusId] = known with { Last = present.Device, Exporter = change.Exporter, Presence = Presence.BackAlready };
                Publish(EventKinds.DeviceAdded, present.BusId, present.Time);
                break;
            case DeviceChange.Present present:
                var seen = _devices[present.BusId] = known with { Last = present.Device };
                if (known.Presence != Presence.Here)
                    break;
                var decision = Decide(seen);
                // What is decided of another device is not done to the one before.
                var isBack = ExportedDevice.IsBack(known.Last, present.Device);
                if (!isBack && decision != Decide(known))
                    known.Actor.Tell(new ExportedDevice.Decided(decision));
                known.Actor.Tell(new ExportedDevice.Seen(present.Device, isBack ? decision : null));
                break;
            case DeviceChange.Gone gone when known is { Presence: not Presence.Leaving }:
                _devices[gone.BusId] = known with { Presence = Presence.Leaving };
                known.Actor.Tell(new ExportedDevice.Unplugged());
                PublishChange(known, null);
                Publish(EventKinds.DeviceRemoved, gone.BusId, gone.Time);
                break;
        }
    }

    private void Start(IDeviceExporter exporter, LocalDevice device)
    {
        var file = _settings.LedgerOf(device.BusId);
        var decision = Decide(_plan, device, exporter);
        if (decision.Export && Protection.Of(device) is { } protection)
            _log.ProtectedExported(_settings.Node.Value, device.BusId.Value, protection);
        var (settings, inventory, draining) = (_settings, _inventory, IsDraining);
        var actor = Context.ActorOf(
            Props.Create(() => new ExportedDevice(exporter, device, file, decision, draining, settings, inventory)), device.BusId.Value);
        Context.Watch(actor);
        _devices[device.BusId] = new Local(actor, exporter, device, DeviceEntry.Of(device, exporter.Backend), draining);
    }

    private void OnTerminated(Terminated terminated)
    {
        foreach (var (busId, local) in _devices.Where(d => d.Value.Actor.Equals(terminated.ActorRef)).ToArray())
        {
            _devices.Remove(busId);
            PublishChange(local, null);
            _inventory.Tell(new InventoryActor.LocalDeviceGone(busId));
            if (local.Presence == Presence.BackAlready)
                Start(local.Exporter, local.Last);
        }

        AnswerDrains();
        AnswerIfSettled();
    }

    private void OnShown(ExportedDevice.Shown shown)
    {
        if (!_devices.TryGetValue(shown.Entry.BusId, out var local) || !local.Actor.Equals(Sender))
            return;
        PublishChange(local, shown.Entry);
        _devices[shown.Entry.BusId] = local with { Entry = shown.Entry, Decision = shown.Decision, Draining = shown.Draining };
        AnswerDrains();
        AnswerIfSettled();
    }

    private void AnswerIfSettled()
    {
        if (_devices.Values.Any(local => !local.IsShown))
            return;
        foreach (var asker in _awaitAll)
            asker.Tell(new Settled());
        _awaitAll.Clear();
    }

    private void Route(BusId busId, object message, Action otherwise)
    {
        if (_devices.GetValueOrDefault(busId) is { Presence: Presence.Here } local)
            local.Actor.Forward(message);
        else
            otherwise();
    }

    private void OnRequestLease(RequestLease request)
    {
        var node = request.Holder.Node;
        LeaseRefused? refused = IsHeardAs(node) switch
        {
            true => null,
            false => new LeaseRefused(LeaseRefusal.Denied, $"who asks as {node} is another node"),
            null => new LeaseRefused(LeaseRefusal.Failed, $"{_settings.Node} does not know {node} yet"),
        };
        if (refused is not null)
            Refuse(refused);
        else
            Lend(request);
    }

    private void Lend(RequestLease request) => Route(
        request.BusId,
        new ExportedDevice.Lend(request, Context.System.Scheduler.Now + RequestLease.Patience),
        () => Refuse(new LeaseRefused(LeaseRefusal.NoSuchDevice, NoSuchDevice(request.BusId).Message)));

    private void Refuse(LeaseRefused refused)
    {
        _settings.Metrics.Refusals.Lease(refused.Refusal);
        Sender.Tell(refused);
    }

    private void OnReleaseLease(ReleaseLease release)
    {
        if (IsHeardAs(release.Holder.Node) == true)
            Route(release.BusId, release, () => { });
    }

    // A node asks for its own attachments alone, whatever name it gives. This node's own actors are believed.
    private bool? IsHeardAs(NodeName node) =>
        ClusterAddress.Of(Sender) is { } speaker ? _view?.IsAt(node, speaker) : true;

    private void OnTellHolder(LeaseStolen message)
    {
        if (_view?.Nodes.GetValueOrDefault(message.Holder.Node) is { } node)
            Context.ActorSelection($"{node.Entry.Address}/user/node/attachments").Tell(message);
    }

    // --- What is to be exported ---

    private void OnBind(Bind bind)
    {
        if (Find(bind.BusIds) is not { } found)
            return;

        // A bind for many leaves out what is protected.
        var devices = bind.All ? [.. found.Where(device => Protection.Of(device.Last) is null)] : found;
        var isProtected = devices.Any(device => Protection.Of(device.Last) is not null);
        if (devices.Length == 0 || (isProtected && !bind.Match.NamesOneDevice))
        {
            Sender.Tell(new Status.Failure(new ControlException(
                ControlError.Unavailable,
                $"{_settings.Node}/{found[0].Last.BusId} is not exported: {Protection.Of(found[0].Last)}",
                "name it by its bus id or its serial number if you mean it")));
            return;
        }

        // It is kept before it is done: a device that is bound and not known to be is open to everybody after a restart.
        var before = _plan;
        _plan = _plan.Bind(bind.Match, Cluster(devices), bind.Name, bind.Access, isProtected, bind.All);
        var kept = new Kept(Sender, devices, before, _plan);
        _settings.File.WriteAsync(_plan.Kept).PipeTo(Self, success: () => kept, failure: error => kept with { Error = error });
    }

    private void OnKept(Kept kept)
    {
        if (kept.Error is { } error)
        {
            Decide(Without(kept));
            kept.Asker.Tell(new Status.Failure(new ControlException(
                ControlError.Failed, $"it can't be kept, and was not done: {error.Message}", "is the state folder's disk full, or read-only?", null, error)));
            return;
        }

        // These hear of it with the order; another that matches is exported by itself.
        Tell(_devices.Values.ExceptBy(kept.Devices.Select(device => device.Actor), local => local.Actor));
        CarryOut(
            kept.Devices,
            kept.Asker,
            device => new ExportedDevice.Bind(Decide(device)),
            results => new Bound(kept, results));
    }

    // What could not be done is not kept, unless something was said since.
    private ExportPlan Without(Kept kept) => _plan.Equals(kept.Plan) ? kept.Before : _plan;

    private void OnUnbind(Unbind unbind)
    {
        if (Find(unbind.BusIds) is not { } devices)
            return;
        CarryOut(devices, Sender, _ => new ExportedDevice.Unbind(), results => new Unbound(unbind.All, results));
    }

    private Local[]? Find(ImmutableArray<BusId> busIds)
    {
        foreach (var busId in busIds.Where(busId => Here(busId) is null))
        {
            Sender.Tell(new Status.Failure(NoSuchDevice(busId)));
            return null;
        }

        return [.. busIds.Select(busId => _devices[busId])];
    }

    // The devices work at the same time. One that has been unplugged meanwhile would never answer.
    private void CarryOut(Local[] devices, IActorRef asker, Func<Local, object> order, Func<Results, object> report)
    {
        var answers = devices.Select(device => Here(device.Last.BusId)?.Actor.Equals(device.Actor) == true
            ? AskAsync(device, order(device))
            : Task.FromResult(new Result(device.Last.BusId, null, NoSuchDevice(device.Last.BusId)))).ToArray();
        Task.WhenAll(answers).PipeTo(Self, success: answered => report(new Results(asker, [.. answered])));
    }

    private static async Task<Result> AskAsync(Local device, object order)
    {
        try
        {
            return new Result(device.Last.BusId, await device.Actor.Ask<DeviceEntry>(order, WorkTimeout), null);
        }
        catch (AskTimeoutException)
        {
            var error = new DeviceException(DeviceError.TimedOut, $"{device.Last.BusId} did not answer within {WorkTimeout.TotalSeconds} s");
            return new Result(device.Last.BusId, null, error);
        }
        catch (Exception error)
        {
            return new Result(device.Last.BusId, null, error);
        }
    }

    private void OnBound(Bound bound)
    {
        // One that is late may be done yet.
        if (bound.Results.Items.All(item => item.Error is not (null or DeviceException { Error: DeviceError.TimedOut })))
        {
            Keep(Without(bound.Request), bound.Results);
            return;
        }

        // It is on the disk already; one that failed goes on trying by itself.
        Tell(_devices.Values);
        bound.Results.Asker.Tell(AnswerTo(bound.Results));
    }

    private void OnUnbound(Unbound unbound)
    {
        var (plan, results) = unbound.All is { } all ? UnbindAll(all, unbound.Results) : (_plan, unbound.Results);
        var present = Cluster(_devices.Values);
        foreach (var device in results.Succeeded.Select(Here).OfType<Local>())
            plan = plan.Unbind(AsClusterDevice(device), present);
        Keep(plan, results);
    }

    // That none was exported is a failure, unless one that comes would have been.
    private (ExportPlan Plan, Results Results) UnbindAll(Selector all, Results results)
    {
        var forgotten = _plan.Forget(all);
        var meant = results.Items.RemoveAll(item => item.Error is DeviceException { Error: DeviceError.NotExported });
        if (meant.IsEmpty && forgotten.Equals(_plan))
            return (_plan, results);
        return (meant.All(item => item.Error is null) ? forgotten : _plan, results with { Items = meant });
    }

    private void OnForget(Forget forget)
    {
        var plan = _plan.Forget(forget.Match);
        if (plan.Equals(_plan))
        {
            Sender.Tell(new Forgotten(false));
            return;
        }

        Decide(plan);
        _settings.File.WriteAsync(_plan.Kept).PipeTo(Sender, success: () => new Forgotten(true), failure: NotKept);
    }

    private void Keep(ExportPlan plan, Results results)
    {
        Decide(plan);
        var answer = AnswerTo(results);
        _settings.File.WriteAsync(_plan.Kept).PipeTo(results.Asker, success: () => answer, failure: NotKept);
    }

    private static object AnswerTo(Results results) =>
        results.Items.FirstOrDefault(item => item.Error is not null) is { Error: { } error } failed
            ? new Status.Failure(results.Items.Length == 1 ? error : Partly(results, failed.BusId, error))
            : new Done([.. results.Items.Select(item => item.Entry!)]);

    private void Decide(ExportPlan plan)
    {
        _plan = plan;
        Tell(_devices.Values);
    }

    private void Tell(IEnumerable<Local> devices)
    {
        foreach (var local in devices.Where(local => local.Presence == Presence.Here))
            local.Actor.Tell(new ExportedDevice.Decided(Decide(local)));
    }

    private static Status.Failure NotKept(Exception error) => new(new ControlException(
        ControlError.Failed, $"it was done, and a restart will not know of it: {error.Message}", "is the state folder's disk full, or read-only?"));

    private static DeviceException Partly(Results results, BusId busId, Exception error) => new(
        (error as DeviceException)?.Error ?? DeviceError.Refused,
        $"{results.Succeeded.Count()} of {results.Items.Length} devices were done; {busId} was not: {error.Message}",
        (error as DeviceException)?.Hint,
        error);

    private ExportDecision Decide(Local local) => Decide(_plan, local.Last, local.Exporter);

    private ExportDecision Decide(ExportPlan plan, LocalDevice device, IDeviceExporter exporter)
    {
        var decision = plan.Decide(AsClusterDevice(device, exporter), Protection.Of(device));
        return _isLost && !decision.Export ? decision with { Access = Access.Closed } : decision;
    }

    private Local? Here(BusId busId) => _devices.GetValueOrDefault(busId) is { Presence: Presence.Here } local ? local : null;

    private ClusterDevice[] Cluster(IEnumerable<Local> devices) => [.. devices.Select(device => AsClusterDevice(device))];

    private ClusterDevice AsClusterDevice(Local local) => AsClusterDevice(local.Last, local.Exporter);

    // As it is plugged in now, which its actor may not have heard of yet.
    private ClusterDevice AsClusterDevice(LocalDevice device, IDeviceExporter exporter) =>
        new(_settings.Node, "", Reachable: true, DeviceEntry.Of(device, exporter.Backend));

    private DeviceException NoSuchDevice(BusId busId) =>
        new(DeviceError.NoSuchDevice, $"{_settings.Node} has no device {busId}", "usbipc list shows the cluster's devices");

    // --- Names ---

    private void OnInventory(InventoryView view)
    {
        _view = view;
        var mine = from device in view.Devices
                   where device.Node == view.Self && device.Device.Name is not null
                   from other in view.Devices
                   where (other.Node != view.Self || string.CompareOrdinal(device.FullName, other.FullName) < 0)
                       && string.Equals(other.Device.Name, device.Device.Name, StringComparison.OrdinalIgnoreCase)
                   select (Mine: device, Other: other);
        var conflicts = mine.ToDictionary(pair => $"{pair.Mine.FullName} {pair.Other.FullName}", StringComparer.Ordinal);
        foreach (var (key, (device, other)) in conflicts.Where(conflict => !_conflicts.Contains(conflict.Key)))
        {
            var reason = $"{device.FullName} and {other.FullName} are both called {device.Device.Name}: bind one of them with another name";
            _log.NameConflict(_settings.Node.Value, device.Device.BusId.Value, reason);
            Publish(EventKinds.NameConflict, device.Device.BusId, Context.System.Scheduler.Now, reason);
        }

        _conflicts = [.. conflicts.Keys];
    }

    // --- Draining ---

    private void OnDrain(Drain drain)
    {
        BeginDrain(drain.Off);
        if (drain.Wait is not { } wait)
        {
            Sender.Tell(new Used(UsedNow()));
            AnswerDrains();
            return;
        }

        var id = Guid.NewGuid();
        _waiting[id] = Sender;
        Timers.StartSingleTimer(id, new DrainWaitOver(id), wait);
        AnswerDrains();
    }

    private void BeginDrain(bool off)
    {
        _settings.IsDraining = !off;
        _inventory.Tell(new InventoryActor.LocalDraining(!off));
        foreach (var local in _devices.Values)
            local.Actor.Tell(new ExportedDevice.Drain(off));
    }

    private void AnswerDrains()
    {
        // A device that has not heard of the drain yet may be giving out a lease at this moment.
        if (_waiting.Count == 0 || (IsDraining && (UsedNow().Length > 0 || _devices.Values.Any(local => !local.Draining))))
            return;
        object answer = IsDraining
            ? new Used([])
            : new Status.Failure(new ControlException(ControlError.Failed, "the drain was ended meanwhile", "usbipc drain --wait begins anew"));
        foreach (var id in _waiting.Keys.ToArray())
            AnswerDrain(id, answer);
    }

    private void AnswerDrain(Guid id, object answer)
    {
        if (_waiting.Remove(id, out var asker))
            asker.Tell(answer);
        Timers.Cancel(id);
    }

    private ImmutableArray<BusId> UsedNow() =>
    [
        .. _devices.Values
            .Where(local => local.Entry.State is DeviceState.Leased or DeviceState.InUse or DeviceState.Releasing)
            .Select(local => local.Last.BusId),
    ];

    // What is there at the start has not happened now; and one that was unplugged has had its end then.
    private void PublishChange(Local local, DeviceEntry? now)
    {
        if (local is not { IsShown: true, Presence: Presence.Here })
            return;
        foreach (var row in ExportEvents.Between(_settings.Node, local.Entry, now, Context.System.Scheduler.Now))
            Context.System.EventStream.Publish(row);
    }

    private void Publish(string kind, BusId busId, DateTimeOffset time, string? reason = null) =>
        Context.System.EventStream.Publish(new EventRow(time, _settings.Node.Value, kind, busId.Value, Reason: reason));

    private enum Presence
    {
        Here,

        // Unplugged, and its actor is ending.
        Leaving,

        // Plugged in again while its actor was ending.
        BackAlready,
    }

    // Its entry is what its actor has shown, and before that what can be read off the device; what holds of it, its actor alone knows.
    private sealed record Local(
        IActorRef Actor,
        IDeviceExporter Exporter,
        LocalDevice Last,
        DeviceEntry Entry,
        bool Draining,
        ExportDecision? Decision = null,
        Presence Presence = Presence.Here)
    {
        public bool IsShown => Decision is not null;
    }

    private sealed record Result(BusId BusId, DeviceEntry? Entry, Exception? Error);

    private sealed record Results(IActorRef Asker, ImmutableArray<Result> Items)
    {
        public IEnumerable<BusId> Succeeded => Items.Where(item => item.Error is null).Select(item => item.BusId);
    }

    private sealed record Kept(IActorRef Asker, Local[] Devices, ExportPlan Before, ExportPlan Plan, Exception? Error = null);

    private sealed record Bound(Kept Request, Results Results);

    private sealed record Unbound(Selector? All, Results Results);

    private sealed record DrainWaitOver(Guid Id);

    private sealed record DevicesTold;
}
