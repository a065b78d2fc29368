using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <content>
/// Attachments that are held: asked for together, all had or none, and detached when their holder ends, however that comes about and
/// whatever this daemon does meanwhile.
/// <code>
///   Hold --(kept)--> wanted --(all are attached)--> held --(the holder has ended)--> ending --(detached)--> (gone)
///                      '--(not in time, detached by somebody, asker gone)--------------^  '-- not yet: again --'
/// </code>
/// </content>
internal sealed partial class AttachmentManager
{
    /// <summary>
    /// Attach these devices for as long as somebody is there. Answered with a <see cref="Snapshot"/> of them in this order when all are
    /// usable, or a failure; then nothing of it is attached.
    /// </summary>
    /// <param name="Matches">Which, each one device.</param>
    /// <param name="Wait">How long to wait for them.</param>
    /// <param name="WaitWhileBusy">Whether to wait also for what is there and can't be had now; otherwise that is refused at once.</param>
    /// <param name="By">Who holds them.</param>
    /// <param name="User">Who asks; null when that is not known.</param>
    public sealed record Hold(ImmutableArray<Selector> Matches, TimeSpan Wait, bool WaitWhileBusy, AttachmentHold By, string? User);

    /// <summary>How often it is looked whether holders are still there, as long as there are any.</summary>
    public static readonly TimeSpan HolderInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a device that could not be detached when its holder ended is left alone before it is tried again.</summary>
    public static readonly TimeSpan EndInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<Guid, HoldAsker> _holdAskers = [];
    private readonly HashSet<Guid> _ending = [];

    private void OnHold(Hold hold)
    {
        if ((Refusal() ?? Refusal(hold)) is { } refusal)
        {
            Sender.Tell(new Status.Failure(refusal));
            return;
        }

        ImmutableArray<AttachmentId> ids =
        [
            .. hold.Matches.Select(match => Add(
                new AttachmentTarget.Device(match), once: false, hold.User, rule: null, AttachmentStates.Waiting, hold.By)),
        ];
        var asker = new HoldAsker(Sender, hold, ids);
        Save().PipeTo(Self, success: () => new HoldStored(asker, null), failure: error => new HoldStored(asker, error));
    }

    // Before it is kept with its holder, nothing is attached that might be left behind.
    private void OnHoldStored(HoldStored stored)
    {
        var asker = stored.Asker;
        _holdAskers[asker.Key] = asker;
        if (stored.Error is not null)
        {
            Fail(asker, NotKept(stored.Error));
            return;
        }

        foreach (var id in asker.Ids)
            Start(id);
        Timers.StartSingleTimer(asker, new WaitedForHold(asker), asker.Hold.Wait);
        LookAfterHolders();
        AnswerHoldAskers();
    }

    private void AnswerHoldAskers()
    {
        foreach (var asker in _holdAskers.Values.ToArray())
        {
            if (asker.Ids.FirstOrDefault(id => !_attachments.ContainsKey(id.Number)) is { Number: > 0 } missing)
            {
                Fail(asker, DetachedMeanwhile(missing));
                continue;
            }

            ImmutableArray<AttachmentStatus> statuses = [.. asker.Ids.Select(id => _attachments[id.Number].Status)];
            if (statuses.All(status => status.State == AttachmentStates.Attached) && _holdAskers.Remove(asker.Key))
            {
                Timers.Cancel(asker);
                asker.Who.Tell(new Snapshot(statuses, [], []));
            }
        }
    }

    private void OnWaitedForHold(WaitedForHold waited)
    {
        if (!_holdAskers.ContainsKey(waited.Asker.Key))
            return;
        AttachmentStatus[] late =
        [
            .. waited.Asker.Ids.Select(id => _attachments[id.Number].Status).Where(status => status.State != AttachmentStates.Attached),
        ];
        var why = late.Select(status => status.LastError).FirstOrDefault(error => error is not null);
        Fail(waited.Asker, new ControlException(
            ControlError.TimedOut,
            $"{string.Join(", ", late.Select(status => status.Target))} not attached within {waited.Asker.Hold.Wait.TotalSeconds:0.###} s"
                + (why is null ? "" : $": {why}"),
            "nothing stays attached; usbipc list shows the cluster's devices"));
    }

    private void Fail(HoldAsker asker, ControlException error)
    {
        _holdAskers.Remove(asker.Key);
        Timers.Cancel(asker);
        EndHold(asker.Key, asker.Who, error);
    }

    // --- What is refused ---

    private ControlException? Refusal(Hold hold)
    {
        if (_attachments.Count + hold.Matches.Length > MaxAttachments)
            return new ControlException(ControlError.Unavailable, $"this node keeps at most {MaxAttachments} attachments");
        var chosen = new Dictionary<string, Selector>(StringComparer.OrdinalIgnoreCase);
        foreach (var match in hold.Matches)
        {
            var found = _view.Find(match);
            if (found.Count > 1)
                return Ambiguous(match, found, "");
            var name = found is [var only] ? only.FullName : match.Text;
            if (!chosen.TryAdd(name, match))
                return new ControlException(ControlError.Usage, $"'{chosen[name]}' and '{match}' are one device", "name each device once");
            if (found is [var device] && Refusal(hold, device) is { } refusal)
                return refusal;
        }

        return null;
    }

