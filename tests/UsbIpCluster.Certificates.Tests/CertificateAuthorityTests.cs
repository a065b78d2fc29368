using System.Security.Cryptography.X509Certificates;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Certificates.Tests;

public sealed class CertificateAuthorityTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private readonly TestPki _pki = new();

    public void Dispose() => _pki.Dispose();

    [Fact]
    public void The_CA_signs_nodes_and_nothing_below_them_for_ten_years()
    {
        var ca = PemFile.ReadCertificates(_pki.Authority)[0];
        Assert.True(CertificateAuthority.IsAuthority(ca));
        var constraints = Assert.Single(ca.Extensions.OfType<X509BasicConstraintsExtension>());
        Assert.True(constraints is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0, Critical: true });
        var usage = Assert.Single(ca.Extensions.OfType<X509KeyUsageExtension>());
        Assert.Equal(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, usage.KeyUsages);
        Assert.InRange((NodeCertificate.EndOf(ca) - Now).TotalDays, 3651, 3653);
    }

    [Fact]
    public void A_nodes_certificate_is_for_its_name_in_both_roles_for_a_year_on_P_256()
    {
        var certificate = Read(_pki.Issue("lab1"));
        Assert.Equal([NodeName.Parse("lab1")], NodeCertificate.NamesOf(certificate).AsEnumerable());
        Assert.True(NodeCertificate.IsFor(certificate, CertificateRole.Server));
        Assert.True(NodeCertificate.IsFor(certificate, CertificateRole.Client));
        Assert.False(CertificateAuthority.IsAuthority(certificate));
        Assert.InRange((NodeCertificate.EndOf(certificate) - Now).TotalDays, 364.9, 365.1);
        Assert.Equal("1.2.840.10045.3.1.7", certificate.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value);
    }

    [Theory]
    [InlineData("a..b")]
    [InlineData("under_score")]
    [InlineData("Lab-1.example")]
    [InlineData("a.")]
    public void Every_name_that_a_node_can_have_can_be_certified(string name) =>
        Assert.Equal([NodeName.Parse(name)], NodeCertificate.NamesOf(Read(_pki.Issue(name))).AsEnumerable());

    [Fact]
    public void A_certificate_can_have_several_names()
    {
        using var authority = CertificateAuthority.Read(_pki.Folder, Now);
        NodeName[] names = [NodeName.Parse("lab1"), NodeName.Parse("bench1")];
        Assert.Equal(names, NodeCertificate.NamesOf(authority.Issue(names, Now).Certificate));
    }

    [Fact]
    public void Serial_numbers_are_random_and_have_128_bits()
    {
        using var authority = CertificateAuthority.Read(_pki.Folder, Now);
        var lab1 = NodeName.Parse("lab1");
        var serials = Enumerable.Range(0, 50).Select(_ => authority.Issue([lab1], Now).Certificate.SerialNumber).ToArray();
        Assert.Equal(50, serials.Distinct().Count());
        Assert.Contains(serials, serial => serial.TrimStart('0').Length == 32);
    }

    [Fact]
    public void Keys_are_for_their_owner_alone()
    {
        var files = _pki.Issue("lab1");
        foreach (var key in (string[])[files.Key, _pki.PathOf("ca.key")])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.True(File.GetUnixFileMode(files.Certificate).HasFlag(UnixFileMode.UserRead));
    }

    [Fact]
    public void A_certificate_does_not_outlast_its_CA()
    {
        var later = Now + CertificateAuthority.Lifetime - TimeSpan.FromDays(10);
        var ca = PemFile.ReadCertificates(_pki.Authority)[0];
        Assert.Equal(NodeCertificate.EndOf(ca), NodeCertificate.EndOf(Read(_pki.Issue("lab1", later))));
    }

    [Fact]
    public void A_CA_that_has_expired_issues_nothing()
    {
        var error = Assert.Throws<CertificateException>(
            () => CertificateAuthority.Read(_pki.Folder, Now + CertificateAuthority.Lifetime + TimeSpan.FromDays(1)));
        Assert.Contains("has expired on", error.Message, StringComparison.Ordinal);
        Assert.Contains("--force", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_replaced_unless_that_is_wanted()
    {
        var files = _pki.Issue("lab1");
        var before = File.ReadAllText(files.Certificate);
        var made = CertificateAuthority.Create(Now).FilesAt(files.Certificate, _pki.PathOf("other.key"));
        var error = Assert.Throws<CertificateException>(() => PemFile.WriteAll(made, replace: false));
        Assert.Contains(files.Certificate, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(files.Certificate));
        Assert.False(File.Exists(_pki.PathOf("other.key")));
        PemFile.WriteAll(made, replace: true);
        Assert.NotEqual(before, File.ReadAllText(files.Certificate));
        Assert.Empty(Directory.GetFiles(_pki.Folder, "*.new"));
    }

    private static X509Certificate2 Read(TlsFiles files) => PemFile.ReadPair(files.Certificate, files.Key);
}
