namespace Akka.Actor;

/// <summary>Handles a message; false when it has no handler for it.</summary>
public delegate bool Receive(object message);

/// <summary>What actors can be created and looked up through: a system, or an actor's context.</summary>
public interface IActorRefFactory
{
    /// <summary>Creates an actor: at the top of a system, or as a child. Without a name it gets one that starts with <c>$</c>.</summary>
    /// <exception cref="InvalidActorNameException">The name is taken or has characters that no name has.</exception>
    /// <exception cref="InvalidOperationException">The system or the parent is stopping.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    /// <summary>Names whatever actor is at a path, here or on another node.</summary>
    ActorSelection ActorSelection(ActorPath actorPath);

    /// <summary>Names whatever actor is at a path: whole with its address, from the root (<c>/user/a</c>), or relative (<c>../a</c>).</summary>
    ActorSelection ActorSelection(string actorPath);
}

/// <summary>Creating actors that need no arguments.</summary>
public static class ActorRefFactoryExtensions
{
    /// <summary>Creates an actor with its parameterless constructor.</summary>
    public static IActorRef ActorOf<[DynamicallyAccessedMembers(Props.Constructors)] TActor>(this IActorRefFactory factory, string? name = null)
        where TActor : ActorBase, new() => factory.ActorOf(Props.Create<TActor>(), name);
}

/// <summary>Death watch. An actor of another node can't be watched: <see cref="NotSupportedException"/>; use the cluster's events.</summary>
public interface ICanWatch
{
    /// <summary>Asks for one <see cref="Terminated"/> when <paramref name="subject"/> has stopped.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>Asks for <paramref name="message"/> instead of <see cref="Terminated"/>.</summary>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>No longer; a <see cref="Terminated"/> that is already on its way is not delivered.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>An actor's view of itself and its surroundings. Only for the actor, while it handles a message.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    /// <summary>The actor.</summary>
    IActorRef Self { get; }

    /// <summary>The sender of the current message; the dead letters when it has none.</summary>
    IActorRef Sender { get; }

    /// <summary>The actor's parent.</summary>
    IActorRef Parent { get; }

    /// <summary>The system.</summary>
    ActorSystem System { get; }

    /// <summary>The children, also those that are stopping.</summary>
    IEnumerable<IActorRef> GetChildren();

    /// <summary>The child of that name, or <see cref="ActorRefs.Nobody"/>.</summary>
    IActorRef Child(string name);

    /// <summary>Stops an actor after the message that it is handling.</summary>
    void Stop(IActorRef child);

    /// <summary>Replaces the behaviour.</summary>
    void Become(Receive receive);

    /// <summary>Asks for a <see cref="Actor.ReceiveTimeout"/> whenever no message came for that long; null: no more.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);
}
