using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>
/// This node's attachments, one <see cref="Attachment"/> each, and the ports of its host controller, which it watches for them. What is to
/// be attached is in the state folder before anybody is told that it is: this actor goes on with it when it starts, and the sessions that
/// still live are adopted.
/// </summary>
internal sealed partial class AttachmentManager : ReceiveActor, IWithTimers
{
    /// <summary>Attach a device. Answered with an <see cref="AttachmentStatus"/>, or a failure that says why nothing was stored.</summary>
    /// <param name="Target">What to attach.</param>
    /// <param name="Once">Whether a loss ends it.</param>
    /// <param name="Wait">How long the asker waits for the device to be usable; see <see cref="AttachmentAsker"/>.</param>
    /// <param name="User">Who asks; null when that is not known.</param>
    /// <param name="Steal">Whether to take the device from whoever holds it.</param>
    public sealed record Attach(AttachmentTarget Target, bool Once, TimeSpan? Wait, string? User = null, bool Steal = false);

    /// <summary>
    /// Keep every device attached that matches. Answered with a <see cref="Snapshot"/> of the rule and its attachments, or a failure.
    /// </summary>
    /// <param name="Match">Which devices.</param>
    /// <param name="Wait">
    /// How long the asker waits until all that match are usable, at least one; null when it is answered as soon as the rule is kept.
    /// </param>
    /// <param name="User">Who asks; null when that is not known.</param>
    public sealed record AttachAll(Selector Match, TimeSpan? Wait, string? User);

    /// <summary>
    /// Detach: a port's number, an attachment's or a rule's id, or a selector; null for all. Answered with a <see cref="Snapshot"/> of what
    /// was detached, or a failure.
    /// </summary>
    public sealed record Detach(string? Target);

    /// <summary>Asks for the attachments; answered with a <see cref="Snapshot"/>.</summary>
    public sealed record GetSnapshot;

    /// <summary>Answered with <see cref="AllKept"/> when all that is known now is on the disk, or can't be written.</summary>
    public sealed record GetKept;

    /// <summary>The answer to <see cref="GetKept"/>.</summary>
    public sealed record AllKept;

    /// <summary>The attachments.</summary>
    /// <param name="Attachments">Each with the rule that made it, if one did.</param>
    /// <param name="Rules">The rules.</param>
    /// <param name="Others">The ports that something else has attached.</param>
    public sealed record Snapshot(
        ImmutableArray<AttachmentStatus> Attachments, ImmutableArray<AttachmentRule> Rules, ImmutableArray<HostPort> Others);

    /// <summary>A row that a <see cref="Snapshot"/> shows has come, changed or gone: published on the event stream when it is so.</summary>
    /// <param name="Id">The attachment's or the rule's; null for a port that something else attaches.</param>
    /// <param name="State">The attachment's state; null for what is gone, and where there is none.</param>
    /// <param name="Port">The port.</param>
    public sealed record Changed(AttachmentId? Id, string? State = null, PortNumber? Port = null);

    /// <summary>
    /// From an <see cref="AttachedPort"/>: tell me the port as it is, and every change of it. A port that has another session by now is told
    /// as a free one.
    /// </summary>
    public sealed record WatchPort(PortSession Session);

    /// <summary>Attachments that a node keeps at most; the host controllers of a kernel have 240 ports.</summary>
    public const int MaxAttachments = 1024;

    /// <summary>Rules that a node keeps at most.</summary>
    public const int MaxRules = 64;

    private const string HintToDetach = "usbipc port shows them, usbipc detach ends one";

    /// <summary>How long a rule keeps an attachment whose device does not come back.</summary>
    public static readonly TimeSpan MemberPatience = TimeSpan.FromDays(1);

    /// <summary>How long an attachment whose actor has failed is left alone.</summary>
    public static readonly TimeSpan AfterCrash = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DetachTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RecruitInterval = TimeSpan.FromSeconds(30);

