namespace Akka.Actor.Internal;

/// <summary>
/// Creation, failure, restart and the end. A cell that failed is suspended until its supervisor has decided; one whose children must
/// stop first is suspended until they have, with what is then to be done in <see cref="_whenChildrenStopped"/>.
/// </summary>
internal sealed partial class ActorCell
{
    private readonly List<SystemMessage> _deferred = [];
    private Action? _whenChildrenStopped;
    private IActorRef? _failed;
    private SupervisorStrategy? _strategy;

    private bool IsTerminating { get; set; }

    private void RunSystemMessages()
    {
        while (!_terminated && NextSystemMessage() is { } message)
        {
            if (MustWait(message))
                _deferred.Add(message);
            else
                Handle(message);
        }
    }

    private SystemMessage? NextSystemMessage()
    {
        var ready = _deferred.FindIndex(message => !MustWait(message));
        if (ready < 0)
            return _systemQueue.TryDequeue(out var next) ? next : null;
        var message = _deferred[ready];
        _deferred.RemoveAt(ready);
        return message;
    }

    /// <summary>A supervisor that is suspended decides over no child, and one that waits for its children's end is not restarted yet.</summary>
    private bool MustWait(SystemMessage message) => message switch
    {
        SystemMessage.Failed => _suspensions > 0,
        SystemMessage.Recreate or SystemMessage.Suspend or SystemMessage.Resume => _whenChildrenStopped is not null,
        _ => false,
    };

    private void Handle(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case SystemMessage.Create: Create(); break;
                case SystemMessage.Recreate recreate: Recreate(recreate.Cause); break;
                case SystemMessage.Suspend:
                    _suspensions++;
                    SuspendChildren(except: null);
                    break;
                case SystemMessage.Resume resume: Resume(resume.CausedByFailure); break;
                case SystemMessage.Terminate: Terminate(); break;
                case SystemMessage.Watch watch: _watchedBy.Add(watch.Watcher); break;
                case SystemMessage.Unwatch unwatch: _watchedBy.Remove(unwatch.Watcher); break;
                case SystemMessage.DeathWatchNotification death: ActorTerminated(death.Actor, death.ExistenceConfirmed); break;
                case SystemMessage.Failed failed: ChildFailed(failed); break;
            }
        }
        catch (Exception cause)
        {
            Fail(cause, (message as SystemMessage.Failed)?.Child);
        }
    }

    private void Create()
    {
        try
        {
            NewActor().Start();
            StartReceiveTimeout(restart: true);
        }
        catch (Exception e)
        {
            _actor = null;
            throw new ActorInitializationException(_self, "Exception during creation", e);
        }
    }

    private ActorBase NewActor()
    {
        _strategy = null;
        _actor = Props.NewActor();
        _actor.Constructed();
        return _actor;
    }

    /// <summary>Suspends this actor and tells its supervisor; <paramref name="child"/> is the failed child that it could not handle.</summary>
    private void Fail(Exception cause, IActorRef? child = null)
    {
        if (_failed is not null || _terminated)
            return;
        _failed = child ?? _self;
        _suspensions++;
        SuspendChildren(except: child);
        _parent.SendSystemMessage(new SystemMessage.Failed(_self, cause, _self.Path.Uid));
    }

    private void ChildFailed(SystemMessage.Failed failed)
    {
        if (_actor is null || FindChild(failed.Child) is not { } child)
            return;
        CurrentSender = failed.Child;
        _strategy ??= _actor.Strategy();
        if (!_strategy.HandleFailure(this, child, failed.Cause))
            Fail(failed.Cause, failed.Child);
        CurrentSender = null;
    }

    private void SuspendChildren(IActorRef? except)
    {
        foreach (var child in Children())
        {
            if (!child.Equals(except))
                child.SendSystemMessage(new SystemMessage.Suspend());
        }
    }

    private void Resume(Exception? causedByFailure)
    {
        if (_actor is null && causedByFailure is not null)
        {
            Recreate(causedByFailure);
            return;
        }

        _suspensions--;
        var perpetrator = _failed;
        if (causedByFailure is not null)
            _failed = null;
        foreach (var child in Children())
            child.SendSystemMessage(new SystemMessage.Resume(child.Equals(perpetrator) ? causedByFailure : null));
    }

    private void Recreate(Exception cause)
    {
        var old = _actor;
        try
        {
            old?.BeforeRestart(cause, CurrentMessage);
            old?.OwnStash?.UnstashAll();
        }
        catch (Exception e)
        {
            Log(LogLevel.ErrorLevel, $"PreRestart failed: {e.Message}", e);
        }

        (CurrentMessage, CurrentSender) = (null, null);
        if (old is null)
            StopChildren();
        WhenChildrenStopped(() => Recreated(old is null ? fresh => fresh.Start() : fresh => fresh.AfterRestart(cause), cause));
    }

    private void Recreated(Action<ActorBase> start, Exception cause)
    {
        var survivors = Children();
        _suspensions--;
        _failed = null;
        try
        {
            start(NewActor());
            StartReceiveTimeout(restart: true);
        }
        catch (Exception e)
        {
            _actor = null;
            Fail(new PostRestartException(_self, e, cause));
            return;
        }

        foreach (var survivor in survivors)
            survivor.SendSystemMessage(new SystemMessage.Recreate(cause));
    }

    private void Terminate()
    {
        ReceiveTimeout = null;
        CancelReceiveTimeout();
        UnwatchAll();
        CloseToChildren();
        StopChildren();
        if (!IsTerminating)
        {
            IsTerminating = true;
            _suspensions++;
            _failed ??= _self;
        }

        WhenChildrenStopped(Terminated);
    }

    private void WhenChildrenStopped(Action next)
    {
        if (_stoppingChildren.Count == 0)
            next();
        else if (_whenChildrenStopped is null || IsTerminating)
            _whenChildrenStopped = next;
    }

    private void Terminated()
    {
        try
        {
            _actor?.Stopped();
            _actor?.OwnStash?.UnstashAll();
        }
        catch (Exception e)
        {
            Log(LogLevel.ErrorLevel, $"PostStop failed: {e.Message}", e);
        }

        UnwatchAll();
        while (_unstashed.TryPop(out var envelope))
            SystemImpl.DeadLetterRef.Publish(envelope.Message, envelope.Sender, _self);
        _terminated = true;
        DrainToDeadLetters();
        _actor = null;
        _parent.SendSystemMessage(new SystemMessage.DeathWatchNotification(_self, ExistenceConfirmed: true));
        TellWatchers();
    }

    private void Log(LogLevel level, string message, Exception? cause) =>
        SystemImpl.Publish(level, _self.Path.ToString(), message, cause);
}
