namespace Akka.Actor.Internal;

/// <summary>Children. Others look them up, so a lock guards the table; what waits for their end belongs to the running thread.</summary>
internal sealed partial class ActorCell
{
    private readonly Dictionary<string, ChildStats> _children = new(StringComparer.Ordinal);
    private readonly HashSet<IActorRef> _stoppingChildren = [];
    private long _unnamedChildren;
    private bool _closedToChildren;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
            throw new InvalidActorNameException($"Illegal actor name [{name}]. It must be ASCII letters, digits or {ActorPath.ValidSymbols}, "
                + "and must not start with $.");
        LocalActorRef child;
        lock (_children)
        {
            if (_closedToChildren)
                throw new InvalidOperationException($"Cannot create child '{name}' of [{_self.Path}]: it is terminating or terminated");
            name ??= "$" + _unnamedChildren++.ToString("x");
            child = new LocalActorRef(SystemImpl, props, (_self.Path / name).WithUid(Random.Shared.Next(1, int.MaxValue)), _self);
            if (!_children.TryAdd(name, new ChildStats(child)))
                throw new InvalidActorNameException($"Actor name \"{name}\" is not unique!");
        }

        child.SendSystemMessage(new SystemMessage.Create());
        return child;
    }

    public IEnumerable<IActorRef> GetChildren() => Children();

    public IActorRef Child(string name) => GetChild(name) ?? (IActorRef)ActorRefs.Nobody;

    public LocalActorRef? GetChild(string name)
    {
        lock (_children)
            return _children.TryGetValue(name, out var child) ? child.Ref : null;
    }

    public void Stop(IActorRef child)
    {
        if (FindChild(child) is { } known)
            _stoppingChildren.Add(known.Ref);
        ((IInternalActorRef)child).SendSystemMessage(new SystemMessage.Terminate());
    }

    private LocalActorRef[] Children()
    {
        lock (_children)
            return [.. _children.Values.Select(child => child.Ref)];
    }

    private ChildStats? FindChild(IActorRef child)
    {
        lock (_children)
            return _children.TryGetValue(child.Path.Name, out var known) && known.Ref.Equals(child) ? known : null;
    }

    private void StopChildren()
    {
        foreach (var child in Children())
            Stop(child);
    }

    private void CloseToChildren()
    {
        lock (_children)
            _closedToChildren = true;
    }

    private void RemoveChild(ChildStats child)
    {
        lock (_children)
            _children.Remove(child.Ref.Path.Name);
        _stoppingChildren.Remove(child.Ref);
        if (_stoppingChildren.Count == 0 && _whenChildrenStopped is { } next)
        {
            _whenChildrenStopped = null;
            next();
        }
    }
}
