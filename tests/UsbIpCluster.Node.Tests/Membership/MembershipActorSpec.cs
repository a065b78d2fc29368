using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// Tests of a node's way into a cluster. The node is lab2; what it asks of the cluster comes to <see cref="Asked"/>, and the membership's
/// actors of the other nodes are one probe, <see cref="Others"/>.
/// <code>
///   Outside --> Newcomer --> Inside --> Over
///      '------------------------^
/// </code>
/// </summary>
public abstract class MembershipActorSpec : VirtualTimeSpec
{
    protected MembershipActorSpec()
    {
        Asked = CreateTestProbe();
        Others = CreateTestProbe();
        Ends = CreateTestProbe();
    }

    private protected static string Lab1 { get; } = Samples.AddressOf("lab1");

    private protected static string Lab2 { get; } = Samples.AddressOf("lab2");

    private protected static string Lab3 { get; } = Samples.AddressOf("lab3");

    private protected static ClusterIdentity Old { get; } = new(Samples.Time, Guid.Parse("00000000-0000-0000-0000-000000000001"), Lab1);

    private protected static ClusterIdentity Older { get; } = Old with { FormedAt = Samples.Time.AddTicks(-1) };

    private protected static ClusterIdentity Younger { get; } = Old with { FormedAt = Samples.Time.AddTicks(1) };

    /// <summary>Gets <see cref="Join"/> and <see cref="Down"/>.</summary>
    protected TestProbe Asked { get; }

    /// <summary>Gets what is sent to other nodes.</summary>
    protected TestProbe Others { get; }

    /// <summary>Gets the new beginnings.</summary>
    protected TestProbe Ends { get; }

    protected IActorRef Membership { get; private set; } = ActorRefs.Nobody;

    // What the node asks all others.
    private Guid? _question;

    private protected StateFolder State { get; } = TempState.New();

    private protected KnownMembersFile Known => field ??= new KnownMembersFile(State);

    private protected async Task StartAsync(string? seed = "10.0.0.1", ClusterAim? aim = null, double removeAfter = 3600)
    {
        ImmutableArray<NetworkAddress> seeds = seed is null ? [] : [new NetworkAddress(seed, 7240)];
        var settings = new MembershipSettings(seeds, Known, Seconds(removeAfter));
        _question = null;
        var link = new Link(Asked.Ref, Others.Ref, question => _question ??= question);
        var ends = Ends.Ref;
        Action<NewBeginning> beginAnew = beginning => ends.Tell(beginning, ActorRefs.NoSender);
        Membership = Sys.ActorOf(Props.Create(() => new MembershipActor(settings, link, aim, beginAnew)));
        await SettleAsync(Membership);
    }

    /// <summary>Seconds pass, one by one.</summary>
    private protected async Task PassAsync(int seconds)
    {
        await SettleAsync(Membership);
        for (var second = 0; second < seconds; second++)
        {
            Advance(Seconds(1));
            await SettleAsync(Membership);
        }
    }

    /// <summary>Somebody sets the clock an hour on: whatever is periodic happens once, as it does in a second.</summary>
    private protected async Task SetClockAsync()
    {
        await SettleAsync(Membership);
        Advance(TimeSpan.FromHours(1));
        await SettleAsync(Membership);
    }

    private protected void Tell(object message) => Others.Send(Membership, message);

    private protected void See(string address, bool isUp = true) => Tell(new MembershipActor.Seen(address, isUp ? "up" : "joining", isUp));

    private protected void SayAt(string from, ClusterIdentity? cluster, bool knowsYou = false) =>
        Tell(new MembershipActor.Knock(Guid.NewGuid(), from, cluster, knowsYou));

    /// <summary>A knock of the node's is answered.</summary>
    private protected void AnswerFrom(string from, ClusterIdentity? cluster, bool knowsYou = false) =>
        Tell(new MembershipActor.KnockAnswer(_question!.Value, from, cluster, knowsYou));

    /// <summary>It is in a cluster with lab1, which has told it which.</summary>
    private protected async Task EnterAsync(ClusterIdentity cluster, params string[] others)
    {
        AnswerFrom(Lab1, cluster);
        await Asked.ExpectMsgAsync<Join>();
        foreach (var other in others.Append(Lab1))
            See(other);
        See(Lab2);
        var asked = await Others.FishForMessageAsync<MembershipActor.Knock>(knock => knock is { KnowsYou: true, Cluster: null });
        Tell(new MembershipActor.KnockAnswer(asked.Question, Lab1, cluster, KnowsYou: true));
        await SettleAsync(Membership);
        Drain(Others);
    }

    /// <summary>It has formed a cluster of its own.</summary>
    private protected async Task FormAsync()
    {
        await PassAsync(3);
        await Asked.ExpectMsgAsync(new Join(Lab2));
        See(Lab2);
        await SettleAsync(Membership);
        Drain(Others);
    }

    /// <summary>The cluster in which it says that it is.</summary>
    private protected async Task<ClusterIdentity?> ClusterAsync()
    {
        Drain(Others);
        var question = Guid.NewGuid();
        Tell(new MembershipActor.Knock(question, Lab3, null, KnowsYou: false));
        return (await Others.FishForMessageAsync<MembershipActor.KnockAnswer>(answer => answer.Question == question)).Cluster;
    }

    private protected Task<MembershipView> ViewAsync() =>
        Membership.Ask<MembershipView>(new MembershipActor.GetMembers(), TimeSpan.FromSeconds(30));

    private protected static void Drain(TestProbe probe)
    {
        while (probe.HasMessages)
            probe.ReceiveOne(TimeSpan.Zero);
    }

    private protected sealed record Join(string Address);

    private protected sealed record Down(string Address);

    private sealed class Link(IActorRef asked, IActorRef others, Action<Guid> knocked) : IClusterLink
    {
        public string Self => Lab2;

        public void Join(string address) => asked.Tell(new Join(address), ActorRefs.NoSender);

        public void Down(string address) => asked.Tell(new Down(address), ActorRefs.NoSender);

        public ICanTell MembershipAt(string address) => new Door(others, knocked);

        // The tests tell what it would.
        public Props Watcher(IActorRef membership) => Props.Create(() => new Silent());

        private sealed class Silent : ReceiveActor;

        private sealed class Door(IActorRef others, Action<Guid> knocked) : ICanTell
        {
            public void Tell(object message, IActorRef? sender)
            {
                if (message is MembershipActor.Knock knock)
                    knocked(knock.Question);
                others.Tell(message, sender);
            }
        }
    }
}
