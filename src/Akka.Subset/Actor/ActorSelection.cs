namespace Akka.Actor;

/// <summary>Whatever actor is at a path when a message arrives there, on this node or another. No wildcards.</summary>
public class ActorSelection : ICanTell
{
    private readonly ActorPath _path;

    internal ActorSelection(SubsetActorSystem system, ActorPath path) => (System, _path) = (system, path);

    internal SubsetActorSystem System { get; }

    /// <summary>Sends; without a sender the actor that runs on this thread, if any, is the sender.</summary>
    public void Tell(object message, IActorRef? sender = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        System.Resolve(_path).Tell(message, sender ?? ActorCell.Current?.Self);
    }

    /// <inheritdoc/>
    public override string ToString() => $"ActorSelection[{_path}]";
}
