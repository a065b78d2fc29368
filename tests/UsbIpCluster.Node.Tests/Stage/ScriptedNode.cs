using System.Collections.Immutable;
using Akka.Actor;

namespace UsbIpCluster.Node.Tests;

/// <summary>A node whose main actors answer what a test says, or hang.</summary>
internal sealed class ScriptedNode : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly ManualResetEventSlim _free = new(initialState: true);

    public ScriptedNode(ActorSystem system)
    {
        var node = this;
        var actors = new ControlActors(Start(), Start(), Start(), Start(), ActorRefs.Nobody);
        Life = new NodeLife(actors, _ended.Token);
        Watcher = new NodeWatcher(() => Task.FromResult(Life));

        IActorRef Start() => system.ActorOf(Props.Create(() => new MainActor(node)));
    }

    public NodeWatcher Watcher { get; }

    public NodeLife Life { get; set; }

    /// <summary>This node's entry.</summary>
    public NodeEntry Entry { get; set; } = Samples.Node("lab1");

    /// <summary>The members, this node being the first of them.</summary>
    public ImmutableArray<MemberState> Members { get; set; } = [new MemberState("up", Reachable: true)];

    public ImmutableArray<AttachmentStatus> Attachments { get; set; } = [];

    /// <summary>How often its membership was asked.</summary>
    public int Looks { get; private set; }

    public static AttachmentStatus Attachment(uint id, string state) => new(
        new AttachmentPlan(new AttachmentId(id), new AttachmentTarget.Device(Samples.Selector("serial=S")), Once: false, null, null),
        state,
        Samples.Time);

    /// <summary>The actors begin anew.</summary>
    public void BeginAnew() => Life = Life with { Ended = CancellationToken.None };

    /// <summary>One of the actors hangs, at its next message.</summary>
    public void Hang() => _free.Reset();

    /// <summary>It hangs no longer.</summary>
    public void GoOn() => _free.Set();

    public void Dispose()
    {
        GoOn();
        _ended.Dispose();
    }

    private sealed class MainActor : ReceiveActor
    {
        public MainActor(ScriptedNode node)
        {
            Receive<InventoryActor.GetView>(_ => Sender.Tell(new InventoryActor.Changed(InventoryView.Of(node.Entry), null)));
            Receive<MembershipActor.GetMembers>(_ =>
            {
                var members = node.Members;
                node.Looks++;
                Sender.Tell(new MembershipView(
                    "node0", members.Select((member, at) => (member, at)).ToImmutableSortedDictionary(pair => $"node{pair.at}", pair => pair.member)));
            });
            Receive<ExportManager.GetOffered>(_ =>
            {
                node._free.Wait();
                Sender.Tell(new ExportManager.Offered([]));
            });
            Receive<AttachmentManager.GetSnapshot>(_ => Sender.Tell(new AttachmentManager.Snapshot(node.Attachments, [], [])));
        }
    }
}
