namespace Akka.Actor;

/// <summary>Messages put aside until the actor is in a state for them.</summary>
public interface IStash
{
    /// <summary>Puts the current message aside.</summary>
    /// <exception cref="IllegalActorStateException">This message has been put aside already.</exception>
    void Stash();

    /// <summary>Takes all back, to come in their order before the messages that wait.</summary>
    void UnstashAll();
}

/// <summary>An actor that can put messages aside.</summary>
public interface IActorStash
{
    /// <summary>Set before the actor's constructor runs.</summary>
    IStash Stash { get; set; }
}

/// <summary>An actor that can put messages aside.</summary>
public interface IWithStash : IActorStash;

/// <summary>An actor that can put any number of messages aside.</summary>
public interface IWithUnboundedStash : IActorStash;

internal sealed class Stash(ActorCell cell) : IStash
{
    private readonly Stack<Envelope> _stashed = new();
    private long _lastStashed;

    void IStash.Stash()
    {
        if (cell.CurrentMessage is null || _lastStashed == cell.CurrentMessageNumber)
            throw new IllegalActorStateException($"Can't stash the same message {cell.CurrentMessage} more than once");
        _lastStashed = cell.CurrentMessageNumber;
        _stashed.Push(new Envelope(cell.CurrentMessage, cell.CurrentSender));
    }

    public void UnstashAll()
    {
        while (_stashed.TryPop(out var newest))
            cell.EnqueueFirst(newest);
    }
}
