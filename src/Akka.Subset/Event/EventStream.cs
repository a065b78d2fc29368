namespace Akka.Event;

/// <summary>A message that is no dead letter when nobody takes it.</summary>
public interface IDeadLetterSuppression;

/// <summary>A message that did not arrive where it was sent to.</summary>
public abstract class AllDeadLetters
{
    private protected AllDeadLetters(object message, IActorRef sender, IActorRef recipient) =>
        (Message, Sender, Recipient) = (message, sender, recipient);

    /// <summary>The message.</summary>
    public object Message { get; }

    /// <summary>Who sent it.</summary>
    public IActorRef Sender { get; }

    /// <summary>Whom it was for.</summary>
    public IActorRef Recipient { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name} from {Sender} to {Recipient}: <{Message}>";
}

/// <summary>A message to an actor that does not exist.</summary>
public sealed class DeadLetter(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>A message that its actor has no handler for.</summary>
public sealed class UnhandledMessage(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>Events of a system, by type: who subscribed to a type gets each event of it and of its subtypes, once.</summary>
public class EventStream
{
    private ImmutableList<(IActorRef Subscriber, Type Channel)> _subscriptions = [];

    internal EventStream()
    {
    }

    /// <summary>Subscribes; false when it has been already.</summary>
    public bool Subscribe(IActorRef subscriber, Type channel) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Contains((subscriber, channel)) ? list : list.Add((subscriber, channel)));

    /// <summary>Ends one subscription; false when there was none.</summary>
    public bool Unsubscribe(IActorRef subscriber, Type channel) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Remove((subscriber, channel)));

    /// <summary>Ends all subscriptions of an actor; false when there was none.</summary>
    public bool Unsubscribe(IActorRef subscriber) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.RemoveAll(entry => entry.Subscriber.Equals(subscriber)));

    /// <summary>Sends the event to its subscribers. Those that have stopped are forgotten.</summary>
    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        HashSet<IActorRef>? told = null;
        foreach (var (subscriber, channel) in _subscriptions)
        {
            if (!channel.IsInstanceOfType(@event) || !(told ??= []).Add(subscriber))
                continue;
            if (subscriber is LocalActorRef { Cell.IsTerminated: true })
                Unsubscribe(subscriber);
            else
                subscriber.Tell(@event, ActorRefs.NoSender);
        }
    }
}
