namespace UsbIpCluster.Node;

/// <summary>
/// When a lost attachment is tried again: at once the first time, then after 100 ms, doubling to 5 s, each shortened by up to a half at
/// random so that many importers of one exporter do not come back together.
/// </summary>
/// <param name="Attempt">Attempts that have failed since the last success.</param>
internal readonly record struct Backoff(int Attempt)
{
    /// <summary>The delay after the first failed attempt.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>How long a device must have been attached before a loss starts from the beginning.</summary>
    public static readonly TimeSpan ResetAfter = TimeSpan.FromSeconds(10);

    /// <summary>After one more failure.</summary>
    public Backoff Next => new(Math.Min(Attempt + 1, 16));

    /// <summary>How long to wait now.</summary>
    public TimeSpan Delay(Random random)
    {
        if (Attempt == 0)
            return TimeSpan.Zero;
        var full = Math.Min(First.TotalMilliseconds * (1 << (Attempt - 1)), Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (1 - (random.NextDouble() / 2)));
    }
}
