using System.Text;
using System.Text.Json;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Control.Server;

/// <summary>Writes a table as the JSON of a <see cref="TableText"/>, line by line: its text as a whole would be large, and soon garbage.</summary>
internal static class TableAnswer
{
    /// <summary>Writes it.</summary>
    public static void Write(Utf8JsonWriter json, Table table, TableForm form)
    {
        json.WriteStartObject();
        json.WritePropertyName("text");
        using var text = new Segments(json);
        var leftOut = table.Rows.Count == 0 ? [] : table.Write(text, form);
        json.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
        json.WriteStartArray("leftOut");
        foreach (var heading in leftOut)
            json.WriteStringValue(heading);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private sealed class Segments(Utf8JsonWriter json) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write([value]);

        public override void Write(ReadOnlySpan<char> buffer) => json.WriteStringValueSegment(buffer, isFinalSegment: false);

        public override void WriteLine(StringBuilder? value)
        {
            foreach (var chunk in (value ?? new StringBuilder()).GetChunks())
                Write(chunk.Span);
            Write('\n');
        }
    }
}
