using System.Globalization;

namespace UsbIpCluster.Control;

/// <summary>Durations as people type them: <c>500ms</c>, <c>30s</c>, <c>2m</c>, <c>1h</c>, <c>1m30s</c>.</summary>
public static class Duration
{
    /// <summary>What a duration looks like, for messages.</summary>
    public const string Examples = "500ms, 30s, 2m or 1h";

    /// <summary>The longest: a week.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>Reads a duration of at most <see cref="Longest"/>.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.AsSpan();
        if (rest.IsEmpty)
            return false;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('.', '9');
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAnyExcept("hms");
            if (letters < 0)
                letters = rest.Length;
            if (UnitOf(rest[..letters]) is not { } unit || number > Longest / unit)
                return false;
            duration += number * unit;
            rest = rest[letters..];
        }

        return duration <= Longest;
    }

    /// <summary>A duration as it is typed, in its largest whole unit.</summary>
    public static string Format(TimeSpan duration) => duration switch
    {
        { Ticks: 0 } => "0s",
        _ when duration.Ticks % TimeSpan.TicksPerHour == 0 => $"{duration.Ticks / TimeSpan.TicksPerHour}h",
        _ when duration.Ticks % TimeSpan.TicksPerMinute == 0 => $"{duration.Ticks / TimeSpan.TicksPerMinute}m",
        _ when duration.Ticks % TimeSpan.TicksPerSecond == 0 => $"{duration.Ticks / TimeSpan.TicksPerSecond}s",
        _ => $"{duration.TotalMilliseconds:0.###}ms",
    };

    /// <summary>How long ago something was, roughly: <c>5 s</c>, <c>12 min</c>, <c>3 h</c>, <c>9 d</c>.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { Ticks: < 0 } => "0 s",
        { TotalSeconds: < 100 } => $"{(int)age.TotalSeconds} s",
        { TotalMinutes: < 100 } => $"{(int)age.TotalMinutes} min",
        { TotalHours: < 48 } => $"{(int)age.TotalHours} h",
        _ => $"{(int)age.TotalDays} d",
    };

    private static TimeSpan? UnitOf(ReadOnlySpan<char> letters) => letters switch
    {
        "ms" => TimeSpan.FromMilliseconds(1),
        "s" => TimeSpan.FromSeconds(1),
        "m" => TimeSpan.FromMinutes(1),
        "h" => TimeSpan.FromHours(1),
        _ => null,
    };
}
