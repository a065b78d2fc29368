namespace UsbIpCluster.Userspace.Tests;

/// <summary>Keeps what an observer is told, and waits for what it is yet to be told.</summary>
internal sealed class Recorder<T>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly List<T> _items = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<T> Items
    {
        get
        {
            lock (_items)
                return [.. _items];
        }
    }

    public void Add(T item)
    {
        lock (_items)
        {
            _items.Add(item);
            _more.SetResult();
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The first item, from the start, that fits.</summary>
    public async Task<T> FirstAsync(Predicate<T> fits)
    {
        var from = 0;
        while (true)
        {
            Task more;
            lock (_items)
            {
                for (; from < _items.Count; from++)
                {
                    if (fits(_items[from]))
                        return _items[from];
                }

                more = _more.Task;
            }

            await more.WaitAsync(Deadline);
        }
    }

    /// <summary>All items, once there are so many.</summary>
    public async Task<IReadOnlyList<T>> CountAsync(int count)
    {
        while (true)
        {
            Task more;
            lock (_items)
            {
                if (_items.Count >= count)
                    return [.. _items];
                more = _more.Task;
            }

            await more.WaitAsync(Deadline);
        }
    }
}
