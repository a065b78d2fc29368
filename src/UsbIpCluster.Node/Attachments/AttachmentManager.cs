using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.Event;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>
/// This node's attachments, one <see cref="Attachment"/> each, and the ports of its host controller, which it watches for them.
/// </summary>
internal sealed class AttachmentManager : ReceiveActor
{
    /// <summary>Attach a device. Answered with an <see cref="AttachmentStatus"/>, or a failure that says why nothing was stored.</summary>
    /// <param name="Target">What to attach.</param>
    /// <param name="Once">Whether a loss ends it.</param>
    /// <param name="Wait">How long the asker waits for the device to be usable; see <see cref="AttachmentPlan"/>.</param>
    /// <param name="User">Who asks; null when that is not known.</param>
    /// <param name="Steal">Whether to take the device from whoever holds it.</param>
    public sealed record Attach(AttachmentTarget Target, bool Once, TimeSpan? Wait, string? User = null, bool Steal = false);

    /// <summary>
    /// Detach: a port's number, an attachment's id, or a selector; null for all. Answered with a <see cref="Snapshot"/> of what was
    /// detached, or a failure.
    /// </summary>
    public sealed record Detach(string? Target);

    /// <summary>Asks for the attachments; answered with a <see cref="Snapshot"/>.</summary>
    public sealed record GetSnapshot;

    /// <summary>The attachments, and the ports that something else has attached.</summary>
    public sealed record Snapshot(ImmutableArray<AttachmentStatus> Attachments, ImmutableArray<HostPort> Others);

    /// <summary>From an <see cref="AttachedPort"/>: tell me the port as it is, and every change of it.</summary>
    public sealed record WatchPort(PortNumber Port);

    /// <summary>Attachments that a node keeps at most; the host controllers of a kernel have 240 ports.</summary>
    public const int MaxAttachments = 1024;

    private static readonly TimeSpan DetachTimeout = TimeSpan.FromSeconds(30);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly AttachmentSettings _settings;
    private readonly IHostController? _controller;
    private readonly IActorRef _inventory;
    private readonly SortedDictionary<uint, Kept> _attachments = [];
    private readonly Dictionary<PortNumber, PortChange> _ports = [];
    private readonly Dictionary<PortNumber, IActorRef> _watchers = [];
    private InventoryView _view;
    private readonly StateFile<AttachmentCount> _count;
    private readonly AttachmentId _first;
    private AttachmentId _lastId;
    private IDisposable? _subscription;

