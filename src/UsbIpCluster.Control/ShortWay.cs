using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Control.Rpc;

namespace UsbIpCluster.Control;

/// <summary>
/// The JSON of the questions that are asked most, without the serializer. It reads the same, and writes what the serializer reads (tests hold it to
/// that), but at the start of a process the serializer first describes every type to itself, which takes longer than the rest of the conversation.
/// </summary>
internal static class ShortWay
{
    // The fields of a DeviceRow in the constructor's order, in which a daemon writes them, too.
    private static readonly byte[][] DeviceFields =
    [
        "node"u8.ToArray(), "busid"u8.ToArray(), "vid"u8.ToArray(), "pid"u8.ToArray(), "serial"u8.ToArray(), "manufacturer"u8.ToArray(),
        "product"u8.ToArray(), "class"u8.ToArray(), "speed"u8.ToArray(), "backend"u8.ToArray(), "state"u8.ToArray(), "holder"u8.ToArray(),
        "name"u8.ToArray(), "reachable"u8.ToArray(), "epoch"u8.ToArray(), "user"u8.ToArray(),
    ];

    private const int ReachableField = 13;
    private const int EpochField = 14;

    /// <summary>A request for rows or their table, as a line.</summary>
    public static ReadOnlyMemory<byte> Request(long id, ITableParams parameters) => parameters switch
    {
        ListParams list => Line(
            id,
            ControlMethods.List,
            $"\"selector\":{Text(list.Selector)},\"local\":{Text(list.Local)},\"remote\":{Text(list.Remote)}{(list.Table is null ? "" : ",")}{Table(list)}"),
        NodesParams => Line(id, ControlMethods.Nodes, Table(parameters)),
        PortParams => Line(id, ControlMethods.Port, Table(parameters)),
        _ => throw new ArgumentOutOfRangeException(nameof(parameters), parameters, "no method has these"),
    };

    /// <summary>
    /// Reads an answer with a table that has all its columns, as this version's daemon writes it; null when it is anything else, or no answer.
    /// </summary>
    public static TableText? ReadTable(ReadOnlySpan<byte> line, long id)
    {
        var begin = Encoding.UTF8.GetBytes($"{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"text\":\"");
        var end = "\",\"leftOut\":[]}}"u8;
        if (line.Length < begin.Length + end.Length || !line.StartsWith(begin) || !line.EndsWith(end) || !Utf8.IsValid(line))
            return null;
        var left = line[begin.Length..^end.Length];
        if (left.IndexOfAnyInRange((byte)0, (byte)0x1f) >= 0)
            return null;
        var text = new byte[left.Length];
        var length = 0;
        while (true)
        {
            var special = left.IndexOfAny((byte)'\\', (byte)'"');
            var plain = special < 0 ? left : left[..special];
            plain.CopyTo(text.AsSpan(length));
            length += plain.Length;
            if (special < 0)
                return new TableText(Encoding.UTF8.GetString(text, 0, length), []);
            left = left[special..];
            var (character, escaped) = Unescape(left);
            if (escaped == 0)
                return null;
            text[length++] = character;
            left = left[escaped..];
        }
    }

    /// <summary>The objects of an array.</summary>
    /// <exception cref="JsonException">It is none, or of something else.</exception>
    public static IReadOnlyList<string> SplitRows(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var rows = new List<string>();
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            rows.Add(Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]));
        }

        EndArray(ref reader);
        return rows;
    }

    /// <summary>Reads an array of devices.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static IReadOnlyList<DeviceRow> ReadDevices(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var rows = new List<DeviceRow>();
        var texts = new string?[DeviceFields.Length];
        try
        {
            Expect(ref reader, JsonTokenType.StartArray);
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                rows.Add(ReadDevice(ref reader, texts));
            EndArray(ref reader);
            return rows;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static ReadOnlyMemory<byte> Line(long id, string method, string parameters) =>
        Encoding.UTF8.GetBytes($"{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{{{parameters}}}}}\n");

    // What a table has of escaped characters, and how long the escape at the beginning of a text is; 0 for any other.
    private static (byte Character, int Length) Unescape(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("\\n"u8))
            return ((byte)'\n', 2);
        if (text.StartsWith("\\\""u8) || text.StartsWith("\\\\"u8))
            return (text[1], 2);
        return text.StartsWith("\\u001B"u8) ? ((byte)'\e', 6) : default;
    }

    private static string Text(bool value) => value ? "true" : "false";

    private static string Table(ITableParams parameters) => parameters.Table is not { } form
        ? ""
        : $"\"table\":{{\"width\":{(form.Width is { } width ? width.ToString() : "null")},\"coloured\":{Text(form.Coloured)},\"verbose\":{Text(form.Verbose)}}}";

    private static string Text(string? value) => value is null ? "null" : Quoted(value);

    // Not inlined: what is asked most has no text, and need not load the encoders' assembly for it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Quoted(string value) => $"\"{PlainEncoder.Instance.Encode(value)}\"";

    private static DeviceRow ReadDevice(ref Utf8JsonReader reader, string?[] texts)
    {
        var (seen, expected, reachable) = (0, 0, false);
        ulong? epoch = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = FieldOf(ref reader, expected);
            reader.Read();
            if (field < 0)
            {
                reader.Skip();
                continue;
            }

            expected = field + 1;
            seen |= 1 << field;
            if (field == ReachableField)
                reachable = reader.GetBoolean();
            else if (field == EpochField)
                epoch = reader.TokenType == JsonTokenType.Null ? null : reader.GetUInt64();
            else
                texts[field] = reader.GetString();
        }

        if (seen != (1 << DeviceFields.Length) - 1)
            throw new JsonException("a field is missing");
        return new DeviceRow(
            Given(texts[0]), Given(texts[1]), Given(texts[2]), Given(texts[3]), texts[4], texts[5], texts[6], Given(texts[7]), Given(texts[8]),
            Given(texts[9]), Given(texts[10]), texts[11], texts[12], reachable, epoch, texts[15]);
    }

    // Which field a name is; -1 for one of a newer daemon.
    private static int FieldOf(ref Utf8JsonReader reader, int expected)
    {
        if (expected < DeviceFields.Length && reader.ValueTextEquals(DeviceFields[expected]))
            return expected;
        for (var i = 0; i < DeviceFields.Length; i++)
        {
            if (reader.ValueTextEquals(DeviceFields[i]))
                return i;
        }

        return -1;
    }

    private static void EndArray(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.EndArray)
            throw new JsonException("a row is no object");
        // What is behind the array is an error that this finds.
        reader.Read();
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException($"{type} is missing");
    }

    private static string Given(string? text) => text ?? throw new JsonException("a field is null that can't be");
}
