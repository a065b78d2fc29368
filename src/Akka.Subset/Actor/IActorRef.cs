namespace Akka.Actor;

/// <summary>What a message can be sent to.</summary>
public interface ICanTell
{
    /// <summary>Sends; never blocks and never fails because of the recipient.</summary>
    void Tell(object message, IActorRef? sender);
}

/// <summary>A handle to one incarnation of an actor, here or on another node.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>
{
    /// <summary>The actor's place, and the uid of its incarnation.</summary>
    ActorPath Path { get; }
}

/// <summary>The two references that name nobody.</summary>
public static class ActorRefs
{
    /// <summary>No sender: the recipient sees the dead letters as its sender.</summary>
    public static readonly IActorRef? NoSender;

    /// <summary>A recipient that drops everything.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;
}

/// <summary>Telling with the current actor as the sender.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends with the actor that runs on this thread, if any, as the sender.</summary>
    public static void Tell(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Self);

    /// <summary>Sends with the current message's sender as the sender.</summary>
    public static void Forward(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Sender);
}

/// <summary>What every reference shares: equality by path and uid, and its text.</summary>
public abstract class ActorRefBase : IActorRef
{
    /// <inheritdoc/>
    public abstract ActorPath Path { get; }

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        TellInternal(message, sender);
    }

    private protected abstract void TellInternal(object message, IActorRef? sender);

    /// <inheritdoc/>
    public bool Equals(IActorRef? other) =>
        other is not null && (ReferenceEquals(this, other) || (Path.Uid == other.Path.Uid && Path.Equals(other.Path)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IActorRef other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, Path.Uid);

    /// <inheritdoc/>
    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";
}

/// <summary>A recipient that drops everything; what <see cref="IActorContext.Child"/> gives for a name that no child has.</summary>
public sealed class Nobody : ActorRefBase, IInternalActorRef
{
    internal static readonly Nobody Instance = new();

    private Nobody()
    {
    }

    /// <inheritdoc/>
    public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "all-systems")) / "Nobody";

    bool IInternalActorRef.IsLocal => true;

    SubsetActorSystem IInternalActorRef.System => throw new NotSupportedException("Nobody belongs to no system");

    void IInternalActorRef.SendSystemMessage(SystemMessage message)
    {
    }

    private protected override void TellInternal(object message, IActorRef? sender)
    {
    }
}
