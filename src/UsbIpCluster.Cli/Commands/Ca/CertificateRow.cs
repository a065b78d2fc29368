using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands.Ca;

/// <summary>A certificate that was made.</summary>
/// <param name="Nodes">The nodes that it is for; none for the CA's own.</param>
/// <param name="Certificate">Its file.</param>
/// <param name="Key">Its key's file.</param>
/// <param name="Serial">Its serial number, in hexadecimal.</param>
/// <param name="NotBefore">From when on it is valid.</param>
/// <param name="NotAfter">Until when it is valid.</param>
internal sealed record CertificateRow(
    IReadOnlyList<string> Nodes,
    string Certificate,
    string Key,
    string Serial,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset NotBefore,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset NotAfter)
{
    /// <summary>Describes a certificate.</summary>
    public static CertificateRow Of(X509Certificate2 certificate, string path, string keyPath) => new(
        [.. NodeCertificate.NamesOf(certificate).Select(name => name.Value)],
        path,
        keyPath,
        certificate.SerialNumber.ToLowerInvariant(),
        NodeCertificate.BeginOf(certificate),
        NodeCertificate.EndOf(certificate));
}

/// <summary>The JSON of <c>usbipc ca</c>, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CertificateRow))]
internal sealed partial class CertificateJson : JsonSerializerContext;
