using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Tests of a node's inventory; the other node is the stage, and a probe is its inventory.</summary>
public abstract class InventoryActorSpec : VirtualTimeSpec, IAsyncLifetime
{
    protected const string Gone = "akka.tcp://usbipcluster@gone:7240";

    private readonly Stage _stage;

    protected InventoryActorSpec()
    {
        Changes = CreateTestProbe();
        Other = CreateTestProbe();
        _stage = new Stage(Sys);
        var self = Samples.Node("lab1") with { Version = 0 };
        var names = Names;
        Inventory = Sys.ActorOf(Props.Create(() => new InventoryActor(self, ActorRefs.Nobody, names, new InventoryLag(TimeProvider.System))));
        Sys.EventStream.Subscribe(Changes.Ref, typeof(InventoryActor.Changed));
    }

    /// <summary>Which certificates were seen where.</summary>
    private protected PeerNames Names { get; } = new();

    protected TestProbe Changes { get; }

    protected TestProbe Other { get; }

    protected IActorRef Inventory { get; }

    protected string OtherAddress => _stage.Address;

    public async Task InitializeAsync()
    {
        await _stage.AddAsync(Other.Ref, "inventory");
        await SettleAsync(Inventory);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    protected void Tell(object message) => Inventory.Tell(message, ActorRefs.NoSender);

    protected void Learn(NodeEntry entry) => Tell(new InventoryActor.Announce(entry));

    private protected void Digest(params InventoryActor.DigestLine[] lines) => Other.Send(Inventory, new InventoryActor.Digest([.. lines]));

    private protected static InventoryActor.DigestLine Line(NodeName node, long incarnation, long version) => new(node, incarnation, version);

    /// <summary>An entry of the node that is this stage.</summary>
    private protected NodeEntry Of(long incarnation, long version, params DeviceEntry[] devices) =>
        Samples.Node("lab2", devices) with { Incarnation = incarnation, Version = version, Address = OtherAddress };

    protected async Task<InventoryView> ViewAsync() =>
        (await Inventory.Ask<InventoryActor.Changed>(new InventoryActor.GetView(), TimeSpan.FromSeconds(30))).View;

    private protected static NodeEntry SelfIn(InventoryActor.Changed changed) => changed.View.Nodes[changed.View.Self].Entry;

    /// <summary>The other node becomes a member, and has heard of this one.</summary>
    protected async Task MeetAsync()
    {
        Tell(Members((OtherAddress, true)));
        await Other.ExpectMsgAsync<InventoryActor.Announce>();
    }

    /// <summary>This node, and these others.</summary>
    private protected static MembershipView Members(params (string Address, bool Reachable)[] others) => new(
        Samples.AddressOf("lab1"),
        others.Append((Samples.AddressOf("lab1"), true)).ToImmutableSortedDictionary(
            member => member.Item1, member => new MemberState("up", member.Item2)));
}
