using System.Collections.Immutable;
using System.Threading.Channels;
using Akka.Actor;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Keeps the recent events for the control socket, and hands every later one to the clients that follow. What happens to this node's own
/// devices and attachments is told by their actors; what happens elsewhere is read off the inventory.
/// </summary>
internal sealed class ControlEndpoint : ReceiveActor
{
    /// <summary>
    /// Asks for the recent events; answered with a <see cref="Control.EventStream"/>, whose later ones are given up when the token is
    /// cancelled, also before anybody has begun to read them.
    /// </summary>
    public sealed record GetEvents(bool Follow, CancellationToken Gone);

    /// <summary>A client follows no longer.</summary>
    public sealed record Unfollow(Channel<EventRow> Channel);

    /// <summary>Events that are kept.</summary>
    public const int Kept = 1000;

    /// <summary>Events that wait for a client that follows; one that is further behind is cut off.</summary>
    public const int MaxBehind = 1000;

    /// <summary>Clients that follow at once.</summary>
    public const int MaxFollowers = 64;

    private readonly Queue<EventRow> _recent = new();
    private readonly List<Channel<EventRow>> _followers = [];

    public ControlEndpoint()
    {
        Receive<EventRow>(Record);
        Receive<InventoryActor.Changed>(changed =>
        {
            foreach (var row in InventoryEvents.Between(changed.Previous, changed.View, Context.System.Scheduler.Now))
                Record(row);
        });
        Receive<GetEvents>(OnGetEvents);
        Receive<Unfollow>(unfollow => _followers.Remove(unfollow.Channel));
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(EventRow));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        foreach (var follower in _followers)
            follower.Writer.TryComplete();
    }

    private void Record(EventRow row)
    {
        if (_recent.Count == Kept)
            _recent.Dequeue();
        _recent.Enqueue(row);
        for (var i = _followers.Count - 1; i >= 0; i--)
        {
            if (_followers[i].Writer.TryWrite(row))
                continue;
            _followers[i].Writer.TryComplete();
            _followers.RemoveAt(i);
        }
    }

    private void OnGetEvents(GetEvents request)
    {
        ImmutableArray<EventRow> recent = [.. _recent];
        if (!request.Follow)
        {
            Sender.Tell(new Control.EventStream(recent, null));
            return;
        }

        if (_followers.Count >= MaxFollowers)
        {
            Sender.Tell(new Status.Failure(new ControlException(ControlError.Unavailable, $"{MaxFollowers} clients follow the events already")));
            return;
        }

        var channel = Channel.CreateBounded<EventRow>(new BoundedChannelOptions(MaxBehind) { SingleReader = true, SingleWriter = true });
        _followers.Add(channel);
        var self = Self;
        request.Gone.Register(() => self.Tell(new Unfollow(channel), ActorRefs.NoSender));
        Sender.Tell(new Control.EventStream(recent, Read(channel, Self)));
    }

    private static async IAsyncEnumerable<EventRow> Read(
        Channel<EventRow> channel,
        IActorRef self,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            await foreach (var row in channel.Reader.ReadAllAsync(cancellationToken))
                yield return row;
        }
        finally
        {
            self.Tell(new Unfollow(channel), ActorRefs.NoSender);
        }
    }
}
