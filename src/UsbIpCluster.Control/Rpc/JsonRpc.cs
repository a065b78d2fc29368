using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace UsbIpCluster.Control.Rpc;

/// <summary>JSON-RPC 2.0's own error codes.</summary>
internal static class RpcCodes
{
    public const int ParseError = -32700;
    public const int InvalidRequest = -32600;
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
}

/// <summary>A message is no JSON, no request, or one that nobody here serves.</summary>
internal sealed class RpcException(int code, string message, string? hint = null) : Exception(message)
{
    public int Code { get; } = code;

    public string? Hint { get; } = hint;

    /// <summary>The request's id, as far as it could be read.</summary>
    public JsonElement? Id { get; init; }
}

/// <summary>A request that is well-formed as JSON-RPC.</summary>
/// <param name="Id">A number or a string.</param>
/// <param name="Method">The method's name.</param>
/// <param name="Params">An object; null when there are none.</param>
internal sealed record RpcRequest(JsonElement Id, string Method, JsonElement? Params);

/// <summary>What a daemon says to a client: an answer (with an id) or a notification (with a method).</summary>
/// <param name="Id">The request that it answers; null for a notification, and for an error before a request could be read.</param>
/// <param name="Method">The notification's method.</param>
/// <param name="Params">The notification's parameters: JSON, a part of the line.</param>
/// <param name="Result">The result: JSON, a part of the line.</param>
/// <param name="Error">The error.</param>
internal sealed record RpcMessage(
    long? Id = null, string? Method = null, ReadOnlyMemory<byte>? Params = null, ReadOnlyMemory<byte>? Result = null, RpcError? Error = null);

/// <summary>A JSON-RPC error object.</summary>
internal sealed record RpcError(int Code, string Message, RpcErrorData? Data = null);

/// <summary>What this protocol adds to it.</summary>
internal sealed record RpcErrorData(string? Hint = null, IReadOnlyList<string>? Candidates = null);

/// <summary>Reads and writes the messages of JSON-RPC 2.0, one a line.</summary>
internal static class JsonRpc
{
    private static readonly JsonWriterOptions RequestOptions = new() { Encoder = PlainEncoder.Instance, SkipValidation = true };

    // Made when it is asked for: a command has no use for that encoder, and would wait for it.
    private static JsonWriterOptions AnswerOptions => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Reads a request.</summary>
    /// <exception cref="RpcException">It is none.</exception>
    public static RpcRequest ReadRequest(ReadOnlySpan<byte> line)
    {
        var message = Parse(line);
        JsonElement? id = null;
        try
        {
            if (message.ValueKind != JsonValueKind.Object)
                throw new RpcException(RpcCodes.InvalidRequest, "a message is one JSON object", "batches are not supported; send one request a line");
            id = message.TryGetProperty("id", out var given) && IsId(given)
                ? given
                : throw new RpcException(RpcCodes.InvalidRequest, "id is not a number or a string");
            if (!message.TryGetProperty("jsonrpc", out var version) || !version.ValueEquals("2.0"))
                throw new RpcException(RpcCodes.InvalidRequest, "jsonrpc is not \"2.0\"") { Id = id };
            if (!message.TryGetProperty("method", out var method) || method.GetString() is not { } name)
                throw new RpcException(RpcCodes.InvalidRequest, "method is missing") { Id = id };
            return new RpcRequest(given, name, message.TryGetProperty("params", out var parameters) ? parameters : null);
        }
        catch (InvalidOperationException)
        {
            throw new RpcException(RpcCodes.InvalidRequest, "a member of the message has the wrong type") { Id = id };
        }
    }

