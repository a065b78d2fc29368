namespace Akka.Actor.Internal;

/// <summary>The one kind of system there is.</summary>
internal sealed class SubsetActorSystem : ExtendedActorSystem
{
    private readonly Address _localAddress;
    private readonly RootRef _root;
    private readonly LocalActorRef _user;
    private readonly LocalActorRef _system;
    private readonly ConcurrentDictionary<string, MinimalActorRef> _temporary = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _temporaryNames;

    public SubsetActorSystem(string name, SubsetSettings settings)
    {
        if (!Address.IsSystemName(name))
            throw new ArgumentException($"invalid ActorSystem name [{name}], must contain only letters, digits, '-' and '_'", nameof(name));
        (Name, Settings, _localAddress) = (name, settings, new Address("akka", name));
        DeadLetterRef = new DeadLetterActorRef(this);
        Scheduler = settings.Scheduler ?? new TimerQueueScheduler(settings.TimeProvider);
        Log = Logging.GetLogger(this, $"ActorSystem({name})");
        _root = new RootRef(this, new RootActorPath(_localAddress));
        _user = Guardian("user");
        _system = Guardian("system");
        if (settings.Remote is not { } remote)
            return;
        Serializers = new Serializers(this, remote.Serializers);
        Transport = new Transport(this, remote, settings.TimeProvider);
        ClusterExtension = new Cluster.Cluster(this, Transport);
        Transport.Start();
    }

    public override string Name { get; }

    public DeadLetterActorRef DeadLetterRef { get; }

    public override IActorRef DeadLetters => DeadLetterRef;

    public override EventStream EventStream { get; } = new();

    public override IScheduler Scheduler { get; }

    public override ILoggingAdapter Log { get; }

    public override Task WhenTerminated => _terminated.Task;

    public SubsetSettings Settings { get; }

    public Serializers Serializers { get; } = null!;

    public Transport? Transport { get; }

    public Cluster.Cluster? ClusterExtension { get; }

    public int Throughput => Settings.Throughput;

    public override IActorRef ActorOf(Props props, string? name = null) => _user.Cell.ActorOf(props, name);

    public override IActorRef SystemActorOf(Props props, string? name = null) => _system.Cell.ActorOf(props, name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => Select(actorPath);

    public override ActorSelection ActorSelection(string actorPath) => Select(actorPath, _user.Path);

    public override void Stop(IActorRef actor) => ((IInternalActorRef)actor).SendSystemMessage(new SystemMessage.Terminate());

    public override Task Terminate()
    {
        _user.SendSystemMessage(new SystemMessage.Terminate());
        return WhenTerminated;
    }

    public override void Abort()
    {
        Transport?.Dispose();
        _ = Terminate();
    }

    public bool Keeps(LogLevel level) => Settings.Log is not null && level >= Settings.LogLevel;

    public void Publish(LogLevel level, string source, string message, Exception? cause)
    {
        if (Keeps(level))
            Settings.Log!(level, source, message, cause);
    }

    public ActorSelection Select(ActorPath path) => new(this, path);

    /// <summary>A selection by text, which may be relative to <paramref name="anchor"/>.</summary>
    public ActorSelection Select(string path, ActorPath anchor)
    {
        if (ActorPath.TryParse(path, out var whole))
            return Select(whole);
        var elements = new Stack<string>(path.StartsWith('/') ? [] : anchor.Elements);
        foreach (var element in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (element == "..")
                elements.TryPop(out _);
            else if (element != ".")
                elements.Push(element);
        }

        return Select(ActorPath.Create(_localAddress, [.. elements.Reverse()], 0));
    }

    /// <summary>The actor at a path: a local one, or a reference that sends over the wire; the dead letters for a local path without one.</summary>
    public IActorRef Resolve(ActorPath path)
    {
        if (path.Address == _localAddress || path.Address == Transport?.Self.Address)
            return ResolveLocal(path) ?? DeadLetters;
        return Transport is not null && path.Address is { Protocol: "akka.tcp", Port: not null } && path.Address.System == Name
            ? new RemoteActorRef(Transport, path)
            : DeadLetters;
    }

    public ActorPath NewTemporaryPath() =>
        new RootActorPath(_localAddress) / "temp" / ("$" + Interlocked.Increment(ref _temporaryNames).ToString("x"));

    public void AddTemporary(MinimalActorRef reference) => _temporary[reference.Path.Name] = reference;

    public void RemoveTemporary(MinimalActorRef reference) => _temporary.TryRemove(reference.Path.Name, out _);

    private IActorRef? ResolveLocal(ActorPath path)
    {
        if (path.Elements is ["temp", var name])
            return _temporary.GetValueOrDefault(name);
        var found = path.Elements.Count == 0 ? null : path.Elements[0] switch { "user" => _user, "system" => _system, _ => null };
        foreach (var element in path.Elements.Skip(1))
            found = found?.Cell.GetChild(element);
        return path.Uid == 0 || found?.Path.Uid == path.Uid ? found : null;
    }

    private LocalActorRef Guardian(string name)
    {
        var guardian = new LocalActorRef(this, Props.Create<Guardian>(), _root.Path / name, _root);
        guardian.SendSystemMessage(new SystemMessage.Create());
        return guardian;
    }

    private void GuardianTerminated(IActorRef guardian)
    {
        if (guardian.Equals(_user))
        {
            _system.SendSystemMessage(new SystemMessage.Terminate());
            return;
        }

        _ = End();
    }

    private async Task End()
    {
        if (Transport is not null)
            await Transport.Flush();
        (Scheduler as IDisposable)?.Dispose();
        _terminated.TrySetResult();
    }

    /// <summary>Above the guardians: when one fails, the system ends.</summary>
    private sealed class RootRef(SubsetActorSystem system, ActorPath path) : MinimalActorRef
    {
        public override ActorPath Path => path;

        public override SubsetActorSystem System => system;

        public override void SendSystemMessage(SystemMessage message)
        {
            switch (message)
            {
                case SystemMessage.DeathWatchNotification death: system.GuardianTerminated(death.Actor); break;
                case SystemMessage.Failed failed:
                    system.Publish(LogLevel.ErrorLevel, path.ToString(), $"{failed.Child} failed, shutting down the system", failed.Cause);
                    _ = system.Terminate();
                    break;
                default:
                    base.SendSystemMessage(message);
                    break;
            }
        }
    }
}

/// <summary><c>/user</c> and <c>/system</c>: parents that restart what fails, as the default strategy says.</summary>
internal sealed class Guardian : UntypedActor
{
    protected override void OnReceive(object message) => Unhandled(message);
}