    /// <param name="settings">Of this node.</param>
    /// <param name="controller">Where devices are attached; null on a node that only exports.</param>
    /// <param name="inventory">Is told how many attachments there are.</param>
    /// <param name="view">The inventory as it is.</param>
    public AttachmentManager(AttachmentSettings settings, IHostController? controller, IActorRef inventory, InventoryView view)
    {
        _settings = settings;
        _controller = controller;
        _inventory = inventory;
        _view = view;
        _count = new StateFile<AttachmentCount>(settings.State, "attachments.json", StateJson.Default.AttachmentCount);
        _lastId = new AttachmentId(_count.Read(out var problem)?.LastId ?? 0);
        _first = _lastId.Next;
        if (problem is not null)
            _log.Error("{0}", problem);

        Receive<Attach>(OnAttach);
        Receive<Detach>(OnDetach);
        Receive<GetSnapshot>(_ => Sender.Tell(TakeSnapshot()));
        Receive<LeaseStolen>(stolen => stolen.Holder.Node == settings.Node, stolen =>
        {
            if (_attachments.TryGetValue(stolen.Holder.Attachment.Number, out var kept))
                kept.Actor.Tell(stolen);
        });
        Receive<AttachmentStatus>(status => Keep(status));
        Receive<Attachment.Dropped>(dropped => Drop(dropped.Id));
        Receive<PortChange>(OnPortChange);
        Receive<WatchPort>(watch => OnWatchPort(watch.Port));
        Receive<Terminated>(OnTerminated);
        Receive<InventoryActor.Changed>(OnInventory);
        Receive<InventoryActor.TellAgain>(_ => CountChanged());
        Receive<InventoryActor.GetView>(_ => Sender.Tell(new InventoryActor.Changed(_view, null)));
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(10, TimeSpan.FromMinutes(1), _ => Directive.Restart);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.TellAgain));
        _inventory.Tell(new InventoryActor.GetView());
        var self = Self;
        _subscription = _controller?.Subscribe(change => self.Tell(change, ActorRefs.NoSender));
    }

    protected override void PostStop()
    {
        _subscription?.Dispose();
        Context.System.EventStream.Unsubscribe(Self);
    }

    // --- Attach ---

    private void OnAttach(Attach attach)
    {
        if (Refusal(attach) is { } refusal)
        {
            Sender.Tell(new Status.Failure(refusal));
            return;
        }

        _lastId = _lastId.Next;
        RememberLastId();
        var plan = new AttachmentPlan(_lastId, attach.Target, attach.Once, attach.Wait, attach.User, attach.Steal, _first, Sender);
        var (controller, settings, view, self) = (_controller!, _settings, _view, Self);
        Func<AttachmentSource, Holder, Props> port = (source, holder) =>
            Props.Create(() => new AttachedPort(controller, settings, source, holder, self));
        var actor = Context.ActorOf(Props.Create(() => new Attachment(plan, settings, view, port)), plan.Id.ToString());
        _attachments[plan.Id.Number] = new Kept(
            actor, new AttachmentStatus(plan.Id, plan.Target, AttachmentStates.Waiting, Context.System.Scheduler.Now));
        CountChanged();
    }

    // An id that is not on the disk yet when the host fails is given again: then the exporter takes two attachments for one.
    private void RememberLastId() => _count.WriteAsync(new AttachmentCount(_lastId.Number)).ContinueWith(
        written => _log.Warning("the last attachment's id can't be kept: {0}", written.Exception!.GetBaseException().Message),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);

    private ControlException? Refusal(Attach attach)
    {
        if (_controller is null)
        {
            return new ControlException(
                ControlError.Failed,
                "this node attaches no devices: it has no host controller",
                "the daemon's log says why; modprobe vhci-hcd, then restart usbipcd");
        }

        if (_attachments.Count >= MaxAttachments)
            return new ControlException(ControlError.Unavailable, $"this node keeps {MaxAttachments} attachments already");
        if (attach.Target is not AttachmentTarget.Device { Selector: var selector })
            return null;

        var found = _view.Find(selector);
        if (found.Count > 1)
        {
            return new ControlException(
                ControlError.Usage,
                $"'{selector}' matches {found.Count} devices",
                "name one of them, for instance by NODE/BUSID or with serial=",
                [.. found.Select(Rows.Describe)]);
        }

        if (attach.Wait is not null)
            return null;
        if (found.Count == 0)
        {
            return new ControlException(
                ControlError.NotFound,
                $"no device matches '{selector}'",
                "usbipc list shows the cluster's devices; attach --wait waits for one");
        }

        // What an attachment of an earlier run still holds, nobody else here can give up.
        var isFree = attach.Steal || AttachmentPlan.Orphan(_settings.Node, _first, found[0].Device.Holder) is not null;
        return found[0] switch
        {
            { Reachable: false } gone => new ControlException(
                ControlError.Unavailable, $"{gone.FullName} is on a node that can't be reached", "attach --wait waits for it"),
            { Device.State: DeviceState.Unbound } unbound => new ControlException(
                ControlError.Unavailable, $"{unbound.FullName} is not exported", $"on {unbound.Node}: usbipc bind {unbound.Device.BusId}"),
            { Device.State: DeviceState.Faulted } faulted => new ControlException(
                ControlError.Unavailable, $"{faulted.FullName} is faulted: its driver reports an error", $"on {faulted.Node}: dmesg"),
            { Device.State: not DeviceState.Available } busy when !isFree => new ControlException(
                ControlError.Unavailable, $"{busy.FullName} is held by {busy.Device.Holder}", "attach --wait waits until it is free, attach --steal takes it"),
            _ => null,
        };
    }

    // --- Detach ---

    private void OnDetach(Detach detach)
    {
        Kept[] chosen;
        try
        {
            chosen = [.. Choose(detach.Target)];
        }
        catch (ControlException refusal)
        {
            Sender.Tell(new Status.Failure(refusal));
            return;
        }

        Task.WhenAll(chosen.Select(kept => kept.Actor.Ask<AttachmentStatus>(new Attachment.Detach(), DetachTimeout)))
            .PipeTo(
                Sender,
                success: detached => new Snapshot([.. detached], []),
                failure: error => new Status.Failure(error is AggregateException { InnerException: { } inner } ? inner : error));
    }

    private IEnumerable<Kept> Choose(string? target)
    {
        if (target is null)
            return _attachments.Values;
        if (int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return ByPort(new PortNumber(number));
        if (AttachmentId.TryParse(target, out var id))
        {
            return _attachments.TryGetValue(id.Number, out var kept)
                ? [kept]
                : throw new ControlException(ControlError.NotFound, $"no attachment {id}", "usbipc port shows this node's attachments");
        }

        return BySelector(target);
    }

    private Kept[] ByPort(PortNumber port)
    {
        if (_attachments.Values.FirstOrDefault(kept => kept.Status.Port == port) is { } mine)
            return [mine];
        throw _ports.ContainsKey(port)
            ? new ControlException(
                ControlError.Unavailable, $"port {port} was attached by another program", $"usbip detach -p {port.Number} detaches it")
            : new ControlException(ControlError.NotFound, $"nothing is attached to port {port}", "usbipc port shows this node's ports");
    }

    private Kept[] BySelector(string text)
    {
        if (!Selector.TryParse(text, out var selector, out var problem))
            throw new ControlException(ControlError.Usage, problem);
        Kept[] found = [.. _attachments.Values.Where(kept =>
            string.Equals(kept.Status.Target.ToString(), text, StringComparison.OrdinalIgnoreCase)
            || (kept.Status.Device is { } device && selector.Matches(device, _view.Self)))];
        return found switch
        {
            [] => throw new ControlException(
                ControlError.NotFound, $"nothing that is attached here matches '{text}'", "usbipc port shows this node's attachments"),
            [_] => found,
            _ => throw new ControlException(
                ControlError.Usage,
                $"'{text}' matches {found.Length} attachments",
                "name one of them by its id, or detach --all",
                [.. found.Select(kept => $"{kept.Status.Id} {kept.Status.Device?.FullName ?? kept.Status.Target.ToString()}")]),
        };
    }

    // --- Attachments and ports ---

    // Passed on from here and not from the event stream, so that a new attachment misses nothing after the view that it was born with.
    private void OnInventory(InventoryActor.Changed changed)
    {
        _view = changed.View;
        foreach (var kept in _attachments.Values)
            kept.Actor.Tell(changed);
    }

    private void Keep(AttachmentStatus status)
    {
        if (_attachments.TryGetValue(status.Id.Number, out var kept))
            _attachments[status.Id.Number] = kept with { Status = status };
    }

    private void Drop(AttachmentId id)
    {
        if (_attachments.Remove(id.Number))
            CountChanged();
    }

    private void CountChanged() => _inventory.Tell(new InventoryActor.LocalAttachments(_attachments.Count));

    private void OnPortChange(PortChange change)
    {
        var port = change.Port.Port;
        if (change.Port.Status == PortStatus.Free)
            _ports.Remove(port);
        else
            _ports[port] = change;
        if (_watchers.TryGetValue(port, out var watcher))
            watcher.Tell(change);
    }

    // The controller tells of a port before its attach completes: a port that is not known here has been lost again already.
    private void OnWatchPort(PortNumber port)
    {
        _watchers[port] = Context.Watch(Sender);
        Sender.Tell(_ports.GetValueOrDefault(port)
            ?? new PortChange(new HostPort(port, PortStatus.Free, null, null, null), Context.System.Scheduler.Now));
    }

    private void OnTerminated(Terminated terminated)
    {
        foreach (var (port, _) in _watchers.Where(watcher => watcher.Value.Equals(terminated.ActorRef)).ToArray())
            _watchers.Remove(port);
    }

    private Snapshot TakeSnapshot() => new(
        [.. _attachments.Values.Select(kept => kept.Status)],
        [
            .. _ports.Values.Select(change => change.Port)
                .Where(port => !_watchers.ContainsKey(port.Port))
                .OrderBy(port => port.Port),
        ]);

    private sealed record Kept(IActorRef Actor, AttachmentStatus Status);
}
