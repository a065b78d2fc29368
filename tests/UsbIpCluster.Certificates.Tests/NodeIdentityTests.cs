using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Certificates.Tests;

/// <summary>A node's files: what is wrong with them is named, with the file and what to do.</summary>
public sealed class NodeIdentityTests : IDisposable
{
    private static readonly NodeName Lab1 = NodeName.Parse("lab1");
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private readonly TestPki _pki = new();

    public void Dispose() => _pki.Dispose();

    [Fact]
    public void Files_that_fit_are_taken()
    {
        var identity = NodeIdentity.Load(_pki.Issue("lab1"), NodeName.Parse("LAB1"), Now);
        Assert.True(identity.Certificate.HasPrivateKey);
        Assert.Equal(NodeCertificate.EndOf(identity.Certificate), identity.Ends);
    }

    [Fact]
    public void The_end_of_the_CA_is_the_end_of_the_identity_when_it_comes_first()
    {
        using var old = new TestPki(Now - CertificateAuthority.Lifetime + TimeSpan.FromDays(20));
        Assert.InRange((NodeIdentity.Load(old.Issue("lab1"), Lab1, Now).Ends - Now).TotalDays, 19, 21);
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("lab1.crt")]
    [InlineData("lab1.key")]
    public void A_missing_file_is_named(string name) => Refused(name, "is not there", path => File.Delete(path));

    [Theory]
    [InlineData("ca.crt", "has no certificate in it")]
    [InlineData("lab1.crt", "has no certificate in it")]
    [InlineData("lab1.key", "has no private key in it")]
    public void An_empty_file_is_named(string name, string wrong) => Refused(name, wrong, path => File.WriteAllText(path, ""));

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("lab1.crt")]
    public void A_damaged_certificate_is_named(string name) => Refused(
        name, "is damaged", path => File.WriteAllText(path, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));

    [Theory]
    [InlineData(UnixFileMode.GroupRead, "640")]
    [InlineData(UnixFileMode.OtherRead, "604")]
    public void A_key_that_others_can_read_is_refused(UnixFileMode mode, string written)
    {
        var error = Refused(
            "lab1.key",
            $"can be read by others (mode {written})",
            path => File.SetUnixFileMode(path, File.GetUnixFileMode(path) | mode));
        Assert.StartsWith("chmod 600 ", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void An_encrypted_key_is_refused() => Refused("lab1.key", "is encrypted", path =>
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        File.WriteAllText(path, key.ExportEncryptedPkcs8PrivateKeyPem("secret", parameters));
    });

    [Fact]
    public void A_key_of_another_certificate_is_refused() => Refused(
        "lab1.key", "has no key that belongs to", path => File.Copy(_pki.Issue("lab2").Key, path, overwrite: true));

    [Fact]
    public void A_certificate_of_another_CA_is_refused()
    {
        using var other = new TestPki();
        Refused("lab1.crt", "that the cluster's CA has not issued", path =>
        {
            var files = other.Issue("lab1");
            File.Copy(files.Certificate, path, overwrite: true);
            File.Copy(files.Key, _pki.PathOf("lab1.key"), overwrite: true);
        });
    }

    [Fact]
    public void A_certificate_of_another_node_is_refused()
    {
        var error = Assert.Throws<CertificateException>(() => NodeIdentity.Load(_pki.Issue("lab2"), Lab1, Now));
        Assert.Equal($"{_pki.PathOf("lab2.crt")} shows a certificate for lab2, and this node is lab1", error.Message);
        Assert.Contains("usbipc ca issue lab1", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(366, "that has expired on")]
    [InlineData(-1, "that is not valid before")]
    public void A_certificate_out_of_its_time_is_refused(int days, string wrong)
    {
        var files = _pki.Issue("lab1");
        var error = Assert.Throws<CertificateException>(() => NodeIdentity.Load(files, Lab1, Now.AddDays(days)));
        Assert.StartsWith(files.Certificate, error.Message, StringComparison.Ordinal);
        Assert.Contains(wrong, error.Message, StringComparison.Ordinal);
        Assert.Contains("usbipc ca renew lab1", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_is_no_CA() => Refused(
        "ca.crt", "is not the certificate of a CA", path => File.Copy(_pki.PathOf("lab1.crt"), path, overwrite: true));

    [Fact]
    public void Of_two_CAs_one_may_take_the_others_place()
    {
        using var next = new TestPki();
        File.AppendAllText(_pki.Authority, File.ReadAllText(next.Authority));
        NodeIdentity.Load(_pki.Issue("lab1"), Lab1, Now);
        NodeIdentity.Load(next.Issue("lab1") with { Authority = _pki.Authority }, Lab1, Now);
    }

    [Theory]
    [InlineData(X509KeyUsageFlags.KeyAgreement, true, true)]
    [InlineData(X509KeyUsageFlags.DigitalSignature, true, false)]
    [InlineData(X509KeyUsageFlags.DigitalSignature, false, true)]
    [InlineData(X509KeyUsageFlags.DigitalSignature, false, false)]
    public void A_certificate_without_the_usages_that_TLS_needs_is_refused(X509KeyUsageFlags usage, bool server, bool client) =>
        Refused("lab1.crt", "(key usage)", path =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=lab1", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
            var purposes = new OidCollection();
            if (server)
                purposes.Add(new Oid("1.3.6.1.5.5.7.3.1"));
            if (client)
                purposes.Add(new Oid("1.3.6.1.5.5.7.3.2"));
            if (purposes.Count > 0)
                request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, false));
            using var ca = PemFile.ReadPair(_pki.Authority, _pki.PathOf("ca.key"));
            File.WriteAllText(path, request.Create(ca, Now.AddMinutes(-1), Now.AddDays(1), [1]).ExportCertificatePem());
            File.WriteAllText(_pki.PathOf("lab1.key"), key.ExportPkcs8PrivateKeyPem());
        });

    /// <summary>Spoils one of the files: it is the one that is named.</summary>
    private CertificateException Refused(string name, string wrong, Action<string> spoil)
    {
        var files = _pki.Issue("lab1");
        spoil(_pki.PathOf(name));
        var error = Assert.Throws<CertificateException>(() => NodeIdentity.Load(files, Lab1, Now));
        Assert.StartsWith(_pki.PathOf(name), error.Message, StringComparison.Ordinal);
        Assert.Contains(wrong, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Hint);
        return error;
    }
}
