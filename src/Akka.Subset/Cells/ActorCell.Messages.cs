namespace Akka.Actor.Internal;

/// <summary>Messages: ordinary ones, those that the cell handles itself, those of timers, and the receive timeout.</summary>
internal sealed partial class ActorCell
{
    private ICancelable? _pendingReceiveTimeout;

    public TimeSpan? ReceiveTimeout { get; private set; }

    public void SetReceiveTimeout(TimeSpan? timeout) => ReceiveTimeout = timeout;

    private void Invoke(Envelope envelope)
    {
        var influences = envelope.Message is not INotInfluenceReceiveTimeout
            and not TimerScheduler.Timer { Message: INotInfluenceReceiveTimeout };
        CurrentMessage = envelope.Message;
        CurrentSender = envelope.Sender;
        CurrentMessageNumber++;
        try
        {
            if (influences)
                CancelReceiveTimeout();
            Deliver(envelope.Message);
            (CurrentMessage, CurrentSender) = (null, null);
        }
        catch (Exception cause)
        {
            Fail(cause);
        }
        finally
        {
            StartReceiveTimeout(restart: influences);
        }
    }

    private void Deliver(object message)
    {
        switch (message)
        {
            case TimerScheduler.Timer timer:
                if (_actor?.OwnTimers?.Fired(timer) is { } due)
                    Deliver(CurrentMessage = due);
                break;
            case Terminated terminated:
                if (_terminatedQueued.Remove(terminated.ActorRef, out var instead))
                    _actor!.Handle(_behaviour, CurrentMessage = instead ?? terminated);
                break;
            case PoisonPill:
                _self.SendSystemMessage(new SystemMessage.Terminate());
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            default:
                _actor!.Handle(_behaviour, message);
                break;
        }
    }

    private void StartReceiveTimeout(bool restart)
    {
        if (ReceiveTimeout is not { } timeout || _terminated)
        {
            CancelReceiveTimeout();
        }
        else if (restart || _pendingReceiveTimeout is null)
        {
            CancelReceiveTimeout();
            _pendingReceiveTimeout = System.Scheduler.ScheduleTellOnceCancelable(timeout, Self, Actor.ReceiveTimeout.Instance, Self);
        }
    }

    private void CancelReceiveTimeout()
    {
        _pendingReceiveTimeout?.Cancel();
        _pendingReceiveTimeout = null;
    }
}
