using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>One thing that is logged, cut to what a line may hold, and not yet in any form.</summary>
/// <param name="Time">When.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Event">Which event of docs/logs.md.</param>
/// <param name="Message">In words.</param>
/// <param name="Fields">What is in the words, by name, in their order.</param>
/// <param name="Error">The exception behind it; null when there is none.</param>
internal sealed record LogEntry(
    DateTimeOffset Time, LogLevel Level, EventId Event, string Message, ImmutableArray<LogField> Fields, string? Error)
{
    /// <summary>The longest message, in UTF-16 characters.</summary>
    public const int MaxMessage = 2048;

    /// <summary>The longest value of a field.</summary>
    public const int MaxField = 512;

    /// <summary>The longest exception.</summary>
    public const int MaxError = 4096;

    /// <summary>The most fields.</summary>
    public const int MaxFields = 12;

    private const string Template = "{OriginalFormat}";

    /// <summary>An entry of what a logger is given.</summary>
    public static LogEntry Of<TState>(
        DateTimeOffset time, LogLevel level, EventId id, TState state, Exception? error, Func<TState, Exception?, string> words) => new(
        time,
        level,
        id,
        Cut(words(state, error), MaxMessage),
        FieldsOf(state),
        error is null ? null : Cut(error.ToString(), MaxError));

    /// <summary>The beginning of a text that is too long; says by an ellipsis that there was more.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : $"{text.AsSpan(0, most - 1)}…";

    private static ImmutableArray<LogField> FieldsOf<TState>(TState state) => state is IReadOnlyList<KeyValuePair<string, object?>> values
        ?
        [
            .. values
                .Where(value => value.Key != Template && value.Value is not null)
                .Take(MaxFields)
                .Select(value => new LogField(value.Key, Cut(TextOf(value.Value!), MaxField))),
        ]
        : [];

    private static string TextOf(object value) => value is DateTimeOffset time ? $"{time.UtcDateTime:O}" : value.ToString() ?? "";
}

/// <summary>A value in a message.</summary>
/// <param name="Name">In Pascal case, as in the message's template.</param>
/// <param name="Text">The value.</param>
internal readonly record struct LogField(string Name, string Text);
