namespace Akka.Actor.Internal;

/// <summary>The references that this implementation makes: they belong to a system and take system messages.</summary>
internal interface IInternalActorRef : IActorRef
{
    SubsetActorSystem System { get; }

    /// <summary>False for an actor of another node.</summary>
    bool IsLocal { get; }

    void SendSystemMessage(SystemMessage message);
}

/// <summary>A reference without an actor behind it: the dead letters, a question's answer, the root.</summary>
internal abstract class MinimalActorRef : ActorRefBase, IInternalActorRef
{
    public abstract SubsetActorSystem System { get; }

    public bool IsLocal => true;

    public virtual void SendSystemMessage(SystemMessage message)
    {
        if (message is SystemMessage.Watch watch)
            watch.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(this, ExistenceConfirmed: false));
    }

    private protected override void TellInternal(object message, IActorRef? sender) => System.DeadLetters.Tell(message, sender);
}

/// <summary>An actor of this system.</summary>
internal sealed class LocalActorRef : ActorRefBase, IInternalActorRef
{
    private readonly ActorCell _cell;

    public LocalActorRef(SubsetActorSystem system, Props props, ActorPath path, IInternalActorRef parent) =>
        (Path, _cell) = (path, new ActorCell(system, this, props, parent));

    public override ActorPath Path { get; }

    public SubsetActorSystem System => Cell.SystemImpl;

    public bool IsLocal => true;

    public ActorCell Cell => _cell;

    public void SendSystemMessage(SystemMessage message) => _cell.SendSystemMessage(message);

    private protected override void TellInternal(object message, IActorRef? sender) => _cell.SendMessage(new Envelope(message, sender));
}

/// <summary>Where messages end that have no recipient; each is published as a <see cref="DeadLetter"/>.</summary>
internal sealed class DeadLetterActorRef(SubsetActorSystem system) : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(new Address("akka", system.Name)) / "deadLetters";

    public override SubsetActorSystem System => system;

    private protected override void TellInternal(object message, IActorRef? sender) => Publish(message, sender, this);

    public void Publish(object message, IActorRef? sender, IActorRef recipient)
    {
        if (message is DeadLetter letter)
            system.EventStream.Publish(letter);
        else if (message is not IDeadLetterSuppression)
            system.EventStream.Publish(new DeadLetter(message, sender ?? this, recipient));
    }
}