    private ControlException? Refusal(Hold hold, ClusterDevice device)
    {
        var here = _attachments.Values.Select(kept => kept.Status).FirstOrDefault(status => status.Device is { } has
            ? has.Is(device)
            : status.Target is AttachmentTarget.Device { Selector: var selector } && selector.Matches(device, _view.Self));
        return here switch
        {
            { Plan.Hold: null } => new ControlException(
                ControlError.Unavailable,
                $"{device.FullName} is attached here already, as {here.Id}",
                $"use it as it is, or give it up: usbipc detach {here.Id}"),
            _ when hold.WaitWhileBusy => null,
            { Plan: { Hold: { } by, User: var user } } => new ControlException(
                ControlError.Unavailable,
                $"{device.FullName} is held here by {Rows.Describe(by, user)}",
                "run --wait waits until it is free"),
            null => Unusable(device, IsOnItsWayBack(device), "run", ""),
        };
    }

    // What this node has just given up the inventory may not know yet; nor what its next attachment takes over from an earlier run.
    private bool IsOnItsWayBack(ClusterDevice device) =>
        device.Device.State == DeviceState.Releasing
        || _former.Behind(device.Device.Holder) is not null
        || (Holder.Parse(device.Device.Holder) is { } held && held.Node == _settings.Node
            && !_attachments.ContainsKey(held.Attachment.Number));

    // --- The holders' end ---

    private bool IsHeld(AttachmentPlan plan) => plan.Hold is not { } hold || _settings.Holders.IsThere(hold);

    private void LookAfterHolders()
    {
        var all = _attachments.Values.Select(kept => kept.Status.Plan.Hold).OfType<AttachmentHold>().Distinct();
        AttachmentHold[] holds = [.. all.Where(hold => !_ending.Contains(hold.Key))];
        if (holds.Length == 0)
            return;
        var holders = _settings.Holders;
        Task.Run(() => new HoldersSeen(
                [.. holds.Select(hold => new HolderSeen(hold, holders.IsThere(hold), holders.IsConnected(hold)))]))
            .PipeTo(Self);
    }

    private void OnHoldersSeen(HoldersSeen seen)
    {
        foreach (var (hold, isThere, isConnected) in seen.Holders.Where(holder => !_ending.Contains(holder.Hold.Key)))
        {
            // Who waits no longer for the answer gets nothing that it knows of.
            if (_holdAskers.TryGetValue(hold.Key, out var asker) && (!isThere || !isConnected))
            {
                Fail(asker, new ControlException(ControlError.Failed, "who asked for it has gone"));
            }
            else if (!isThere)
            {
                var ids = HeldBy(hold.Key).Select(kept => kept.Status.Id);
                _log.HolderEnded(Rows.Describe(hold, null), string.Join(", ", ids));
                EndHold(hold.Key);
            }
        }

        if (_attachments.Values.Any(kept => kept.Status.Plan.Hold is not null))
            Timers.StartSingleTimer(nameof(LookAfterHolders), new LookAgain(), HolderInterval);
    }

    private void EndHold(Guid key, IActorRef? asker = null, ControlException? because = null)
    {
        _ending.Add(key);
        foreach (var kept in HeldBy(key).Where(kept => kept.Actor is null))
        {
            // A session that is there needs an actor for its detach; that none has been made for it yet is usual after a start only.
            if (kept.Status.Session is { } session && _ports.TryGetValue(session.Port, out var port) && session.IsAt(port.Port))
                Start(kept.Status.Id);
            else
                GiveUp(kept.Status);
        }

        Task.WhenAll(HeldBy(key).Select(DetachAsync)).PipeTo(Self, success: ends => new HoldEnded(key, asker, because, ends));
    }

    private void GiveUp(AttachmentStatus status)
    {
        if (status.Lease is { Address: var exporter, Lease: var lease })
        {
            Context.ActorSelection($"{exporter}/user/node/exports")
                .Tell(new ReleaseLease(lease.BusId, new Holder(_settings.Node, status.Id), lease.Epoch));
        }

        Drop(status.Id);
    }

    private void OnHoldEnded(HoldEnded ended)
    {
        if (ended.Ends.FirstOrDefault(end => end.Error is not null) is { } failed)
        {
            _log.HoldNotEnded(failed.Status.Id.ToString(), failed.Error!.GetBaseException().Message);
            Timers.StartSingleTimer(ended.Key, new EndHoldAgain(ended.Key), EndInterval);
        }
        else
        {
            _ending.Remove(ended.Key);
        }

        ended.Asker?.Tell(new Status.Failure(ended.Because!));
    }

    private Kept[] HeldBy(Guid key) => [.. _attachments.Values.Where(kept => kept.Status.Plan.Hold?.Key == key)];

    private sealed record HoldAsker(IActorRef Who, Hold Hold, ImmutableArray<AttachmentId> Ids)
    {
        public Guid Key => Hold.By.Key;
    }

    private sealed record HoldStored(HoldAsker Asker, Exception? Error);

    private sealed record WaitedForHold(HoldAsker Asker);

    private sealed record LookAgain;

    private sealed record HolderSeen(AttachmentHold Hold, bool IsThere, bool IsConnected);

    private sealed record HoldersSeen(ImmutableArray<HolderSeen> Holders);

    private sealed record HoldEnded(Guid Key, IActorRef? Asker, ControlException? Because, DetachEnd[] Ends);

    private sealed record EndHoldAgain(Guid Key);
}
