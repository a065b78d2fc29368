using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Internal;

namespace Akka.TestKit;

/// <summary>A base class without this sends as its test actor; a probe, and a class with this, does not.</summary>
public interface INoImplicitSender;

/// <summary>Puts what it gets into a queue that the test reads.</summary>
internal sealed class TestActor : UntypedActor
{
    private readonly ChannelWriter<Envelope> _queue;

    public TestActor(ChannelWriter<Envelope> queue) => _queue = queue;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WatchRequest watch:
                Context.Watch(watch.Subject);
                Sender.Tell(watch);
                break;
            case UnwatchRequest unwatch:
                Context.Unwatch(unwatch.Subject);
                Sender.Tell(unwatch);
                break;
            default:
                _queue.TryWrite(new Envelope(message, Sender));
                break;
        }
    }

    public sealed record WatchRequest(IActorRef Subject);

    public sealed record UnwatchRequest(IActorRef Subject);
}

/// <summary>Keeps the test actor the sender behind each <c>await</c> of a test.</summary>
internal sealed class ActorCellKeepingSynchronizationContext(ActorCell? cell) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => ThreadPool.QueueUserWorkItem(_ =>
    {
        var (outerCell, outerContext) = (ActorCell.Current, Current);
        SetSynchronizationContext(this);
        ActorCell.Current = cell;
        try
        {
            d(state);
        }
        finally
        {
            ActorCell.Current = outerCell;
            SetSynchronizationContext(outerContext);
        }
    });

    public override SynchronizationContext CreateCopy() => this;
}
