namespace Akka.Actor.Internal;

/// <summary>The sender of a question: the first answer completes the task.</summary>
internal sealed class FutureActorRef<T>(SubsetActorSystem system) : MinimalActorRef
{
    public override ActorPath Path { get; } = system.NewTemporaryPath();

    public override SubsetActorSystem System => system;

    public TaskCompletionSource<T> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private protected override void TellInternal(object message, IActorRef? sender)
    {
        var taken = message switch
        {
            T answer => Result.TrySetResult(answer),
            Status.Failure failure => Result.TrySetException(failure.Cause),
#pragma warning disable MA0015 // No parameter is wrong: it is what Akka.NET answers with.
            _ => Result.TrySetException(new ArgumentException(
                $"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")),
#pragma warning restore MA0015
        };
        if (!taken && !Result.Task.IsCanceled)
            system.DeadLetterRef.Publish(message, sender, this);
    }
}

/// <summary>Awaits the end of one actor.</summary>
internal sealed class TerminationRef(SubsetActorSystem system) : MinimalActorRef
{
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ActorPath Path { get; } = system.NewTemporaryPath();

    public override SubsetActorSystem System => system;

    public Task Terminated => _terminated.Task;

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is SystemMessage.DeathWatchNotification)
            _terminated.TrySetResult();
    }
}
