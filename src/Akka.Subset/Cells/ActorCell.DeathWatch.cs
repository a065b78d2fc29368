namespace Akka.Actor.Internal;

/// <summary>Death watch, both ways.</summary>
internal sealed partial class ActorCell
{
    private readonly Dictionary<IActorRef, object?> _watching = [];
    private readonly Dictionary<IActorRef, object?> _terminatedQueued = [];
    private readonly HashSet<IInternalActorRef> _watchedBy = [];

    public IActorRef Watch(IActorRef subject) => Watch(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (_watching.Remove(subject))
            ((IInternalActorRef)subject).SendSystemMessage(new SystemMessage.Unwatch((IInternalActorRef)subject, _self));
        _terminatedQueued.Remove(subject);
        return subject;
    }

    private IActorRef Watch(IActorRef subject, object? message)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var watchee = (IInternalActorRef)subject;
        if (!watchee.IsLocal)
            throw new NotSupportedException($"{subject} is an actor of another node, which can't be watched; use the cluster's events.");
        if (!subject.Equals(_self) && _watching.TryAdd(subject, message))
            watchee.SendSystemMessage(new SystemMessage.Watch(watchee, _self));
        return subject;
    }

    private void ActorTerminated(IActorRef actor, bool existenceConfirmed)
    {
        if (_watching.Remove(actor, out var message) && !IsTerminating)
        {
            _terminatedQueued[actor] = message;
            _self.Tell(new Terminated(actor, existenceConfirmed, addressTerminated: false), actor);
        }

        if (FindChild(actor) is { } child)
            RemoveChild(child);
    }

    private void UnwatchAll()
    {
        foreach (var watchee in _watching.Keys.Cast<IInternalActorRef>())
            watchee.SendSystemMessage(new SystemMessage.Unwatch(watchee, _self));
        _watching.Clear();
        _terminatedQueued.Clear();
    }

    private void TellWatchers()
    {
        foreach (var watcher in _watchedBy.Where(watcher => !watcher.Equals(_parent)))
            watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(_self, ExistenceConfirmed: true));
        _watchedBy.Clear();
    }
}