    private readonly ILogger _log = Context.Logger();
    private readonly AttachmentSettings _settings;
    private readonly IHostController? _controller;
    private readonly IActorRef _inventory;
    private readonly SortedDictionary<uint, Kept> _attachments = [];
    private readonly SortedDictionary<uint, AttachmentRule> _rules = [];
    private readonly List<RuleAsker> _ruleAskers = [];
    private readonly Dictionary<PortNumber, PortChange> _ports = [];
    private readonly Dictionary<PortNumber, Watcher> _watchers = [];
    private readonly FormerAttachments _former;
    private InventoryView _view;
    private AttachmentId _lastId;
    private IDisposable? _subscription;
    private bool _isFull;

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
        var (last, rules, attachments) = settings.File.Read(Context.System.Scheduler.Now, _log.AttachmentsUnreadable);
        _lastId = last;
        foreach (var rule in rules)
            _rules.Add(rule.Id.Number, rule);

        // A session that was not to survive its loss, and has none.
        foreach (var kept in attachments.Where(kept => kept is { Plan.Once: false } or { Session: not null }))
            _attachments.Add(kept.Id.Number, new Kept(null, kept));
        _former = new FormerAttachments(settings.Node, last.Next, [.. _attachments.Values.Select(kept => kept.Status.Id)]);

        Receive<Attach>(OnAttach);
        Receive<AttachAll>(OnAttachAll);
        Receive<Stored>(OnStored);
        Receive<RuleStored>(OnRuleStored);
        Receive<WaitedForRule>(OnWaitedForRule);
        Receive<Hold>(OnHold);
        Receive<HoldStored>(OnHoldStored);
        Receive<WaitedForHold>(OnWaitedForHold);
        Receive<LookAgain>(_ => LookAfterHolders());
        Receive<HoldersSeen>(OnHoldersSeen);
        Receive<HoldEnded>(OnHoldEnded);
        Receive<EndHoldAgain>(again => EndHold(again.Key));
        Receive<Detach>(OnDetach);
        Receive<Detached>(OnDetached);
        Receive<GetSnapshot>(_ => Sender.Tell(TakeSnapshot()));
        Receive<GetKept>(_ => Save().PipeTo(Sender, success: () => new AllKept(), failure: _ => new AllKept()));
        Receive<LeaseStolen>(stolen => stolen.Holder.Node == settings.Node, stolen =>
        {
            if (_attachments.TryGetValue(stolen.Holder.Attachment.Number, out var kept))
                kept.Actor?.Tell(stolen);
        });

