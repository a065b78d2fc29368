using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Output;

/// <summary>Output for programs: an array with one row a line, or one object. Control characters are escaped, as JSON wants, here or by the daemon.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an array, one row a line.</summary>
    public static void WriteRows<T>(TextWriter writer, IReadOnlyList<T> rows, JsonTypeInfo<T> type) =>
        WriteRows(writer, [.. rows.Select(row => Text(json => JsonSerializer.Serialize(json, row, type)))]);

    /// <summary>Writes an array of rows that are JSON already, one a line.</summary>
    public static void WriteRows(TextWriter writer, IReadOnlyList<string> rows)
    {
        writer.WriteLine("[");
        for (var i = 0; i < rows.Count; i++)
        {
            writer.Write("  ");
            writer.Write(rows[i]);
            writer.WriteLine(i < rows.Count - 1 ? "," : "");
        }

        writer.WriteLine("]");
    }

    /// <summary>Writes one object in one line.</summary>
    public static void WriteRow<T>(TextWriter writer, T row, JsonTypeInfo<T> type) =>
        writer.WriteLine(Text(json => JsonSerializer.Serialize(json, row, type)));

    /// <summary>Writes both versions: this command's, and the daemon's or null.</summary>
    public static void WriteVersion(TextWriter writer, string version, VersionRow? daemon) => writer.WriteLine(Text(json =>
    {
        json.WriteStartObject();
        json.WriteString("version", version);
        json.WritePropertyName("daemon");
        if (daemon is null)
            json.WriteNullValue();
        else
            JsonSerializer.Serialize(json, daemon, ControlJson.Default.VersionRow);
        json.WriteEndObject();
    }));

    /// <summary>Writes an error.</summary>
    public static void WriteError(TextWriter writer, ControlException error) => writer.WriteLine(Text(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("code", error.Error.Code());
        json.WriteString("message", error.Message);
        json.WriteString("hint", error.Hint);
        if (error.Candidates.Count > 0)
        {
            json.WriteStartArray("candidates");
            foreach (var candidate in error.Candidates)
                json.WriteStringValue(candidate);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }));

    private static string Text(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
