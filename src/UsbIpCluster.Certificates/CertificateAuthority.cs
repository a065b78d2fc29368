using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace UsbIpCluster.Certificates;

/// <summary>A certificate that has just been made, with its key.</summary>
/// <param name="Certificate">The certificate, without its key.</param>
/// <param name="KeyText">The key, as PEM.</param>
public sealed record NewCertificate(X509Certificate2 Certificate, string KeyText)
{
    /// <summary>The two files that it is stored in.</summary>
    public IReadOnlyList<PemFile> FilesAt(string certificatePath, string keyPath) =>
    [
        new PemFile(keyPath, KeyText + "\n", Secret: true),
        new PemFile(certificatePath, Certificate.ExportCertificatePem() + "\n", Secret: false),
    ];
}

/// <summary>A cluster's CA: it issues a certificate to each node, and to nothing else. ECDSA on P-256 throughout.</summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>The name of its certificate's file.</summary>
    public const string CertificateFile = "ca.crt";

    /// <summary>The name of its key's file.</summary>
    public const string KeyFile = "ca.key";

    /// <summary>How long it lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3652);

    /// <summary>How long a node's certificate lasts.</summary>
    public static readonly TimeSpan NodeLifetime = TimeSpan.FromDays(365);

    // Clocks differ: a certificate that was made a moment ago is to be valid everywhere.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    private readonly X509Certificate2 _certificate;

    private CertificateAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>Makes one.</summary>
    public static NewCertificate Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The number tells a person which of two it is.
        var name = NameOf($"UsbIpCluster CA {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        var usage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var certificate = request.Create(name, X509SignatureGenerator.CreateForECDsa(key), now - Backdated, now + Lifetime, NewSerial());
        return new NewCertificate(certificate, key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The one of a folder.</summary>
    /// <exception cref="CertificateException">There is none, or it can't be used any more.</exception>
    public static CertificateAuthority Read(string folder, DateTimeOffset now)
    {
        var path = Path.Combine(folder, CertificateFile);
        var certificate = PemFile.ReadPair(path, Path.Combine(folder, KeyFile));
        if (!IsAuthority(certificate) || certificate.GetECDsaPrivateKey() is null)
            throw new CertificateException($"{path} is no CA's that usbipc made", "usbipc ca init makes one");
        return now < NodeCertificate.EndOf(certificate)
            ? new CertificateAuthority(certificate)
            : throw new CertificateException(
                $"{path} has expired on {NodeCertificate.Format(NodeCertificate.EndOf(certificate))}",
                "usbipc ca init --force makes a new one; every node then needs a new certificate");
    }

    /// <summary>Whether a certificate is that of a CA that nobody else has issued.</summary>
    public static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority)
        && certificate.Extensions.OfType<X509KeyUsageExtension>().All(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
        && certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    /// <summary>Issues a certificate, with a new key.</summary>
    /// <param name="names">The names of the node; the first is its common name, too.</param>
    /// <param name="now">From when on it is valid.</param>
    public NewCertificate Issue(IReadOnlyList<NodeName> names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(NameOf(names[0].Value), key, HashAlgorithmName.SHA256);
        foreach (var extension in NodeCertificate.ExtensionsFor(names))
            request.CertificateExtensions.Add(extension);
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        using var issuer = _certificate.GetECDsaPrivateKey()!;
        var certificate = request.Create(
            _certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuer),
            Later(now - Backdated, NodeCertificate.BeginOf(_certificate)),
            Earlier(now + NodeLifetime, NodeCertificate.EndOf(_certificate)),
            NewSerial());
        return new NewCertificate(certificate, key.ExportPkcs8PrivateKeyPem());
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();

    private static X500DistinguishedName NameOf(string commonName)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }

    private static byte[] NewSerial() => RandomNumberGenerator.GetBytes(16);

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