        // Not from those that an earlier incarnation of this actor has made.
        Receive<AttachmentStatus>(status => IsFromItself(status.Id), Keep);
        Receive<AttachmentStatus>(_ => { });
        Receive<Attachment.Dropped>(dropped => IsFromItself(dropped.Id), dropped => Drop(dropped.Id));
        Receive<Attachment.Dropped>(_ => { });
        Receive<PortChange>(OnPortChange);
        Receive<WatchPort>(watch => OnWatchPort(watch.Session));
        Receive<Terminated>(OnTerminated);
        Receive<Revive>(revive => Start(revive.Id));
        Receive<RecruitsStored>(OnRecruitsStored);
        Receive<RecruitAgain>(_ => Recruit());
        Receive<InventoryActor.Changed>(OnInventory);
        Receive<InventoryActor.TellAgain>(_ => CountChanged());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // One that has failed is made anew, and goes on with the session that it had.
    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.TellAgain));
        _inventory.Tell(new InventoryActor.GetView());
        var self = Self;

        // Tells the ports that there are before it returns: so they are known before anybody asks for the one that it had.
        _subscription = _controller?.Subscribe(change => self.Tell(change, ActorRefs.NoSender));
        foreach (var kept in _attachments.Values.Where(kept => IsHeld(kept.Status.Plan)).ToArray())
            Start(kept.Status.Id);
        if (_attachments.Count > 0)
            CountChanged();
        LookAfterHolders();
    }

    protected override void PostStop()
    {
        _subscription?.Dispose();
        Context.System.EventStream.Unsubscribe(Self);
    }

    // --- Attach ---

    private void OnAttach(Attach attach)
    {
        if ((Refusal() ?? Refusal(attach)) is { } refusal)
        {
            Sender.Tell(new Status.Failure(refusal));
            return;
        }

        var id = Add(attach.Target, attach.Once, attach.User, rule: null, AttachmentStates.Waiting);
        var asker = new AttachmentAsker(Sender, attach.Wait, attach.Steal);
        Save().PipeTo(Self, success: () => new Stored(id, attach, asker, null), failure: error => new Stored(id, attach, asker, error));
    }

    // From here on it is attached again after every failure of this host, and before that nobody may believe so.
    private void OnStored(Stored stored)
    {
        switch (stored.Error, _attachments.GetValueOrDefault(stored.Id.Number))
        {
            case (null, { Actor: null }) when Refusal(stored.Attach) is { } refusal:
                // Somebody else was faster meanwhile.
                Drop(stored.Id);
                stored.Asker.Who.Tell(new Status.Failure(refusal));
                break;
            case (null, { Actor: null }):
                Start(stored.Id, stored.Asker);
                break;
            case (null, { Status: var status }):
                // This actor has begun anew meanwhile, and has found it on the disk.
                stored.Asker.Who.Tell(status);
                break;
            case (null, null):
                stored.Asker.Who.Tell(new Status.Failure(DetachedMeanwhile(stored.Id)));
                break;
            case ({ } error, _):
                Drop(stored.Id);
                stored.Asker.Who.Tell(new Status.Failure(NotKept(error)));
                break;
        }
    }

    private AttachmentId Add(
        AttachmentTarget target, bool once, string? user, AttachmentId? rule, string state, AttachmentHold? hold = null)
    {
        _lastId = _lastId.Next;
        var plan = new AttachmentPlan(_lastId, target, once, user, rule, hold);
        _attachments[_lastId.Number] = new Kept(null, new AttachmentStatus(plan, state, Context.System.Scheduler.Now));
        CountChanged();
        Publish(new Changed(_lastId, state));
        return _lastId;
    }

    private void Start(AttachmentId id, AttachmentAsker? asker = null)
    {
        if (_attachments.GetValueOrDefault(id.Number) is not { Actor: null } kept)
            return;
        if (_controller is null)
        {
            _attachments[id.Number] = kept with
            {
                Status = kept.Status with { State = AttachmentStates.Failed, LastError = "this node has no host controller" },
            };
            return;
        }

        var (controller, settings, former, view, self) = (_controller, _settings, _former, _view, Self);
        Func<AttachmentSource, Holder, Props> port = (source, holder) =>
            Props.Create(() => new AttachedPort(controller, settings, source, holder, self));
        var status = kept.Status;
        var actor = Context.ActorOf(
            Props.Create(() => new Attachment(status, asker, settings, former, view, port)), id.ToString());
        _attachments[id.Number] = kept with { Actor = Context.Watch(actor) };
    }

    private static ControlException DetachedMeanwhile(AttachmentId id) => new(ControlError.Failed, $"{id} was detached meanwhile");

    private static ControlException NotKept(Exception error) => new(
        ControlError.Failed, $"it can't be kept: {error.GetBaseException().Message}", "is the state folder's disk full, or read-only?");

    // --- Attach all ---

    private void OnAttachAll(AttachAll attach)
    {
        var known = _rules.Values.FirstOrDefault(rule => rule.Match.Equals(attach.Match));
        if (_controller is null || (known is null && _rules.Count >= MaxRules))
        {
            Sender.Tell(new Status.Failure(_controller is null ? NoController() : new ControlException(
                ControlError.Unavailable, $"this node keeps {MaxRules} rules already", HintToDetach)));
            return;
        }

        if (known is null)
            _lastId = _lastId.Next;
        var rule = new AttachmentRule(known?.Id ?? _lastId, attach.Match, attach.User, []);
        _rules[rule.Id.Number] = rule;
        Publish(new Changed(rule.Id));
        var (asker, wait) = (Sender, attach.Wait);
        Save().PipeTo(
            Self,
            success: () => new RuleStored(rule.Id, asker, wait, known, null),
            failure: error => new RuleStored(rule.Id, asker, wait, known, error));
    }

    private void OnRuleStored(RuleStored stored)
    {
        if (!_rules.ContainsKey(stored.Id.Number))
        {
            stored.Asker.Tell(new Status.Failure(DetachedMeanwhile(stored.Id)));
            return;
        }

        if (stored.Error is not null)
        {
            TakeBack(stored);
            stored.Asker.Tell(new Status.Failure(NotKept(stored.Error)));
            return;
        }

        Recruit();
        var asker = new RuleAsker(stored.Id, stored.Asker, stored.Wait);
        if (stored.Wait is not { } wait)
        {
            stored.Asker.Tell(SnapshotOf(stored.Id));
            return;
        }

        _ruleAskers.Add(asker);
        Timers.StartSingleTimer(asker, new WaitedForRule(asker), wait);
        AnswerRuleAskers();
    }

    private void TakeBack(RuleStored stored)
    {
        if (stored.Before is { } before)
        {
            _rules[stored.Id.Number] = before;
        }
        else
        {
            _rules.Remove(stored.Id.Number);
            Publish(new Changed(stored.Id));
            foreach (var kept in MembersOf(stored.Id).ToArray())
            {
                kept.Actor?.Tell(new Attachment.Detach());
                if (kept.Actor is null)
                    Drop(kept.Status.Id);
            }
        }

        SaveLater();
    }

    private void AnswerRuleAskers()
    {
        foreach (var asker in _ruleAskers.Where(asker => !_rules.ContainsKey(asker.Rule.Number) || IsComplete(asker.Rule)).ToArray())
        {
            _ruleAskers.Remove(asker);
            Timers.Cancel(asker);
            asker.Who.Tell(_rules.ContainsKey(asker.Rule.Number)
                ? SnapshotOf(asker.Rule)
                : new Status.Failure(DetachedMeanwhile(asker.Rule)));
        }
    }

    // One that waits has no device now.
    private static bool IsOnItsWay(Kept kept) => kept.Status.State is not (AttachmentStates.Attached or AttachmentStates.Waiting);

    // Every device that can be had is attached, by this rule or otherwise.
    private bool IsComplete(AttachmentId id)
    {
        var rule = _rules[id.Number];
        return !MembersOf(id).Any(IsOnItsWay)
            && _attachments.Values.Any(kept => kept.Status.State == AttachmentStates.Attached
                && (kept.Status.Plan.Rule == id || HasDevice(kept.Status, rule.Match)))
            && Missing(rule).Length == 0;
    }

    private void OnWaitedForRule(WaitedForRule waited)
    {
        if (!_ruleAskers.Remove(waited.Asker) || !_rules.TryGetValue(waited.Asker.Rule.Number, out var rule))
            return;
        Kept[] missing = [.. MembersOf(rule.Id).Where(IsOnItsWay)];
        waited.Asker.Who.Tell(new Status.Failure(new ControlException(
            ControlError.TimedOut,
            missing.Length == 0
                ? $"no device that matches '{rule.Match}' was attached within {waited.Asker.Wait!.Value.TotalSeconds:0.###} s"
                : $"{string.Join(", ", missing.Select(kept => kept.Status.Target))} not attached within {waited.Asker.Wait!.Value.TotalSeconds:0.###} s",
            $"the rule stays as {rule.Id}; usbipc port shows how far it is, usbipc detach {rule.Id} ends it")));
    }

    private void Recruit()
    {
        var recruits = new List<AttachmentId>();
        foreach (var rule in _rules.Values)
        {
            foreach (var target in Missing(rule))
            {
                if (_attachments.Count < MaxAttachments)
                    recruits.Add(Add(target, once: false, rule.User, rule.Id, AttachmentStates.Leasing));
                else if (!_isFull)
                    _log.RuleTooWide(rule.Match.ToString(), MaxAttachments);
                _isFull = _attachments.Count >= MaxAttachments;
            }
        }

        DismissThoseThatWaitInVain();
        if (recruits.Count > 0)
            Save().PipeTo(Self, success: () => new RecruitsStored(recruits, null), failure: error => new RecruitsStored(recruits, error));
    }

    private AttachmentTarget.Device[] Missing(AttachmentRule rule) =>
        [.. rule.Missing(_view, [.. _attachments.Values.Select(kept => kept.Status)])];

    private void OnRecruitsStored(RecruitsStored stored)
    {
        foreach (var id in stored.Ids.Where(id => _attachments.GetValueOrDefault(id.Number) is { Actor: null }))
        {
            if (stored.Error is null)
                Start(id);
            else
                _attachments.Remove(id.Number);
        }

        if (stored.Error is null)
            return;
        CountChanged();
        _log.RuleNotKept(stored.Error.GetBaseException().Message);
        Timers.StartSingleTimer(nameof(RecruitAgain), new RecruitAgain(), RecruitInterval);
    }

    private void DismissThoseThatWaitInVain()
    {
        var before = Context.System.Scheduler.Now - MemberPatience;
        foreach (var kept in _attachments.Values)
        {
            if (kept.Status is { Plan.Rule: not null, State: AttachmentStates.Waiting } && kept.Status.Since < before)
                kept.Actor?.Tell(new Attachment.Detach());
        }
    }

    private IEnumerable<Kept> MembersOf(AttachmentId rule) => _attachments.Values.Where(kept => kept.Status.Plan.Rule == rule);

    // --- What is refused ---

    private static ControlException NoController() => new(
        ControlError.Failed,
        "this node attaches no devices: it has no host controller",
        "the daemon's log says why; modprobe vhci-hcd, then restart usbipcd");

    private ControlException? Refusal() => this switch
    {
        { _controller: null } => NoController(),
        { _attachments.Count: >= MaxAttachments } => new ControlException(
            ControlError.Unavailable, $"this node keeps {MaxAttachments} attachments already", HintToDetach),
        _ => null,
    };

    private ControlException? Refusal(Attach attach)
    {
        if (attach.Target is not AttachmentTarget.Device { Selector: var selector })
            return null;

        var found = _view.Find(selector);
        if (found.Count > 1)
            return Ambiguous(selector, found, "; attach --all keeps all of them attached");
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
        var isFree = attach.Steal || _former.Behind(found[0].Device.Holder) is not null;
        return Unusable(found[0], isFree, "attach", ", attach --steal takes it");
    }

    private static ControlException Ambiguous(Selector selector, IReadOnlyList<ClusterDevice> found, string beyond) => new(
        ControlError.Usage,
        $"'{selector}' matches {found.Count} devices",
        $"name one of them, for instance by NODE/BUSID or with serial={beyond}",
        [.. found.Select(Rows.Describe)]);

    private static ControlException? Unusable(ClusterDevice device, bool isFree, string command, string beyondWaiting)
    {
        return device switch
        {
            { Reachable: false } gone => new ControlException(
                ControlError.Unavailable, $"{gone.FullName} is on a node that can't be reached", $"{command} --wait waits for it"),
            { Device.State: DeviceState.Unbound } unbound => new ControlException(
                ControlError.Unavailable, $"{unbound.FullName} is not exported", $"on {unbound.Node}: usbipc bind {unbound.Device.BusId}"),
            { Device.State: DeviceState.Faulted } faulted => new ControlException(
                ControlError.Unavailable, $"{faulted.FullName} is faulted: its driver reports an error", $"on {faulted.Node}: dmesg"),
            { Device.State: not DeviceState.Available } busy when !isFree => new ControlException(
                ControlError.Unavailable,
                $"{busy.FullName} is held by {busy.Device.Holder}",
                $"{command} --wait waits until it is free{beyondWaiting}"),
            _ => null,
        };
    }

    // --- Detach ---

    private void OnDetach(Detach detach)
    {
        Kept[] chosen;
        AttachmentRule[] rules;
        try
        {
            var target = Selector.TryParse(detach.Target, out var match, out _) ? new AttachmentTarget.Device(match) : null;
            rules = ChooseRules(detach.Target, match);
            chosen = rules.Length > 0 || detach.Target is null
                ? [.. _attachments.Values.Where(kept => detach.Target is null || kept.Status.Target.Equals(target)
                    || rules.Any(rule => rule.Id == kept.Status.Plan.Rule))]
                : Choose(detach.Target);
        }
        catch (ControlException refusal)
        {
            Sender.Tell(new Status.Failure(refusal));
            return;
        }

        // First, so that nothing is attached again that is being detached.
        foreach (var rule in rules)
        {
            _rules.Remove(rule.Id.Number);
            Publish(new Changed(rule.Id));
        }

        foreach (var kept in chosen.Where(kept => kept.Status.Plan.Hold is null))
        {
            foreach (var rule in _rules.Values.ToArray())
                _rules[rule.Id.Number] = rule.Without(kept.Status, _view);
        }

        // What has no actor now and a session needs one for its detach.
        foreach (var kept in chosen.Where(kept => kept is { Actor: null, Status.Session: not null } && _controller is not null))
            Start(kept.Status.Id);
        chosen = [.. chosen.Select(kept => _attachments[kept.Status.Id.Number])];
        foreach (var kept in chosen.Where(kept => kept.Actor is null))
            Drop(kept.Status.Id);

        AnswerRuleAskers();
        var asker = Sender;
        Task.WhenAll(chosen.Select(DetachAsync))
            .PipeTo(Self, success: ends => new Detached(asker, rules, ends));
    }

    private static async Task<DetachEnd> DetachAsync(Kept kept)
    {
        if (kept.Actor is null)
            return new DetachEnd(kept.Status, null);
        try
        {
            return new DetachEnd(await kept.Actor.Ask<AttachmentStatus>(new Attachment.Detach(), DetachTimeout), null);
        }
        catch (Exception error)
        {
            return new DetachEnd(kept.Status, error);
        }
    }

    // Not before it is forgotten: a host that fails now must not attach it again.
    private void OnDetached(Detached detached)
    {
        var done = new Snapshot(
            [.. detached.Ends.Where(end => end.Error is null).Select(end => end.Status)], [.. detached.Rules], []);
        DetachEnd[] failed = [.. detached.Ends.Where(end => end.Error is not null)];
        var problem = failed switch
        {
            [] => null,
            [var only] => only.Error,
            _ => new ControlException(
                ControlError.Failed,
                string.Join("; ", failed.Select(end => $"{end.Status.Id}: {end.Error!.GetBaseException().Message}")),
                "usbipc port shows what is left"),
        };
        Save().PipeTo(
            detached.Asker,
            success: () => problem is null ? done : new Status.Failure(problem),
            failure: error => new Status.Failure(problem ?? new ControlException(
                ControlError.Failed,
                $"it is detached, and will be attached again when usbipcd starts again: {error.GetBaseException().Message}",
                "is the state folder's disk full, or read-only?")));
    }

    private AttachmentRule[] ChooseRules(string? target, Selector? match) =>
    [
        .. _rules.Values.Where(rule => target is null
            || (AttachmentId.TryParse(target, out var id) && rule.Id == id)
            || rule.Match.Equals(match)),
    ];

    private Kept[] Choose(string target)
    {
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
            throw ControlFailures.OfSelector(problem);
        var target = new AttachmentTarget.Device(selector);
        Kept[] found = [.. _attachments.Values.Where(kept => kept.Status.Target.Equals(target)
            || string.Equals(kept.Status.Target.ToString(), text, StringComparison.OrdinalIgnoreCase) || HasDevice(kept.Status, selector))];
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

    private bool HasDevice(AttachmentStatus status, Selector selector) =>
        status.Device is { Node: { } node, BusId: var busId } && _view.Find(node, busId) is { } device && selector.Matches(device, _view.Self);

    // --- Attachments and ports ---

    // Passed on from here and not from the event stream, so that a new attachment misses nothing after the view that it was born with.
    private void OnInventory(InventoryActor.Changed changed)
    {
        _view = changed.View;
        foreach (var kept in _attachments.Values)
            kept.Actor?.Tell(changed);
        Recruit();
    }

    private void Keep(AttachmentStatus status)
    {
        var kept = _attachments[status.Id.Number];
        _attachments[status.Id.Number] = kept with { Status = status };
        Publish(new Changed(status.Id, status.State, status.Port));
        if (KeptAttachmentsFile.Line(status) != KeptAttachmentsFile.Line(kept.Status))
            SaveLater();

        // Now that it has this device, another one that it might have had is free for a rule.
        if (status.State == AttachmentStates.Attached)
            Recruit();
        AnswerRuleAskers();
        AnswerHoldAskers();
    }

    private bool IsFromItself(AttachmentId id) => _attachments.TryGetValue(id.Number, out var kept) && Sender.Equals(kept.Actor);

    private void Drop(AttachmentId id)
    {
        if (!_attachments.Remove(id.Number))
            return;
        CountChanged();
        Publish(new Changed(id));
        SaveLater();
        Recruit();
        AnswerHoldAskers();
    }

    private static void Publish(Changed changed) => Context.System.EventStream.Publish(changed);

    private void CountChanged() => _inventory.Tell(new InventoryActor.LocalAttachments(_attachments.Count));

    private Task Save() => _settings.File.WriteAsync(_lastId, _rules.Values, _attachments.Values.Select(kept => kept.Status));

    // What nobody waits for.
    private void SaveLater() => Save().ContinueWith(
        written => _log.AttachmentsNotKept(written.Exception!.GetBaseException().Message),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);

    private void OnPortChange(PortChange change)
    {
        var port = change.Port.Port;
        if (_watchers.TryGetValue(port, out var watcher))
            watcher.Actor.Tell(watcher.Session.IsAt(change.Port) ? change : Lost(port, change.Time));
        else
            Publish(new Changed(null, Port: port));
        if (change.Port.Status != PortStatus.Free)
        {
            _ports[port] = change;
            return;
        }

        // One port, one that waits for it: if it is of the other speed, that one tries again by itself.
        _ports.Remove(port);
        _attachments.Values.FirstOrDefault(kept => kept.Status.NeedsPort)?.Actor?.Tell(new Attachment.PortFreed());
    }

    // The controller tells of a port before its attach completes: a port that is not known here has been lost again already.
    private void OnWatchPort(PortSession session)
    {
        _watchers[session.Port] = new Watcher(Context.Watch(Sender), session);
        Sender.Tell(_ports.TryGetValue(session.Port, out var known) && session.IsAt(known.Port)
            ? known
            : Lost(session.Port, Context.System.Scheduler.Now));
    }

    // Also when the port has another session by now: for the one that was watched it is free.
    private static PortChange Lost(PortNumber port, DateTimeOffset time) => new(new HostPort(port, PortStatus.Free, null, null, null), time);

    private void OnTerminated(Terminated terminated)
    {
        foreach (var (port, _) in _watchers.Where(watcher => watcher.Value.Actor.Equals(terminated.ActorRef)).ToArray())
            _watchers.Remove(port);
        if (_attachments.Values.FirstOrDefault(kept => terminated.ActorRef.Equals(kept.Actor)) is not { } crashed)
            return;
        var id = crashed.Status.Id;
        var status = crashed.Status with { LastError = "its actor failed; the daemon's log says why" };
        _attachments[id.Number] = new Kept(null, status);
        Timers.StartSingleTimer(id, new Revive(id), AfterCrash);
    }

    private Snapshot TakeSnapshot()
    {
        var mine = _watchers.Keys.Concat(_attachments.Values.Select(kept => kept.Status.Port).OfType<PortNumber>()).ToHashSet();
        return new Snapshot(
            [.. _attachments.Values.Select(kept => kept.Status)],
            [.. _rules.Values],
            [.. _ports.Values.Select(change => change.Port).Where(port => !mine.Contains(port.Port)).OrderBy(port => port.Port)]);
    }

    private Snapshot SnapshotOf(AttachmentId rule) => new([.. MembersOf(rule).Select(kept => kept.Status)], [_rules[rule.Number]], []);

    /// <param name="Actor">Null before it is made, and while it is left alone after a failure.</param>
    /// <param name="Status">What it is to do, and how far it is.</param>
    private sealed record Kept(IActorRef? Actor, AttachmentStatus Status);

    private sealed record Watcher(IActorRef Actor, PortSession Session);

    private sealed record RecruitsStored(List<AttachmentId> Ids, Exception? Error);

    private sealed record RecruitAgain;

    private sealed record Stored(AttachmentId Id, Attach Attach, AttachmentAsker Asker, Exception? Error);

    private sealed record RuleStored(AttachmentId Id, IActorRef Asker, TimeSpan? Wait, AttachmentRule? Before, Exception? Error);

    private sealed record RuleAsker(AttachmentId Rule, IActorRef Who, TimeSpan? Wait);

    private sealed record WaitedForRule(RuleAsker Asker);

    private sealed record Revive(AttachmentId Id);

    private sealed record Detached(IActorRef Asker, AttachmentRule[] Rules, DetachEnd[] Ends);

    private sealed record DetachEnd(AttachmentStatus Status, Exception? Error);
}
