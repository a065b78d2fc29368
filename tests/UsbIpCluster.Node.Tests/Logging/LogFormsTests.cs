using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node.Tests;

/// <summary>The forms of an entry, above all with texts that somebody has chosen to do harm.</summary>
public sealed class LogFormsTests
{
    private const string Hostile = "a\nMESSAGE=forged\r\x1b[2J\u202e\0\u009b\u2028\"\\";

    private static readonly DateTimeOffset Time = new(2024, 5, 6, 7, 8, 9, 12, TimeSpan.Zero);

    [Fact]
    public void Text_is_a_line_for_people() => Assert.Equal(
        "2024-05-06T07:08:09.012Z warning 3103 lost: a1 has lost port 0\n", Write(LogForms.Text, Entry("a1 has lost port 0")));

    [Fact]
    public void The_journal_gets_a_field_for_each_value() => Assert.Equal(
        "MESSAGE=a1 has lost port 0\nPRIORITY=4\nSYSLOG_IDENTIFIER=usbipcd\nUSBIPC_EVENT=lost\nUSBIPC_EVENT_ID=3103\n"
        + "USBIPC_NODE=lab2\nUSBIPC_BUSID=1-1\n",
        Write(LogForms.Journal, Entry("a1 has lost port 0", new LogField("Node", "lab2"), new LogField("BusId", "1-1"))));

    [Fact]
    public void Json_is_an_object_a_line()
    {
        var line = Write(LogForms.Json, Entry(Hostile, new LogField("BusId", Hostile)) with { Error = "E" });
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal(
            ("2024-05-06T07:08:09.012Z", "warning", 3103, "lost", Hostile, Hostile, "E"),
            (Text("time"), Text("level"), root.GetProperty("id").GetInt32(), Text("event"), Text("message"),
                root.GetProperty("fields").GetProperty("busId").GetString(), Text("error")));

        string? Text(string name) => root.GetProperty(name).GetString();
    }

    [Theory]
    [InlineData(LogLevel.Trace, "<7>")]
    [InlineData(LogLevel.Debug, "<7>")]
    [InlineData(LogLevel.Information, "<6>")]
    [InlineData(LogLevel.Warning, "<4>")]
    [InlineData(LogLevel.Error, "<3>")]
    [InlineData(LogLevel.Critical, "<2>")]
    public void A_priority_stands_in_front_where_the_journal_reads_lines(LogLevel level, string prefix) =>
        Assert.Equal($"{prefix}words\n", Write(LogForms.Prefixed, Entry("words") with { Level = level }));

    [Fact]
    public void No_form_lets_a_text_end_its_line_or_steer_a_terminal()
    {
        var entry = Entry(Hostile, new LogField("BusId", Hostile));
        Assert.Equal(@"a\nMESSAGE=forged\x0d\x1b[2J\u202e\x00\x9b\u2028""\", LogForms.Escape(Hostile));
        Assert.Equal(1, Write(LogForms.Text, entry).Count(c => c < ' '));
        Assert.Equal(1, Write(LogForms.Prefixed, entry).Count(c => c < ' '));
        var journal = Write(LogForms.Journal, entry);
        Assert.Equal(6, journal.Count(c => c < ' '));
        Assert.Single(journal.Split('\n'), line => line.StartsWith("MESSAGE=", StringComparison.Ordinal));
    }

    [Fact]
    public void Printable_text_stays_as_it_is() => Assert.Equal("Prüfgerät 試験 😀", LogForms.Escape("Prüfgerät 試験 😀"));

    [Fact]
    public void Half_a_character_is_none() => Assert.Equal(@"\ud83d", LogForms.Escape("\ud83d"));

    [Fact]
    public void What_is_too_long_is_cut()
    {
        var entry = LogEntry.Of(
            Time,
            LogLevel.Error,
            new EventId(1, "long"),
            (IReadOnlyList<KeyValuePair<string, object?>>)
            [
                KeyValuePair.Create<string, object?>("Reason", new string('r', 100_000)),
                KeyValuePair.Create<string, object?>("{OriginalFormat}", "{Reason}"),
            ],
            new InvalidOperationException(new string('e', 100_000)),
            (_, _) => new string('m', 100_000));
        Assert.Equal(
            (LogEntry.MaxMessage, LogEntry.MaxField, LogEntry.MaxError), (entry.Message.Length, Assert.Single(entry.Fields).Text.Length, entry.Error!.Length));
        Assert.EndsWith("m…", entry.Message, StringComparison.Ordinal);

        // A character can become six, and the ellipsis three bytes.
        Assert.True(Write(LogForms.Journal, entry).Length < 16_000);
    }

    private static LogEntry Entry(string message, params ImmutableArray<LogField> fields) =>
        new(Time, LogLevel.Warning, new EventId(3103, "lost"), message, fields, null);

    private static string Write(LogForm form, LogEntry entry)
    {
        var output = new ArrayBufferWriter<byte>();
        form(entry, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
