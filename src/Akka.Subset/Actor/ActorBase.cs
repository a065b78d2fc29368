namespace Akka.Actor;

/// <summary>An actor: state that one thread at a time touches, one message after the other.</summary>
public abstract class ActorBase
{
    private readonly ActorCell _cell;

    /// <summary>Only through <see cref="Props"/>.</summary>
    /// <exception cref="ActorInitializationException">The actor was made with <c>new</c> outside of <see cref="Props"/>.</exception>
    protected ActorBase()
    {
        _cell = ActorCell.Current ?? throw new ActorInitializationException(null,
            "Do not create actors using 'new', always create them using an ActorContext/System");
        if (this is IWithTimers withTimers)
            withTimers.Timers = OwnTimers = new TimerScheduler(_cell);
        if (this is IActorStash withStash)
            withStash.Stash = OwnStash = new Stash(_cell);
        _cell.Become(Receive);
    }

    internal TimerScheduler? OwnTimers { get; }

    internal Stash? OwnStash { get; }

    /// <summary>The context of the actor that runs on this thread.</summary>
    /// <exception cref="NotSupportedException">No actor runs here, most likely because the code is behind an <c>await</c>.</exception>
    protected static IActorContext Context => ActorCell.Current ?? throw new NotSupportedException(
        "There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

    /// <summary>This actor; also outside of message handling.</summary>
    protected IActorRef Self => _cell.Self;

    /// <summary>The sender of the current message; the dead letters when it has none.</summary>
    protected IActorRef Sender => Context.Sender;

    /// <summary>The first behaviour.</summary>
    protected abstract bool Receive(object message);

    /// <summary>Before the first message of the first incarnation, and of every later one unless PostRestart says otherwise.</summary>
    protected virtual void PreStart() { }

    /// <summary>After the last message.</summary>
    protected virtual void PostStop() { }

    /// <summary>On the failed instance, before it is replaced: stops the children, then <see cref="PostStop"/>.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">What it was handling; null when it failed otherwise.</param>
    protected virtual void PreRestart(Exception reason, object message)
    {
        foreach (var child in Context.GetChildren().ToArray())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>On the new instance: <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>Decides over failed children. Asked for once per incarnation.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.DefaultStrategy;

    /// <summary>What happens to a message without a handler: <see cref="UnhandledMessage"/> is published, and a
    /// <see cref="Terminated"/> throws a <see cref="DeathPactException"/>.</summary>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException(terminated.ActorRef);
        _cell.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    /// <summary>Replaces the behaviour.</summary>
    protected void Become(Receive receive) => Context.Become(receive);

    /// <summary>See <see cref="IActorContext.SetReceiveTimeout"/>.</summary>
    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);

    internal virtual void Constructed() { }

    internal void Handle(Receive behaviour, object message)
    {
        if (!behaviour(message))
            Unhandled(message);
    }

    internal SupervisorStrategy Strategy() => SupervisorStrategy();

    internal void Start() => PreStart();

    internal void Stopped()
    {
        OwnTimers?.CancelAll();
        PostStop();
    }

    internal void BeforeRestart(Exception reason, object? message)
    {
        OwnTimers?.CancelAll();
        PreRestart(reason, message!);
    }

    internal void AfterRestart(Exception reason) => PostRestart(reason);
}

/// <summary>An actor with one handler for everything.</summary>
public abstract class UntypedActor : ActorBase
{
    /// <summary>Handles a message; <see cref="ActorBase.Unhandled"/> is for what it does not know.</summary>
    protected abstract void OnReceive(object message);

    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }
}

/// <summary>An actor that lists a handler for each type of message, in its constructor and in <see cref="Become(Action)"/>.</summary>
public abstract class ReceiveActor : UntypedActor
{
    private Handlers? _configuring = new();
    private Handlers _first = new();

    /// <summary>Replaces the behaviour by the handlers that <paramref name="configure"/> lists.</summary>
    protected void Become(Action configure) => Become(Behaviour(configure));

    /// <summary>Handles a <typeparamref name="T"/> for which <paramref name="shouldHandle"/> holds. The first handler that fits, wins.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => Add(message =>
    {
        if (message is not T typed || shouldHandle?.Invoke(typed) == false)
            return false;
        handler(typed);
        return true;
    }, any: shouldHandle is null && typeof(T) == typeof(object));

    /// <summary>Handles a <typeparamref name="T"/> for which <paramref name="shouldHandle"/> holds.</summary>
    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Receive(handler, shouldHandle);

    /// <summary>Handles a <typeparamref name="T"/> unless <paramref name="handler"/> returns false: then the next handler is tried.</summary>
    protected void Receive<T>(Func<T, bool> handler) => Add(message => message is T typed && handler(typed), any: false);

    /// <summary>Handles everything else; nothing may be listed after it.</summary>
    protected void ReceiveAny(Action<object> handler) => Receive(handler);

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message)
    {
        if (!_first.Take(message))
            Unhandled(message);
    }

    internal override void Constructed() => (_first, _configuring) = (_configuring ?? _first, null);

    private Receive Behaviour(Action configure)
    {
        var outer = _configuring;
        var handlers = _configuring = new Handlers();
        try
        {
            configure();
        }
        finally
        {
            _configuring = outer;
        }

        return message => handlers.Take(message);
    }

    private void Add(Receive handler, bool any)
    {
        if (_configuring is null)
            throw new InvalidOperationException("You may only call Receive-methods when constructing the actor and inside Become().");
        if (_configuring.Complete)
            throw new InvalidOperationException("A handler that catches all messages has been added. No handler can be added after that.");
        _configuring.List.Add(handler);
        _configuring.Complete = any;
    }

    private sealed class Handlers
    {
        public List<Receive> List { get; } = [];

        public bool Complete { get; set; }

        public bool Take(object message) => List.Exists(handler => handler(message));
    }
}
