using System.Text.Json;

namespace UsbIpCluster.Control;

/// <summary>
/// The JSON of the question that is asked most, without the serializer. It reads and writes the same (tests hold both to that), but at the start
/// of a process the serializer first describes every type to itself, which takes longer than the rest of the conversation.
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

    /// <summary>Writes the parameters of <see cref="ControlMethods.List"/>.</summary>
    public static void Write(Utf8JsonWriter writer, ListParams parameters)
    {
        writer.WriteStartObject();
        writer.WriteString("selector", parameters.Selector);
        writer.WriteBoolean("local", parameters.Local);
        writer.WriteString("remote", parameters.Remote);
        writer.WriteEndObject();
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
            if (reader.TokenType != JsonTokenType.EndArray)
                throw new JsonException("a row is no object");
            // What is behind the array is an error that this finds.
            reader.Read();
            return rows;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new JsonException(e.Message, e);
        }
    }

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

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException($"{type} is missing");
    }

    private static string Given(string? text) => text ?? throw new JsonException("a field is null that can't be");
}
