using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The JSON of the messages between nodes. A field that this version does not know is ignored, so that versions can differ; one that it
/// knows must be there, as null where there is no value. Only what came with a later minor version may be missing, see
/// <see cref="NodeSerializer"/>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters =
    [
        typeof(NodeNameJson), typeof(BusIdJson), typeof(LeaseIdJson), typeof(AttachmentIdJson), typeof(EpochJson), typeof(NetworkAddressJson),
        typeof(ResumeSecretJson), typeof(DeviceStateJson), typeof(UsbSpeedJson), typeof(LeaseRefusalJson),
        typeof(DoorJson),
    ])]
[JsonSerializable(typeof(MembershipActor.Knock))]
[JsonSerializable(typeof(MembershipActor.KnockAnswer))]
[JsonSerializable(typeof(InventoryActor.Announce))]
[JsonSerializable(typeof(InventoryActor.Delta))]
[JsonSerializable(typeof(InventoryActor.Digest))]
[JsonSerializable(typeof(InventoryActor.Pull))]
[JsonSerializable(typeof(RequestLease))]
[JsonSerializable(typeof(LeaseGranted))]
[JsonSerializable(typeof(LeaseRefused))]
[JsonSerializable(typeof(ReleaseLease))]
[JsonSerializable(typeof(LeaseStolen))]
[JsonSerializable(typeof(Examine))]
[JsonSerializable(typeof(ExaminationBegun))]
[JsonSerializable(typeof(ExaminationDone))]
internal sealed partial class NodeJson : JsonSerializerContext;

/// <summary>A value that is written as its text, and read by the parser that carries its rule.</summary>
internal abstract class TextJson<T> : JsonConverter<T>
    where T : notnull
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out var value)
            ? value
            : throw new JsonException($"no {typeof(T).Name}");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    protected abstract bool TryParse(string? text, [NotNullWhen(true)] out T? value);
}

internal sealed class NodeNameJson : TextJson<NodeName>
{
    protected override bool TryParse(string? text, out NodeName value) => NodeName.TryParse(text, out value);
}

internal sealed class BusIdJson : TextJson<BusId>
{
    protected override bool TryParse(string? text, out BusId value) => BusId.TryParse(text, out value);
}

internal sealed class LeaseIdJson : TextJson<LeaseId>
{
    protected override bool TryParse(string? text, out LeaseId value) => LeaseId.TryParse(text, out value);
}

internal sealed class AttachmentIdJson : TextJson<AttachmentId>
{
    protected override bool TryParse(string? text, out AttachmentId value) => AttachmentId.TryParse(text, out value);
}

internal sealed class EpochJson : TextJson<Epoch>
{
    protected override bool TryParse(string? text, out Epoch value)
    {
        var read = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        value = new Epoch(number);
        return read;
    }
}

internal sealed class NetworkAddressJson : TextJson<NetworkAddress>
{
    protected override bool TryParse(string? text, [NotNullWhen(true)] out NetworkAddress? value) =>
        NetworkAddress.TryParse(text, null, out value);
}

internal sealed class ResumeSecretJson : JsonConverter<ResumeSecret>
{
    /// <inheritdoc/>
    public override ResumeSecret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && ResumeSecret.TryParse(reader.GetString(), out var secret)
            ? secret
            : throw new JsonException("no secret");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ResumeSecret value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Reveal());
}

/// <summary>One of a set of values, by its name.</summary>
internal abstract class NamedJson<T> : TextJson<T>
    where T : struct, Enum
{
    protected override bool TryParse(string? text, out T value) => Enum.TryParse(text, out value) && text == Enum.GetName(value);
}

internal sealed class DeviceStateJson : NamedJson<DeviceState>;

internal sealed class UsbSpeedJson : NamedJson<UsbSpeed>;

internal sealed class LeaseRefusalJson : NamedJson<LeaseRefusal>;

internal sealed class DoorJson : NamedJson<Door>;
