namespace Akka.Actor;

/// <summary>The base of what this library throws.</summary>
public abstract class AkkaException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>An actor could not be created: its constructor or PreStart threw.</summary>
public class ActorInitializationException(IActorRef? actor, string message, Exception? cause = null) : AkkaException(message, cause)
{
    /// <summary>The actor that failed, or null for one that never had a reference.</summary>
    public IActorRef? Actor { get; } = actor;
}

/// <summary>An actor could not be created again: its constructor or PostRestart threw.</summary>
public class PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
    : ActorInitializationException(actor, $"Exception post restart ({originalCause.GetType().Name}: {originalCause.Message})", cause);

/// <summary>What <see cref="Kill"/> makes an actor fail with.</summary>
public class ActorKilledException(string message) : AkkaException(message);

/// <summary>A watched actor stopped and the watcher did not handle <see cref="Terminated"/>.</summary>
public class DeathPactException(IActorRef deadActor) : AkkaException($"Monitored actor [{deadActor}] terminated")
{
    /// <summary>The actor that stopped.</summary>
    public IActorRef DeadActor { get; } = deadActor;
}

/// <summary>A name that no actor may have, or that a sibling has.</summary>
public class InvalidActorNameException(string message) : AkkaException(message);

/// <summary>The actor asked the impossible of its own state, such as stashing one message twice.</summary>
public class IllegalActorStateException(string message) : AkkaException(message);

/// <summary>No answer came in time.</summary>
public class AskTimeoutException(string message) : AkkaException(message);
