using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>Puts an entry into the bytes that are written.</summary>
internal delegate void LogForm(LogEntry entry, IBufferWriter<byte> output);

/// <summary>The forms that an entry is written in. None of them lets a text from a peer or a device end its line, or steer a terminal.</summary>
internal static class LogForms
{
    /// <summary>What the journal's fields of this program begin with.</summary>
    public const string JournalPrefix = "USBIPC_";

    /// <summary><c>TIME LEVEL ID NAME: MESSAGE</c>, for people.</summary>
    public static void Text(LogEntry entry, IBufferWriter<byte> output) => Put(
        output, $"{Time(entry)} {Word(entry.Level)} {entry.Event.Id} {entry.Event.Name}: {Escape(Whole(entry))}\n");

    /// <summary>sd-daemon(3): the priority in front of the message, where the journal can't be spoken to directly.</summary>
    public static void Prefixed(LogEntry entry, IBufferWriter<byte> output) =>
        Put(output, $"<{Priority(entry.Level)}>{Escape(Whole(entry))}\n");

    /// <summary>One object a line.</summary>
    public static void Json(LogEntry entry, IBufferWriter<byte> output)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, Time(entry));
            json.WriteString("level"u8, Word(entry.Level));
            json.WriteNumber("id"u8, entry.Event.Id);
            json.WriteString("event"u8, entry.Event.Name);
            json.WriteString("message"u8, entry.Message);
            json.WriteStartObject("fields"u8);
            foreach (var field in entry.Fields)
                json.WriteString(JsonNamingPolicy.CamelCase.ConvertName(field.Name), field.Text);
            json.WriteEndObject();
            if (entry.Error is not null)
                json.WriteString("error"u8, entry.Error);
            json.WriteEndObject();
        }

        Put(output, "\n");
    }

    /// <summary>
    /// The native protocol of systemd-journald: a datagram of <c>KEY=value</c> lines, see systemd.io/JOURNAL_NATIVE_PROTOCOL. What has a
    /// line feed in it would need the protocol's other form; nothing has, since control characters are escaped.
    /// </summary>
    public static void Journal(LogEntry entry, IBufferWriter<byte> output)
    {
        Put(output, $"MESSAGE={Escape(Whole(entry))}\nPRIORITY={Priority(entry.Level)}\nSYSLOG_IDENTIFIER=usbipcd\n");
        Put(output, $"{JournalPrefix}EVENT={entry.Event.Name}\n{JournalPrefix}EVENT_ID={entry.Event.Id}\n");
        foreach (var field in entry.Fields)
            Put(output, $"{JournalPrefix}{field.Name.ToUpperInvariant()}={Escape(field.Text)}\n");
    }

    /// <summary>
    /// The text with a backslash and a number for each character that ends a line, steers a terminal, or disguises what is written: controls,
    /// formats (among them the marks that reverse the direction of writing), separators of lines, and lone surrogates.
    /// </summary>
    public static string Escape(string text)
    {
        var at = 0;
        while (at < text.Length && text[at] is >= ' ' and <= '~')
            at++;
        if (at == text.Length)
            return text;

        var escaped = new StringBuilder(text.Length + 16).Append(text, 0, at);
        var rest = text.AsSpan(at);
        while (!rest.IsEmpty)
        {
            var isValid = Rune.DecodeFromUtf16(rest, out var rune, out var length) == OperationStatus.Done;
            if (isValid && IsPrintable(rune))
                escaped.Append(rest[..length]);
            else if (rest[0] == '\n')
                escaped.Append("\\n");
            else if (length == 1 && rest[0] <= 0xff)
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)rest[0]:x2}");
            else
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(isValid ? rune.Value : rest[0]):x4}");
            rest = rest[length..];
        }

        return escaped.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string Whole(LogEntry entry) => entry.Error is null ? entry.Message : $"{entry.Message}: {entry.Error}";

    private static string Time(LogEntry entry) => entry.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };

    // syslog(3).
    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => 7,
        LogLevel.Information => 6,
        LogLevel.Warning => 4,
        LogLevel.Error => 3,
        _ => 2,
    };

    private static void Put(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
