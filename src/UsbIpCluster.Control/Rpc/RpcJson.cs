using System.Text.Json.Serialization;

namespace UsbIpCluster.Control.Rpc;

/// <summary>The JSON of error objects; members without a value are left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RpcError))]
internal sealed partial class RpcJson : JsonSerializerContext;
