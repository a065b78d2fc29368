namespace Akka.Actor;

/// <summary>A message and who sent it.</summary>
/// <param name="Message">The message.</param>
/// <param name="Sender">The sender, or null for none.</param>
public readonly record struct Envelope(object Message, IActorRef? Sender);

/// <summary>A message that the cell handles itself.</summary>
public interface IAutoReceivedMessage;

/// <summary>A message that does not put off the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>Stops an actor after the messages that it has already got.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, IDeadLetterSuppression
{
    private PoisonPill() { }

    /// <summary>The one of its kind.</summary>
    public static PoisonPill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes an actor fail with an <see cref="ActorKilledException"/>.</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill() { }

    /// <summary>The one of its kind.</summary>
    public static Kill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<Kill>";
}

/// <summary>Says that no message came for the time given to <see cref="IActorContext.SetReceiveTimeout"/>.</summary>
public sealed class ReceiveTimeout
{
    private ReceiveTimeout() { }

    /// <summary>The one of its kind.</summary>
    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>Says that a watched actor has stopped.</summary>
public sealed class Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated)
    : IAutoReceivedMessage, IDeadLetterSuppression
{
    /// <summary>The actor that stopped.</summary>
    public IActorRef ActorRef { get; } = actorRef;

    /// <summary>Whether it is known to have existed.</summary>
    public bool ExistenceConfirmed { get; } = existenceConfirmed;

    /// <summary>Whether its node went rather than the actor; never here, where remote actors can't be watched.</summary>
    public bool AddressTerminated { get; } = addressTerminated;

    /// <inheritdoc/>
    public override string ToString() => $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>How something went, for answers that carry nothing else.</summary>
public abstract class Status
{
    /// <summary>It worked.</summary>
    public sealed class Success(object? status) : Status
    {
        /// <summary>What came of it.</summary>
        public readonly object? Status = status;

        /// <inheritdoc/>
        public override string ToString() => "Success: " + Status;
    }

    /// <summary>It failed; an Ask that gets this one fails with its cause.</summary>
    public sealed class Failure(Exception cause) : Status
    {
        /// <summary>Why.</summary>
        public readonly Exception Cause = cause;

        /// <inheritdoc/>
        public override string ToString() => "Failure: " + Cause;
    }
}
