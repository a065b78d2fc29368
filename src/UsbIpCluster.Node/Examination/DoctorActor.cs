using System.Collections.Immutable;
using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>
/// Asks every member, this node included, whom it reaches, and gathers the answers within a bounded time. There is one examination at a
/// time, and who asks meanwhile takes part in it: when its own time is over before the examination's, it is told what is known by then. Only
/// who has more time left after the end of it than all of it has waits for the next one, since what answers slowly would be silent for it.
/// <code>
///   Idle --(ExamineAll)--> Asking --(everybody has told, or the time is over, and nobody waits)--> Idle
///                            ^ '----(the same, and somebody waits)----.
///                            '----------------------------------------'
/// </code>
/// </summary>
internal sealed class DoctorActor : ReceiveActor, IWithTimers
{
    /// <summary>Examine the cluster; answered with a <see cref="ClusterExamination"/>.</summary>
    /// <param name="Within">How long it may take.</param>
    public sealed record ExamineAll(TimeSpan Within);

    /// <summary>How long a member may take for its first answer, which it need do nothing for.</summary>
    public static readonly TimeSpan SilenceAfter = TimeSpan.FromSeconds(4);

    /// <summary>How soon one that was busy is asked again.</summary>
    public static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(300);

    // The answers need time on their way, too.
    private const double ShareOfProbing = 0.75;

