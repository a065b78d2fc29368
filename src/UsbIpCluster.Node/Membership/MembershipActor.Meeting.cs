using Akka.Actor;
using Akka.Event;

namespace UsbIpCluster.Node;

/// <summary>How a node comes into a cluster, and how clusters come together.</summary>
internal sealed partial class MembershipActor
{
    // A name's addresses change rarely; a member asks for them this seldom.
    private const int LooksForOneResolution = 15;

    // Those that deny this node are remembered one by one; more than these are forgotten, and deny again.
    private const int MaxDenials = 256;

    // --- Outside ---

    private void BecomeOutside(ClusterAim? aim)
    {
        var aloneSince = _time;
        var patience = FormAfter;
        var forms = false;
        (ClusterIdentity Cluster, TimeSpan At)? chosen = null;

        Become(() =>
        {
            Receive<Seen>(seen => seen.Address == _view.Self && seen.IsUp, seen =>
            {
                Put(seen.Address, seen.Status);
                if (forms && _view.Members.Count == 1)
                    BecomeInside(NewIdentity());
                else
                    BecomeNewcomer();
            });
            OnLook(LookForOthers);
            Receive<Resolved>(resolved =>
            {
                _doors.Put(resolved.Seed, resolved.EndPoints);
                KnockAtDoors(null);
            });
            Receive<Knock>(knock =>
            {
                Answer(knock, null);
                if (knock.Cluster is not null)
                    KnockAt(knock.From, null, _question);
                else
                    GiveWayTo(knock.From);
            });
            Receive<KnockAnswer>(answer => answer.Question == _question, answer => Consider(answer.From, answer.Cluster));
            Receive<Gone>(gone => gone.IsSelf, gone =>
            {
                OnGone(gone);
                BeginAnew("this node was removed before it was in its cluster", aim);
            });
            Always();
        });
        Self.Tell(new Look(TimeSpan.Zero));
        LookEvery(KnockInterval);

        void LookForOthers()
        {
            var alone = _time - aloneSince;
            if (alone >= patience && aim is not null)
            {
                // Nobody of it is there any more.
                aim = null;
                aloneSince = _time;
            }
            else if (alone >= patience || _doors.IsEmpty)
            {
                if (!forms && _doors.IsEmpty)
                    _log.NobodyKnown();
                else if (!forms)
                    _log.NobodyAnswers();
                forms = true;
                _link.Join(_view.Self);
            }

            Resolve();
            KnockAtDoors(null);
        }

        void Consider(string from, ClusterIdentity? cluster)
        {
            if (from == _view.Self)
                return;
            if (cluster is null)
            {
                GiveWayTo(from);
                return;
            }

            // The rest of the cluster that this node has left for an older one would take it back.
            if (aim?.Cluster.IsOlderThan(cluster) == true)
                return;
            aloneSince = _time;
            if (chosen is { } before && !cluster.IsOlderThan(before.Cluster) && _time - before.At < FormAfter)
                return;
            chosen = (cluster, _time);
            _link.Join(from);
        }

        // Of nodes that start together one is to form the cluster, not each its own.
        void GiveWayTo(string other)
        {
            if (string.CompareOrdinal(other, _view.Self) < 0)
                patience = FormAfter + HeadStart;
        }
    }

    // --- Newcomer ---

    // Who let this node in may have changed its cluster between its answer and the joining. So only what a member says now counts.
    private void BecomeNewcomer()
    {
        var question = Guid.NewGuid();
        var since = _time;
        Become(() =>
        {
            OnLook(() =>
            {
                if (_time - since >= NewcomerPatience)
                    BecomeInside(NewIdentity());
                else
                    Ask();
            });
            Receive<KnockAnswer>(
                answer => answer.Question == question && answer is { KnowsYou: true, Cluster: not null } && _view.Contains(answer.From),
                answer => BecomeInside(answer.Cluster!));
            WhileMember();
        });
        LookEvery(KnockInterval);
        Ask();

        void Ask()
        {
            foreach (var fellow in Fellows)
                KnockAt(fellow, null, question);
        }
    }

