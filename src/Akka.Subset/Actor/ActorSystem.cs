namespace Akka.Actor;

/// <summary>A hierarchy of actors with what they share.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    private protected ActorSystem()
    {
    }

    /// <summary>Letters, digits, <c>-</c> and <c>_</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Where messages end that have no recipient.</summary>
    public abstract IActorRef DeadLetters { get; }

    /// <summary>The system's events.</summary>
    public abstract EventStream EventStream { get; }

    /// <summary>Sends messages later.</summary>
    public abstract IScheduler Scheduler { get; }

    /// <summary>The system's own logger.</summary>
    public abstract ILoggingAdapter Log { get; }

    /// <summary>Completes when everything has stopped after <see cref="Terminate"/>.</summary>
    public abstract Task WhenTerminated { get; }

    /// <summary>A system without remoting that logs nowhere. One with settings: <see cref="SubsetSystem"/>.</summary>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public static ActorSystem Create(string name) => SubsetSystem.Create(name, new SubsetSettings());

    /// <inheritdoc/>
    public abstract IActorRef ActorOf(Props props, string? name = null);

    /// <inheritdoc/>
    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    /// <inheritdoc/>
    public abstract ActorSelection ActorSelection(string actorPath);

    /// <summary>Stops an actor after the message that it is handling.</summary>
    public abstract void Stop(IActorRef actor);

    /// <summary>Stops all actors, children first, then remoting, which sends what it has got for a moment longer.</summary>
    public abstract Task Terminate();

    /// <summary>Begins to terminate.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    private protected virtual void Dispose(bool disposing) => _ = Terminate();
}

/// <summary>What parts of the library see of a system.</summary>
public abstract class ExtendedActorSystem : ActorSystem
{
    private protected ExtendedActorSystem()
    {
    }

    /// <summary>Creates an actor below <c>/system</c>.</summary>
    public abstract IActorRef SystemActorOf(Props props, string? name = null);

    /// <summary>Ends the system as if its process died: remoting is cut at once, the cluster is not left.</summary>
    public abstract void Abort();
}