    private readonly IActorRef _membership;
    private readonly IActorRef _inventory;
    private readonly Func<string, ICanTell> _examinerAt;
    private MembershipView _members = MembershipView.Empty;
    private InventoryView? _nodes;

    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    /// <param name="inventory">The <see cref="InventoryActor"/>.</param>
    /// <param name="examinerAt">The <see cref="ExaminerActor"/> of the member at an address, this node's included.</param>
    public DoctorActor(IActorRef membership, IActorRef inventory, Func<string, ICanTell> examinerAt)
    {
        _membership = membership;
        _inventory = inventory;
        _examinerAt = examinerAt;
        Become(Idle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
        _membership.Tell(new MembershipActor.GetMembers());
        _inventory.Tell(new InventoryActor.GetView());
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void Idle()
    {
        Receive<ExamineAll>(_ => _nodes is not null, order => BecomeAsking([AskerOf(order)], _nodes!));
        Receive<ExamineAll>(_ => Sender.Tell(new Status.Failure(new InvalidOperationException("nothing is known of the cluster yet"))));
        Always();
    }

    private void BecomeAsking(ImmutableArray<Asker> first, InventoryView nodes)
    {
        var entries = nodes.Nodes.Values.Select(node => node.Entry).ToLookup(entry => entry.Address, StringComparer.Ordinal);
        var (members, began) = (_members, Monotonic);
        var within = first.Max(asker => asker.Left());
        var silence = within < SilenceAfter ? within : SilenceAfter;
        var results = ImmutableSortedDictionary.CreateBuilder<string, NodeExamination>(StringComparer.Ordinal);

        // By question, which is another one for each: who was not asked can't answer.
        var asked = new Dictionary<Guid, Asked>();
        var askers = new List<Asker>();
        var next = ImmutableArray.CreateBuilder<Asker>();
        foreach (var member in members.Members.Keys)
        {
            // Who does not know the message would close the link over it.
            if (member == members.Self || entries[member].FirstOrDefault() is { Wire: >= NodeSerializer.Examinations })
                Ask(Guid.NewGuid(), new Asked(member, Monotonic, Now, Heard.Nothing, null));
            else
                results[member] = new NodeExamination.Older(entries[member].FirstOrDefault()?.Software);
        }

        Timers.StartSingleTimer(nameof(Silence), new Silence(), silence);
        Timers.StartSingleTimer(nameof(Over), new Over(), within);
        foreach (var asker in first)
            Join(asker);
        Become(Asking);
        AnswerIfDone();

        void Asking()
        {
            Receive<ExamineAll>(order =>
            {
                var asker = AskerOf(order);
                if (asker.Left() - Left() > within)
                    next.Add(asker);
                else
                    Join(asker);
            });
            Receive<TimeUp>(up =>
            {
                if (askers.Remove(up.Asker))
                    up.Asker.Ref.Tell(Examination(asked.Values));
            });
            Receive<ExaminationBegun>(begun => asked.ContainsKey(begun.Question), begun =>
            {
                var known = asked[begun.Question];
                ClockReading? clock = known.Member == members.Self ? null : known.Clock ?? Compare(known, begun.Time);
                asked[begun.Question] = known with { Heard = begun.Busy ? Heard.Busy : Heard.Begun, Clock = clock };
                if (begun.Busy)
                    Timers.StartSingleTimer(begun.Question, new AskAgain(begun.Question), AskAgainAfter);
            });
            Receive<AskAgain>(again => asked.ContainsKey(again.Question), again =>
                Ask(again.Question, asked[again.Question] with { At = Monotonic, Time = Now }));
            Receive<ExaminationDone>(done => asked.ContainsKey(done.Question), done =>
            {
                End(done.Question, known => new NodeExamination.Told(done.Probes, known.Clock));
                AnswerIfDone();
            });
            Receive<Silence>(_ =>
            {
                foreach (var question in asked.Where(member => member.Value.Heard == Heard.Nothing).Select(member => member.Key).ToArray())
                    End(question, _ => new NodeExamination.Silent(silence));
                AnswerIfDone();
            });
            Receive<Over>(_ =>
            {
                foreach (var question in asked.Keys.ToArray())
                    End(question, known => AtTheEnd(known, Monotonic - began));
                AnswerIfDone();
            });
            Always();
        }

        void Ask(Guid question, Asked how)
        {
            asked[question] = how;
            _examinerAt(how.Member).Tell(new Examine(question, Left() * ShareOfProbing), Self);
        }

        // Who has as much time as the examination gets its end.
        void Join(Asker asker)
        {
            askers.Add(asker);
            if (asker.Left() < Left())
                Timers.StartSingleTimer(asker, new TimeUp(asker), asker.Left());
        }

        TimeSpan Left() => NotNegative(within - (Monotonic - began));

        ClusterExamination Examination(IEnumerable<Asked> unanswered)
        {
            var ended = unanswered.Select(known => KeyValuePair.Create(known.Member, AtTheEnd(known, Monotonic - began)));
            return new ClusterExamination(members, nodes, results.ToImmutable().AddRange(ended));
        }

        void End(Guid question, Func<Asked, NodeExamination> result)
        {
            asked.Remove(question, out var known);
            results[known!.Member] = result(known);
        }

        void AnswerIfDone()
        {
            if (asked.Count > 0)
                return;
            Timers.CancelAll();
            var examination = Examination([]);
            foreach (var asker in askers)
                asker.Ref.Tell(examination);
            if (next.Count == 0)
                Become(Idle);
            else
                BecomeAsking(next.ToImmutable(), _nodes!);
        }
    }

    private static NodeExamination AtTheEnd(Asked known, TimeSpan waited) => known.Heard switch
    {
        Heard.Begun => new NodeExamination.Unfinished(known.Clock),
        Heard.Busy => new NodeExamination.Busy(known.Clock),
        _ => new NodeExamination.Silent(waited),
    };

    private void Always()
    {
        Receive<MembershipActor.Changed>(changed => _members = changed.View);
        Receive<MembershipView>(members => _members = members);
        Receive<InventoryActor.Changed>(changed => _nodes = changed.View);
        // What comes after the time is over.
        Receive<ExaminationBegun>(_ => { });
        Receive<ExaminationDone>(_ => { });
        Receive<AskAgain>(_ => { });
        Receive<Silence>(_ => { });
        Receive<Over>(_ => { });
        Receive<TimeUp>(_ => { });
    }

    private Asker AskerOf(ExamineAll order) => new(Sender, Monotonic + order.Within);

    private static TimeSpan NotNegative(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private static TimeSpan Monotonic => Context.System.Scheduler.MonotonicClock;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    // Half way between question and answer it was as late here as the answer says it was there, give or take that half.
    private static ClockReading Compare(Asked asked, DateTimeOffset theirs)
    {
        var half = (Monotonic - asked.At) / 2;
        return new ClockReading(theirs - (asked.Time + half), half);
    }

    private enum Heard
    {
        Nothing,
        Busy,
        Begun,
    }

    private sealed record Asked(string Member, TimeSpan At, DateTimeOffset Time, Heard Heard, ClockReading? Clock);

    private sealed record AskAgain(Guid Question);

    /// <summary>Who waits for an examination, and until when.</summary>
    private sealed record Asker(IActorRef Ref, TimeSpan Until)
    {
        public TimeSpan Left() => NotNegative(Until - Monotonic);
    }

    /// <summary>An asker's time is over before the examination is.</summary>
    private sealed record TimeUp(Asker Asker);

    private sealed record Silence;

    private sealed record Over;
}
