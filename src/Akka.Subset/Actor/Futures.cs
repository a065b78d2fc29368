namespace Akka.Actor;

/// <summary>Asking: a message whose answer completes a task. The time-out is real time, also where the scheduler's is virtual.</summary>
public static class Futures
{
    /// <summary>Asks; see the overload with both limits.</summary>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    /// <summary>
    /// Asks. The task fails with <see cref="AskTimeoutException"/> when no answer comes in time (null: no limit), with the cause of an
    /// answer that is a <see cref="Status.Failure"/>, and with <see cref="ArgumentException"/> when the answer is of another type.
    /// </summary>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var system = SystemOf(self) ?? throw new ArgumentException("Unable to resolve the target Provider", nameof(self));
        var answer = new FutureActorRef<T>(system);
        var expiry = timeout is { } limit && limit > TimeSpan.Zero ? new CancellationTokenSource(limit) : null;
        var onExpiry = expiry?.Token.Register(() => answer.Result.TrySetException(
            new AskTimeoutException($"Timeout after {timeout!.Value.TotalSeconds:F2} seconds")));
        var onCancel = cancellationToken.Register(() => answer.Result.TrySetCanceled(cancellationToken));
        system.AddTemporary(answer);
        _ = answer.Result.Task.ContinueWith(_ =>
        {
            system.RemoveTemporary(answer);
            onExpiry?.Unregister();
            onCancel.Unregister();
            expiry?.Dispose();
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        self.Tell(message, answer);
        return answer.Result.Task;
    }

    internal static SubsetActorSystem? SystemOf(ICanTell target) => target switch
    {
        ActorSelection selection => selection.System,
        IInternalActorRef and not Nobody => ((IInternalActorRef)target).System,
        _ => ActorCell.Current?.SystemImpl,
    };
}

/// <summary>Stopping an actor and awaiting its end.</summary>
public static class GracefulStopSupport
{
    /// <summary>Sends a <see cref="PoisonPill"/>; true once the actor has stopped, false when it has not in time.</summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>Sends <paramref name="stopMessage"/>; true once the actor has stopped, false when it has not in time.</summary>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var watchee = (IInternalActorRef)target;
        var end = new TerminationRef(watchee.System);
        watchee.SendSystemMessage(new SystemMessage.Watch(watchee, end));
        target.Tell(stopMessage, ActorRefs.NoSender);
        var stopped = await Task.WhenAny(end.Terminated, Task.Delay(timeout)) == end.Terminated;
        if (!stopped)
            watchee.SendSystemMessage(new SystemMessage.Unwatch(watchee, end));
        return stopped;
    }
}

/// <summary>Sending what comes of a task to an actor.</summary>
public static class PipeToSupport
{
    /// <summary>
    /// Sends the result, or what <paramref name="success"/> makes of it; for a failure a <see cref="Status.Failure"/>, or what
    /// <paramref name="failure"/> makes of the exception.
    /// </summary>
    public static async Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null)
    {
        try
        {
            var result = await taskToPipe.ConfigureAwait(false);
            recipient.Tell(success is null ? result! : success(result), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }

    /// <summary>The same for a task without a result: without <paramref name="success"/> nothing is sent when it ends well.</summary>
    public static async Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null)
    {
        try
        {
            await taskToPipe.ConfigureAwait(false);
            if (success is not null)
                recipient.Tell(success(), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }
}
