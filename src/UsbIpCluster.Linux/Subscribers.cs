using System.Collections.Immutable;

namespace UsbIpCluster.Linux;

/// <summary>Who is told. Telling happens on the teller's thread; an observer that throws is logged and told on.</summary>
internal sealed class Subscribers<T>(Action<string> log)
{
    private ImmutableList<Action<T>> _observers = [];

    public void Tell(T value)
    {
        foreach (var observer in _observers)
            Tell(observer, value);
    }

    public void Tell(Action<T> observer, T value)
    {
        try
        {
            observer(value);
        }
        catch (Exception exception)
        {
            log($"an observer of {typeof(T).Name} failed: {exception}");
        }
    }

    /// <summary>Adds an observer; disposing the result takes it out again.</summary>
    public IDisposable Add(Action<T> observer)
    {
        // Wrapped, so that an observer that is added twice is taken out one at a time.
        void Entry(T value) => observer(value);
        Action<T> entry = Entry;
        ImmutableInterlocked.Update(ref _observers, list => list.Add(entry));
        return new Subscription(() => ImmutableInterlocked.Update(ref _observers, list => list.Remove(entry)));
    }
}

/// <summary>Ends something, once.</summary>
internal sealed class Subscription(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}
