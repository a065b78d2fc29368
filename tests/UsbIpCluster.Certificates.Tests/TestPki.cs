using UsbIpCluster.Certificates;

namespace UsbIpCluster.Testing;

/// <summary>A cluster's CA and the certificates that it issues, in a folder that ends with it.</summary>
internal sealed class TestPki : IDisposable
{
    /// <summary>Makes the CA.</summary>
    /// <param name="now">When it is made; null for now.</param>
    public TestPki(DateTimeOffset? now = null)
    {
        Folder = Directory.CreateTempSubdirectory("usbipcluster-pki-").FullName;
        Authority = PathOf(CertificateAuthority.CertificateFile);
        var made = CertificateAuthority.Create(now ?? DateTimeOffset.UtcNow);
        PemFile.WriteAll(made.FilesAt(Authority, PathOf(CertificateAuthority.KeyFile)), replace: false);
    }

    /// <summary>Where everything is.</summary>
    public string Folder { get; }

    /// <summary>The CA's certificate.</summary>
    public string Authority { get; }

    /// <summary>Where a file of this name is.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Issues a certificate to a node, and replaces the one that it has.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="now">When it is issued; null for now.</param>
    public TlsFiles Issue(string node, DateTimeOffset? now = null)
    {
        var files = new TlsFiles(Authority, PathOf($"{node}.crt"), PathOf($"{node}.key"));
        var when = now ?? DateTimeOffset.UtcNow;
        using var authority = CertificateAuthority.Read(Folder, when);
        PemFile.WriteAll(authority.Issue([NodeName.Parse(node)], when).FilesAt(files.Certificate, files.Key), replace: true);
        return files;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
