using System.Text.Json;
using System.Text.Json.Serialization;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Control;

/// <summary>The JSON of the control protocol, generated at build time: camelCase, nulls written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ListParams))]
[JsonSerializable(typeof(NodesParams))]
[JsonSerializable(typeof(RemoveNodeParams))]
[JsonSerializable(typeof(BindParams))]
[JsonSerializable(typeof(UnbindParams))]
[JsonSerializable(typeof(DrainParams))]
[JsonSerializable(typeof(AttachParams))]
[JsonSerializable(typeof(HoldParams))]
[JsonSerializable(typeof(DetachParams))]
[JsonSerializable(typeof(PortParams))]
[JsonSerializable(typeof(EventsParams))]
[JsonSerializable(typeof(StatusParams))]
[JsonSerializable(typeof(VersionParams))]
[JsonSerializable(typeof(DoctorParams))]
[JsonSerializable(typeof(IReadOnlyList<DeviceRow>))]
[JsonSerializable(typeof(IReadOnlyList<NodeRow>))]
[JsonSerializable(typeof(IReadOnlyList<PortRow>))]
[JsonSerializable(typeof(IReadOnlyList<EventRow>))]
[JsonSerializable(typeof(StatusRow))]
[JsonSerializable(typeof(VersionRow))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(TableText))]
public sealed partial class ControlJson : JsonSerializerContext;

/// <summary>Writes times as ISO 8601 in UTC with a Z, however they were given.</summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}
