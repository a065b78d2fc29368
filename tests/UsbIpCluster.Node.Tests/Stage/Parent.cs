using Akka.Actor;

namespace UsbIpCluster.Node.Tests;

/// <summary>The parent of the actor that is tested: passes on to a probe what the child tells its parent, and that it has stopped.</summary>
internal sealed class Parent : ReceiveActor
{
    /// <summary>Asks for the child.</summary>
    public sealed record GetChild;

    /// <summary>The child has stopped.</summary>
    public sealed record ChildStopped;

    private readonly Props _child;

    public Parent(Props child, IActorRef probe)
    {
        _child = child;
        Receive<GetChild>(_ => Sender.Tell(Context.Child("child")));
        Receive<Terminated>(_ => probe.Tell(new ChildStopped()));
        ReceiveAny(message => probe.Forward(message));
    }

    /// <summary>Makes a parent and its child, and returns the child.</summary>
    public static Task<IActorRef> AddAsync(IActorRefFactory factory, Props child, IActorRef probe) =>
        factory.ActorOf(Props.Create(() => new Parent(child, probe))).Ask<IActorRef>(new GetChild(), TimeSpan.FromSeconds(5));

    protected override void PreStart() => Context.Watch(Context.ActorOf(_child, "child"));

    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;
}
