using Akka.Actor;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// A node of which some actors are the real ones and others a test's probes: <c>/user/node</c>, where every actor finds those of another
/// node.
/// </summary>
internal sealed class Stage
{
    private readonly IActorRef _node;

    public Stage(ActorSystem system)
    {
        _node = system.ActorOf(Props.Create(() => new Node()), "node");
        Address = _node.Path.Address.ToString();
    }

    /// <summary>The cluster address at which the actors of this stage are found.</summary>
    public string Address { get; }

    /// <summary>Puts an actor at <c>/user/node/{name}</c>.</summary>
    public Task<IActorRef> AddAsync(Props props, string name) => _node.Ask<IActorRef>(new Add(props, name), TimeSpan.FromSeconds(5));

    /// <summary>Puts somebody else's actor there: what is sent to the place is sent on to it.</summary>
    public Task<IActorRef> AddAsync(IActorRef actor, string name) => AddAsync(Props.Create(() => new Forwarder(actor)), name);

    private sealed record Add(Props Props, string Name);

    private sealed class Node : ReceiveActor
    {
        public Node() => Receive<Add>(add => Sender.Tell(Context.ActorOf(add.Props, add.Name)));

        protected override SupervisorStrategy SupervisorStrategy() =>
            new OneForOneStrategy(10, TimeSpan.FromMinutes(1), _ => Directive.Restart);
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef actor) => ReceiveAny(message => actor.Forward(message));
    }
}
