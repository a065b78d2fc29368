namespace UsbIpCluster.Userspace;

/// <summary>
/// Tells observers a state and then its changes: each gets every item in order, never two at once. The owner adds observers and items
/// under its own lock, so that their order is that of the changes, and calls <see cref="Deliver"/> after it has left the lock; so an
/// observer may call back into the owner.
/// </summary>
internal sealed class ChangeFeed<T>(Action<string> log)
{
    private readonly Action<string> _log = log;
    private readonly object _gate = new();
    private Subscription[] _subscriptions = [];

    /// <summary>Adds an observer whose first items are <paramref name="initial"/>.</summary>
    public IDisposable Add(Action<T> observer, IEnumerable<T> initial)
    {
        var subscription = new Subscription(this, observer, initial);
        lock (_gate)
            _subscriptions = [.. _subscriptions, subscription];
        return subscription;
    }

    /// <summary>Queues an item for every observer.</summary>
    public void Add(T item)
    {
        foreach (var subscription in Volatile.Read(ref _subscriptions))
            subscription.Add(item);
    }

    /// <summary>Hands over what is queued. Returns when it is, or when another thread is at it.</summary>
    public void Deliver()
    {
        foreach (var subscription in Volatile.Read(ref _subscriptions))
            subscription.Deliver();
    }

    /// <summary>Ends all subscriptions.</summary>
    public void Clear()
    {
        foreach (var subscription in Volatile.Read(ref _subscriptions))
            subscription.Dispose();
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate)
            _subscriptions = Array.FindAll(_subscriptions, each => each != subscription);
    }

    private sealed class Subscription(ChangeFeed<T> feed, Action<T> observer, IEnumerable<T> initial) : IDisposable
    {
        // Short by the contract: an observer does not block.
        private readonly Queue<T> _items = new(initial);
        private bool _delivering;
        private bool _disposed;

        public void Add(T item)
        {
            lock (_items)
            {
                if (!_disposed)
                    _items.Enqueue(item);
            }
        }

        public void Deliver()
        {
            lock (_items)
            {
                if (_delivering)
                    return;
                _delivering = true;
            }

            while (TryTake(out var item))
            {
                try
                {
                    observer(item);
                }
                catch (Exception exception)
                {
                    feed._log($"an observer of changes failed: {exception}");
                }
            }
        }

        public void Dispose()
        {
            lock (_items)
            {
                _disposed = true;
                _items.Clear();
            }

            feed.Remove(this);
        }

        private bool TryTake(out T item)
        {
            lock (_items)
            {
                if (_items.TryDequeue(out item!))
                    return true;
                _delivering = false;
                return false;
            }
        }
    }
}
