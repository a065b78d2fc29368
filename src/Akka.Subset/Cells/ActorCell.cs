namespace Akka.Actor.Internal;

/// <summary>
/// What runs an actor: its mailbox, its context, its children and watchers. At most one thread of the pool runs a cell at a time, a
/// bounded number of messages in one go; the mailbox is unbounded. Everything here that no lock guards belongs to the thread that runs it.
/// </summary>
internal sealed partial class ActorCell : IActorContext, IThreadPoolWorkItem
{
    [ThreadStatic]
    private static ActorCell? t_current;

    private readonly ConcurrentQueue<SystemMessage> _systemQueue = new();
    private readonly ConcurrentQueue<Envelope> _queue = new();
    private readonly Stack<Envelope> _unstashed = new();
    private readonly LocalActorRef _self;
    private readonly IInternalActorRef _parent;
    private ActorBase? _actor;
    private Receive _behaviour = static _ => false;
    private int _scheduled;
    private int _suspensions;
    private volatile bool _terminated;

    public ActorCell(SubsetActorSystem system, LocalActorRef self, Props props, IInternalActorRef parent) =>
        (SystemImpl, _self, Props, _parent) = (system, self, props, parent);

    /// <summary>The cell that runs on this thread.</summary>
    public static ActorCell? Current
    {
        get => t_current;
        set => t_current = value;
    }

    public SubsetActorSystem SystemImpl { get; }

    public ActorSystem System => SystemImpl;

    public IActorRef Self => _self;

    public IActorRef Parent => _parent;

    public Props Props { get; }

    public IActorRef Sender => CurrentSender ?? System.DeadLetters;

    public IActorRef? CurrentSender { get; private set; }

    public object? CurrentMessage { get; private set; }

    public long CurrentMessageNumber { get; private set; }

    public bool IsTerminated => _terminated;

    public ActorSelection ActorSelection(ActorPath actorPath) => SystemImpl.Select(actorPath);

    public ActorSelection ActorSelection(string actorPath) => SystemImpl.Select(actorPath, _self.Path);

    public void Become(Receive receive) => _behaviour = receive;

    public void SendMessage(Envelope envelope)
    {
        if (!_terminated)
        {
            _queue.Enqueue(envelope);
            Schedule();
        }
        else
        {
            SystemImpl.DeadLetterRef.Publish(envelope.Message, envelope.Sender, _self);
        }

        // An actor that ended between the two lines above took no notice of this message.
        if (_terminated)
            DrainToDeadLetters();
    }

    public void SendSystemMessage(SystemMessage message)
    {
        _systemQueue.Enqueue(message);
        if (_terminated)
            DrainToDeadLetters();
        else
            Schedule();
    }

    /// <summary>Puts a message before all others; for the stash, on the actor's thread.</summary>
    public void EnqueueFirst(Envelope envelope)
    {
        _unstashed.Push(envelope);
        if (envelope.Message is Terminated terminated)
            _terminatedQueued[terminated.ActorRef] = null;
    }

    public void Execute()
    {
        var outer = t_current;
        t_current = this;
        try
        {
            RunSystemMessages();
            for (var left = SystemImpl.Throughput; left > 0 && IsReceiving && TryDequeue(out var envelope); left--)
            {
                Invoke(envelope);
                RunSystemMessages();
            }
        }
        finally
        {
            t_current = outer;
        }

        var receiving = IsReceiving;
        var more = receiving && _unstashed.Count > 0;
        Interlocked.Exchange(ref _scheduled, 0);
        if (more || !_systemQueue.IsEmpty || (receiving && !_queue.IsEmpty))
            Schedule();
    }

    private bool IsReceiving => _suspensions == 0 && !_terminated;

    private void Schedule()
    {
        if (Interlocked.CompareExchange(ref _scheduled, 1, 0) != 0)
            return;
        if (Props.OnCallingThread)
            Execute();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TryDequeue(out Envelope envelope) => _unstashed.TryPop(out envelope) || _queue.TryDequeue(out envelope);

    private void DrainToDeadLetters()
    {
        while (_queue.TryDequeue(out var envelope))
            SystemImpl.DeadLetterRef.Publish(envelope.Message, envelope.Sender, _self);
        while (_systemQueue.TryDequeue(out var message))
        {
            if (message is SystemMessage.Watch watch)
                watch.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(_self, ExistenceConfirmed: false));
        }
    }
}