    /// <summary>Reads what a daemon says.</summary>
    /// <exception cref="RpcException">It is no JSON-RPC.</exception>
    public static RpcMessage ReadMessage(ReadOnlyMemory<byte> line)
    {
        if (!Utf8.IsValid(line.Span))
            throw NotUtf8();
        var message = new RpcMessage();
        try
        {
            var reader = new Utf8JsonReader(line.Span);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw NoMessage();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                    message = message with { Id = reader.Read() && reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : null };
                else if (reader.ValueTextEquals("method"u8))
                    message = message with { Method = reader.Read() ? reader.GetString() : null };
                else if (reader.ValueTextEquals("params"u8))
                    message = message with { Params = Value(ref reader) };
                else if (reader.ValueTextEquals("result"u8))
                    message = message with { Result = Value(ref reader) };
                else if (reader.ValueTextEquals("error"u8))
                    message = message with { Error = ReadError(Value(ref reader).Span) };
                else
                    reader.Skip();
            }

            // Whatever is behind the object is an error that this finds.
            reader.Read();
            return message;
        }
        catch (JsonException)
        {
            throw NoJson();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw NoMessage();
        }

        ReadOnlyMemory<byte> Value(ref Utf8JsonReader reader)
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return line[start..(int)reader.BytesConsumed];
        }
    }

    /// <summary>A request as a line.</summary>
    public static ReadOnlyMemory<byte> Request(long id, string method, Action<Utf8JsonWriter> parameters) => Line(RequestOptions, writer =>
    {
        writer.WriteNumber("id", id);
        writer.WriteString("method", method);
        writer.WritePropertyName("params");
        parameters(writer);
    });

    /// <summary>A result as a line.</summary>
    public static ReadOnlyMemory<byte> Result(JsonElement id, Action<Utf8JsonWriter> result) => Line(writer =>
    {
        writer.WritePropertyName("id");
        id.WriteTo(writer);
        writer.WritePropertyName("result");
        result(writer);
    });

    /// <summary>An error as a line.</summary>
    public static ReadOnlyMemory<byte> Error(JsonElement? id, RpcError error) => Line(writer =>
    {
        writer.WritePropertyName("id");
        if (id is { } given)
            given.WriteTo(writer);
        else
            writer.WriteNullValue();
        writer.WritePropertyName("error");
        JsonSerializer.Serialize(writer, error, RpcJson.Default.RpcError);
    });

    /// <summary>A notification as a line.</summary>
    public static ReadOnlyMemory<byte> Notification<T>(string method, T parameters, JsonTypeInfo<T> type) => Line(writer =>
    {
        writer.WriteString("method", method);
        writer.WritePropertyName("params");
        JsonSerializer.Serialize(writer, parameters, type);
    });

    private static JsonElement Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return Utf8.IsValid(line)
                ? JsonElement.Parse(line)
                : throw NotUtf8();
        }
        catch (JsonException)
        {
            throw NoJson();
        }
    }

    private static RpcError? ReadError(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, RpcJson.Default.RpcError);
        }
        catch (JsonException)
        {
            throw NoMessage();
        }
    }

    private static RpcException NotUtf8() => new(RpcCodes.ParseError, "a line is not UTF-8");

    private static RpcException NoJson() => new(RpcCodes.ParseError, "a line is not JSON", "this socket speaks JSON-RPC 2.0, one message a line");

    private static RpcException NoMessage() => new(RpcCodes.InvalidRequest, "a message is no JSON-RPC");

    /// <summary>Reading a string id here makes sure that it can be written back.</summary>
    private static bool IsId(JsonElement id) =>
        id.ValueKind == JsonValueKind.Number || (id.ValueKind == JsonValueKind.String && id.GetString() is not null);

    private static ReadOnlyMemory<byte> Line(Action<Utf8JsonWriter> members) => Line(AnswerOptions, members);

    private static ReadOnlyMemory<byte> Line(JsonWriterOptions options, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc", "2.0");
            members(writer);
            writer.WriteEndObject();
        }

        buffer.GetSpan(1)[0] = (byte)'\n';
        buffer.Advance(1);
        return buffer.WrittenMemory;
    }
}
