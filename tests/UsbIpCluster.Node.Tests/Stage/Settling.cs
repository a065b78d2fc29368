using Akka.Actor;
using Akka.Event;

namespace UsbIpCluster.Node.Tests;

/// <summary>Awaits that an actor has done with everything that it had been sent.</summary>
internal static class Settling
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Sends the actor a message that it does not know, and completes when the system says that nobody has taken it. Not for an actor that
    /// takes every message.
    /// </summary>
    public static async Task SettleAsync(this ActorSystem system, IActorRef actor)
    {
        // An actor that has yet to start takes the first before what it then sends itself.
        await TakeNothingAsync(system, actor);
        await TakeNothingAsync(system, actor);
    }

    private static async Task TakeNothingAsync(ActorSystem system, IActorRef actor)
    {
        var question = new Nothing();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = system.ActorOf(Props.Create(() => new Listener(question, seen)));
        system.EventStream.Subscribe(listener, typeof(UnhandledMessage));
        actor.Tell(question, ActorRefs.NoSender);
        try
        {
            await seen.Task.WaitAsync(Deadline);
        }
        finally
        {
            system.EventStream.Unsubscribe(listener);
            system.Stop(listener);
        }
    }

    private sealed class Nothing;

    private sealed class Listener : ReceiveActor
    {
        public Listener(Nothing question, TaskCompletionSource seen) => Receive<UnhandledMessage>(message =>
        {
            if (message.Message == question)
                seen.TrySetResult();
        });
    }
}
