using System.Collections.Immutable;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>
/// Tries, when a member of the cluster asks for it, whether this node reaches the others. One examination at a time; only members are
/// answered, and only members are connected to, at the addresses that this node knows of them.
/// <code>
///   Idle --(Examine)--> Probing --(done)--> Idle
/// </code>
/// </summary>
internal sealed class ExaminerActor : ReceiveActor
{
    /// <summary>The most time that an examination takes, whatever was asked for.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(7);

    /// <summary>The least.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);

    private readonly ILogger _log = Context.Logger();
    private readonly SaidOnce _refused = new();
    private readonly IActorRef _membership;
    private readonly IActorRef _inventory;
    private readonly Func<ImmutableArray<Probe>, TimeSpan, Task<ImmutableArray<Probe>>> _probe;
    private MembershipView _members = MembershipView.Empty;
    private InventoryView? _nodes;

    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    /// <param name="inventory">The <see cref="InventoryActor"/>.</param>
    /// <param name="probe">Carries out attempts: <see cref="Prober.RunAsync"/>.</param>
    public ExaminerActor(
        IActorRef membership, IActorRef inventory, Func<ImmutableArray<Probe>, TimeSpan, Task<ImmutableArray<Probe>>> probe)
    {
        _membership = membership;
        _inventory = inventory;
        _probe = probe;
        Become(Idle);
    }

    /// <summary>Whether somebody is answered: a member, or this node itself.</summary>
    /// <param name="address">Where the one who asks says that it is; null for who is on this node.</param>
    /// <param name="members">The members.</param>
    public static bool Answers(string? address, MembershipView members) => address is null || members.Contains(address);

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
        Receive<Examine>(examine => IsForUs(), examine =>
        {
            Sender.Tell(new ExaminationBegun(examine.Question, Context.System.Scheduler.Now, Busy: false));
            var plan = _nodes is null ? [] : ProbePlan.Of(_members, _nodes);
            var within = examine.Within < Shortest ? Shortest : examine.Within > Longest ? Longest : examine.Within;
            var asker = Sender;
            _probe(plan, within).PipeTo(
                Self,
                success: probes => new Probed(probes),
                failure: error => new Probed([.. plan.Select(probe => probe with { Failure = error.GetType().Name })]));
            Become(() => Probing(asker, examine.Question));
        });
        Always();
    }

    private void Probing(IActorRef asker, Guid question)
    {
        Receive<Examine>(examine => IsForUs(), examine =>
            Sender.Tell(new ExaminationBegun(examine.Question, Context.System.Scheduler.Now, Busy: true)));
        Receive<Probed>(probed =>
        {
            asker.Tell(new ExaminationDone(question, probed.Probes));
            Become(Idle);
        });
        Always();
    }

    private void Always()
    {
        Receive<Examine>(_ =>
        {
            if (_refused.IsFirst(Sender.Path.Address.ToString()))
                _log.ExaminationRefused(Sender.Path.Address.ToString());
        });
        Receive<MembershipActor.Changed>(changed => _members = changed.View);
        Receive<MembershipView>(members => _members = members);
        Receive<InventoryActor.Changed>(changed => _nodes = changed.View);
    }

    private bool IsForUs() => Answers(ClusterAddress.Of(Sender), _members);

    private sealed record Probed(ImmutableArray<Probe> Probes);
}
