using UsbIpCluster.Certificates;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Doctor.Tests;

public sealed class CertificateChecksTests : IDisposable
{
    private readonly TestPki _pki = new(Samples.Now);

    public void Dispose() => _pki.Dispose();

    [Fact]
    public void Files_that_fit_are_well_until_thirty_days_before_their_end()
    {
        var settings = Samples.Settings with { Tls = _pki.Issue("lab1", Samples.Now) };
        Assert.Equal(["ok", "ok"], Results(settings, Samples.Now));
        Assert.Equal(["ok", "warning"], Results(settings, Samples.Now + CertificateAuthority.NodeLifetime - TimeSpan.FromDays(29)));
        Assert.Equal(["error"], Results(settings, Samples.Now + CertificateAuthority.NodeLifetime + TimeSpan.FromDays(1)));
    }

    [Fact]
    public void A_certificate_of_another_name_is_an_error_with_how_to_make_the_right_one()
    {
        var settings = Samples.Settings with { Tls = _pki.Issue("lab2", Samples.Now) };
        var row = Assert.Single(CertificateChecks.Run(settings, null, Samples.Now));
        Assert.Equal("error", Samples.ResultOf(row));
        Assert.Contains("usbipc ca issue lab1", row.Hint);
    }

    [Fact]
    public void A_file_that_is_gone_is_an_error_and_a_daemon_that_read_it_before_goes_on()
    {
        var files = _pki.Issue("lab1", Samples.Now);
        File.Delete(files.Key);
        var row = Assert.Single(CertificateChecks.Run(Samples.Settings with { Tls = files }, Samples.Daemon, Samples.Now));
        Assert.Equal("error", Samples.ResultOf(row));
        Assert.Contains("goes on with what it has read before", row.What);
    }

    [Fact]
    public void Of_the_files_and_what_the_daemon_uses_the_earlier_end_counts()
    {
        var node = NodeName.Parse("lab1");
        var row = CertificateChecks.Expiry("lab1", "file", node, Samples.Now.AddYears(1), Samples.Now.AddDays(3), Samples.Now);
        Assert.Equal("warning", Samples.ResultOf(row));
        Assert.Contains("in 3 days", row.What);
        Assert.Equal("error", Samples.ResultOf(CertificateChecks.Expiry("lab1", "file", node, Samples.Now.AddYears(1), Samples.Now, Samples.Now)));
    }

    [Fact]
    public void Without_TLS_there_is_nothing_to_check() => Assert.Empty(CertificateChecks.Run(Samples.Settings, null, Samples.Now));

    private static IEnumerable<string> Results(CheckedSettings settings, DateTimeOffset now) =>
        CertificateChecks.Run(settings, null, now).Select(Samples.ResultOf);
}
