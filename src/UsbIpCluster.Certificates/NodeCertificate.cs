using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace UsbIpCluster.Certificates;

/// <summary>What the certificate of a node has in it: its names, and what it may be shown for.</summary>
public static class NodeCertificate
{
    private const string SubjectAlternativeName = "2.5.29.17";

    // id-kp-serverAuth and id-kp-clientAuth, RFC 5280, section 4.2.1.12.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>The nodes that it is for: its DNS names, as far as they can be a node's.</summary>
    public static ImmutableArray<NodeName> NamesOf(X509Certificate2 certificate)
    {
        try
        {
            return
            [
                .. certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName)
                    .SelectMany(extension => new X509SubjectAlternativeNameExtension(extension.RawData).EnumerateDnsNames())
                    .Select(name => NodeName.TryParse(name, out var node) ? node : default)
                    .Where(node => node != default),
            ];
        }
        catch (CryptographicException)
        {
            // Names that can't be read are nobody's.
            return [];
        }
    }

    /// <summary>Whether it may be shown at this end of a connection; both usages have to be written in it.</summary>
    public static bool IsFor(X509Certificate2 certificate, CertificateRole role) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().Any(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        && certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == UsageOf(role).Value));

    /// <summary>From when on it is valid.</summary>
    public static DateTimeOffset BeginOf(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime());

    /// <summary>Until when it is valid.</summary>
    public static DateTimeOffset EndOf(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    /// <summary>The certificate in words: for whom it is, as far as that can be printed.</summary>
    public static string Describe(X509Certificate2 certificate)
    {
        var names = NamesOf(certificate);
        return names.IsEmpty ? "a certificate without a node's name" : $"a certificate for {string.Join(", ", names)}";
    }

    /// <summary>A time as messages about certificates have it.</summary>
    public static string Format(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd HH:mm} UTC";

    internal static Oid UsageOf(CertificateRole role) => new(role == CertificateRole.Server ? ServerAuthentication : ClientAuthentication);

    /// <summary>What is written into the certificate of a node.</summary>
    internal static IEnumerable<X509Extension> ExtensionsFor(IEnumerable<NodeName> names) =>
    [
        new X509BasicConstraintsExtension(false, false, 0, critical: true),
        new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true),
        new X509EnhancedKeyUsageExtension([UsageOf(CertificateRole.Server), UsageOf(CertificateRole.Client)], critical: false),
        new X509Extension(new Oid(SubjectAlternativeName), Encode(names), critical: false),
    ];

    // The framework's own writer takes host names only, and a node's name may be none ("a..b"). GeneralNames, RFC 5280, section 4.2.1.6.
    private static byte[] Encode(IEnumerable<NodeName> names)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var name in names)
                writer.WriteCharacterString(UniversalTagNumber.IA5String, name.Value, new Asn1Tag(TagClass.ContextSpecific, 2));
        }

        return writer.Encode();
    }
}
