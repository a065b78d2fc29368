namespace Akka.Actor.Internal;

/// <summary>What cells tell each other. They overtake ordinary messages and are handled while a cell is suspended.</summary>
internal abstract record SystemMessage
{
    public sealed record Create : SystemMessage;

    public sealed record Recreate(Exception Cause) : SystemMessage;

    public sealed record Suspend : SystemMessage;

    public sealed record Resume(Exception? CausedByFailure) : SystemMessage;

    public sealed record Terminate : SystemMessage;

    public sealed record Watch(IInternalActorRef Watchee, IInternalActorRef Watcher) : SystemMessage;

    public sealed record Unwatch(IInternalActorRef Watchee, IInternalActorRef Watcher) : SystemMessage;

    public sealed record DeathWatchNotification(IActorRef Actor, bool ExistenceConfirmed) : SystemMessage;

    public sealed record Failed(IActorRef Child, Exception Cause, long Uid) : SystemMessage;
}
