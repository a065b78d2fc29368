using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// The recent events, and the clients that follow them. It outlives the actors that tell of the events: who follows goes on when they begin
/// anew. Safe from any thread.
/// </summary>
internal sealed class EventLog
{
    /// <summary>Events that are kept.</summary>
    public const int Kept = 1000;

    /// <summary>Events that wait for a client that follows; one that is further behind is cut off.</summary>
    public const int MaxBehind = 1000;

    /// <summary>Clients that follow at once.</summary>
    public const int MaxFollowers = 64;

    private readonly Lock _lock = new();
    private readonly Queue<EventRow> _recent = new();
    private readonly List<Follower> _followers = [];
    private Action<EventRow>? _observers;

    /// <summary>Keeps an event, and hands it to everybody who follows.</summary>
    public void Record(EventRow row)
    {
        lock (_lock)
        {
            if (_recent.Count == Kept)
                _recent.Dequeue();
            _recent.Enqueue(row);
            HandOut(row, step: false);
        }

        Volatile.Read(ref _observers)?.Invoke(row);
    }

    /// <summary>Hands a step to those who follow them; it is not kept.</summary>
    public void Pass(EventRow row)
    {
        lock (_lock)
            HandOut(row, step: true);
    }

    /// <summary>
    /// The recent events; when following, the later ones are given up when the token is cancelled, also before anybody reads them.
    /// </summary>
    /// <param name="follow">Whether later ones are wanted.</param>
    /// <param name="gone">Cancelled when the client has gone.</param>
    /// <param name="steps">Whether steps are wanted among the later ones.</param>
    /// <exception cref="ControlException">Too many follow already.</exception>
    public Control.EventStream Open(bool follow, CancellationToken gone, bool steps = false)
    {
        var channel = Channel.CreateBounded<EventRow>(new BoundedChannelOptions(MaxBehind) { SingleReader = true, SingleWriter = true });
        ImmutableArray<EventRow> recent;
        lock (_lock)
        {
            recent = [.. _recent];
            if (!follow)
                return new Control.EventStream(recent, null);
            if (_followers.Count >= MaxFollowers)
            {
                throw new ControlException(
                    ControlError.Unavailable, $"{MaxFollowers} clients follow the events already", "end one of them, then try again");
            }

            _followers.Add(new Follower(channel, steps));
        }

        gone.Register(() => Unfollow(channel));
        return new Control.EventStream(recent, ReadAsync(channel, CancellationToken.None));
    }

    /// <summary>From now on, tells of each event on the thread that records it.</summary>
    /// <param name="observer">Is quick, and fails never.</param>
    public void Observe(Action<EventRow> observer)
    {
        lock (_lock)
            _observers += observer;
    }

    /// <summary>Tells it no longer.</summary>
    public void Leave(Action<EventRow> observer)
    {
        lock (_lock)
            _observers -= observer;
    }

    private void HandOut(EventRow row, bool step)
    {
        for (var i = _followers.Count - 1; i >= 0; i--)
        {
            if ((step && !_followers[i].Steps) || _followers[i].Channel.Writer.TryWrite(row))
                continue;
            _followers[i].Channel.Writer.TryComplete();
            _followers.RemoveAt(i);
        }
    }

    private void Unfollow(Channel<EventRow> channel)
    {
        lock (_lock)
            _followers.RemoveAll(follower => follower.Channel == channel);
    }

    private async IAsyncEnumerable<EventRow> ReadAsync(
        Channel<EventRow> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var row in channel.Reader.ReadAllAsync(cancellationToken))
                yield return row;
        }
        finally
        {
            Unfollow(channel);
        }
    }

    private sealed record Follower(Channel<EventRow> Channel, bool Steps);
}
