using System.Threading.Channels;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>Keeps what an observer is told, to be awaited one by one.</summary>
public sealed class Recorder<T>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Channel<T> _told = Channel.CreateUnbounded<T>();

    public void Observe(T value) => _told.Writer.TryWrite(value);

    /// <summary>The next one; fails the test when it does not come.</summary>
    public async Task<T> NextAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        try
        {
            return await _told.Reader.ReadAsync(timeout.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"no {typeof(T).Name} within {Patience}", exception);
        }
    }

    /// <summary>The first from now on that is meant; fails the test when it does not come.</summary>
    public async Task<T> NextAsync(Func<T, bool> meant)
    {
        while (true)
        {
            if (await NextAsync() is var next && meant(next))
                return next;
        }
    }

    /// <summary>Moves the clock in steps until the next one comes; fails the test when it does not come in that time.</summary>
    public async Task<T> NextAsync(ManualClock clock, TimeSpan step, int maxSteps)
    {
        for (var i = 0; i < maxSteps; i++)
        {
            clock.Advance(step);
            using var pause = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            try
            {
                return await _told.Reader.ReadAsync(pause.Token);
            }
            catch (OperationCanceledException)
            {
                // Not yet.
            }
        }

        // The clock stands still now; only a thread that was slow to run may be waited for.
        return await NextAsync();
    }

    public bool IsEmpty => _told.Reader.Count == 0;
}
