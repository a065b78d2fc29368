namespace UsbIpCluster.Linux;

/// <summary>How often something is read for a while after a signal.</summary>
/// <param name="Brisk">The interval at first.</param>
/// <param name="BriskTime">For how long.</param>
/// <param name="Later">The interval after that.</param>
/// <param name="Time">For how long, all in all.</param>
internal readonly record struct Rhythm(TimeSpan Brisk, TimeSpan BriskTime, TimeSpan Later, TimeSpan Time)
{
    /// <summary>The same interval all the time.</summary>
    public static Rhythm Even(int milliseconds, int forMilliseconds) =>
        Slackening(milliseconds, forMilliseconds, milliseconds, forMilliseconds);

    /// <summary>A brisk interval that slackens.</summary>
    public static Rhythm Slackening(int milliseconds, int forMilliseconds, int thenMilliseconds, int untilMilliseconds) => new(
        TimeSpan.FromMilliseconds(milliseconds),
        TimeSpan.FromMilliseconds(forMilliseconds),
        TimeSpan.FromMilliseconds(thenMilliseconds),
        TimeSpan.FromMilliseconds(untilMilliseconds));
}

/// <summary>What is read again and again because something has just happened to it. May be used from any thread.</summary>
internal sealed class HotKeys<TKey>
    where TKey : struct
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Heat> _hot = [];

    /// <summary>Makes something hot. One signal never shortens what another one has asked for.</summary>
    public void Warm(TKey key, DateTimeOffset time, Rhythm rhythm)
    {
        lock (_gate)
        {
            var isHot = _hot.TryGetValue(key, out var old);
            _hot[key] = new Heat(
                isHot && time < old.BriskUntil && old.Brisk < rhythm.Brisk ? old.Brisk : rhythm.Brisk,
                Later(old.BriskUntil, time + rhythm.BriskTime),
                rhythm.Later,
                Later(old.Until, time + rhythm.Time),
                old.Unread ?? time);
        }
    }

    /// <summary>What is hot, each with the time of the first signal that has come since it was last taken; null when none has.</summary>
    public List<(TKey Key, DateTimeOffset? Signal)> Take(DateTimeOffset now)
    {
        var taken = new List<(TKey, DateTimeOffset?)>();
        lock (_gate)
        {
            foreach (var (key, heat) in _hot.ToList())
            {
                if (now > heat.Until && heat.Unread is null)
                {
                    _hot.Remove(key);
                    continue;
                }

                taken.Add((key, heat.Unread));
                _hot[key] = heat with { Unread = null };
            }
        }

        return taken;
    }

    /// <summary>How soon something of it has to be read again; null when nothing is hot.</summary>
    public TimeSpan? Next(DateTimeOffset now)
    {
        lock (_gate)
        {
            TimeSpan? next = null;
            foreach (var heat in _hot.Values)
            {
                var interval = heat.Unread is not null ? TimeSpan.Zero : now < heat.BriskUntil ? heat.Brisk : heat.Later;
                next = next is null || interval < next ? interval : next;
            }

            return next;
        }
    }

    private static DateTimeOffset Later(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;

    private readonly record struct Heat(TimeSpan Brisk, DateTimeOffset BriskUntil, TimeSpan Later, DateTimeOffset Until, DateTimeOffset? Unread);
}