    // --- Inside ---

    private void BecomeInside(ClusterIdentity cluster)
    {
        _log.InCluster(cluster.FormedAt, cluster.Id);
        var denials = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var looks = 0;
        Become(() =>
        {
            OnLook(() =>
            {
                if (++looks % LooksForOneResolution == 0)
                    Resolve();
                RemoveTheLost();
                KnockAtDoors(Identity());
                if (Fellows.ElementAtOrDefault(looks % Math.Max(_view.Members.Count - 1, 1)) is { } fellow)
                    KnockAt(fellow, Identity(), _question);
            });
            Receive<Knock>(knock =>
            {
                Answer(knock, Identity());
                if (knock.Cluster is { } other && IsWorthAsking(knock.From, other, knock.KnowsYou))
                    KnockAt(knock.From, Identity(), _question);
            });
            Receive<KnockAnswer>(answer => answer.Question == _question, answer => Compare(answer.From, answer.Cluster, answer.KnowsYou));
            WhileMember();
        });
        LookEvery(InsideInterval);
        KnockAtDoors(Identity());

        ClusterIdentity Identity() =>
            cluster with { First = First(_view.Members.Where(member => member.Value.Reachable).Select(member => member.Key)) };

        // Of two that knock at each other at most one asks back, so this ends.
        bool IsWorthAsking(string from, ClusterIdentity other, bool knowsMe) =>
            from != _view.Self && (other.IsSameAs(cluster) ? IsWithoutMe(from, other, knowsMe) : other.IsOlderThan(cluster));

        void Compare(string from, ClusterIdentity? other, bool knowsMe)
        {
            if (other is null || from == _view.Self)
                return;
            if (!other.IsSameAs(cluster))
            {
                denials.Remove(from);
                if (!other.IsOlderThan(cluster))
                    return;
                if (knowsMe && _view.IsReachable(from))
                    cluster = other;
                else
                    BeginAnew(
                        $"{ClusterAddress.Place(from)} is in an older cluster, formed at {other.FormedAt:u}", new ClusterAim(from, other));
                return;
            }

            if (!IsWithoutMe(from, other, knowsMe))
            {
                denials.Remove(from);
                return;
            }

            if (denials.Count >= MaxDenials)
                denials.Clear();
            if (denials.TryAdd(from, _time) || _time - denials[from] < DenialPatience)
                return;
            BeginAnew(
                $"{ClusterAddress.Place(from)} is in the same cluster, from which this node was removed", new ClusterAim(from, other));
        }

        // It was removed there. Where each has removed the other, one of the two halves has to move.
        bool IsWithoutMe(string from, ClusterIdentity other, bool knowsMe) =>
            !knowsMe && (_view.Contains(from) || other.IsOlderThan(Identity()));
    }

    private void WhileMember()
    {
        Receive<Gone>(gone => gone.IsSelf, gone =>
        {
            OnGone(gone);
            BeginAnew("this node was removed from its cluster", null);
        });
        Always();
    }

    // --- Knocking ---

    private ClusterIdentity NewIdentity() => new(Context.System.Scheduler.Now, Guid.NewGuid(), _view.Self);

    private void Resolve()
    {
        foreach (var seed in _doors.Names)
        {
            seed.ResolveAsync(CancellationToken.None).PipeTo(
                Self, success: found => new Resolved(seed, found), failure: error => new NotResolved(seed, error));
        }
    }

    private void KnockAtDoors(ClusterIdentity? cluster)
    {
        foreach (var address in _doors.Next(_view.IsReachable))
            KnockAt(address, cluster, _question);
    }

    private void KnockAt(string address, ClusterIdentity? cluster, Guid question) =>
        _link.MembershipAt(address).Tell(new Knock(question, _view.Self, cluster, _view.Contains(address)), Self);

    private void Answer(Knock knock, ClusterIdentity? cluster)
    {
        if (knock.From != _view.Self)
            Sender.Tell(new KnockAnswer(knock.Question, _view.Self, cluster, _view.Contains(knock.From)));
    }
}
