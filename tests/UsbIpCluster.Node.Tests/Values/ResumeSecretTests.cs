using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ResumeSecretTests
{
    private const string Ascending = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string AscendingFor11At8 = "7fa78f97c3c9c8be065036b58bf546d9";

    [Fact]
    public void An_id_is_hkdf_over_the_purpose_the_epoch_and_the_device()
    {
        Assert.True(ResumeSecret.TryParse(Ascending, out var secret));
        Assert.Equal(AscendingFor11At8, secret.IdOf(Samples.BusId, new Epoch(8)).ToString());
    }

    [Fact]
    public void An_id_is_for_one_device_one_epoch_and_one_secret()
    {
        var secret = ResumeSecret.New();
        LeaseId[] ids =
        [
            secret.IdOf(Samples.BusId, new Epoch(1)),
            secret.IdOf(Samples.BusId, new Epoch(2)),
            secret.IdOf(BusId.Parse("1-2"), new Epoch(1)),
            ResumeSecret.New().IdOf(Samples.BusId, new Epoch(1)),
        ];
        Assert.Equal(ids, ids.Distinct());
        Assert.Equal(ids[0], secret.IdOf(Samples.BusId, new Epoch(1)));
    }

    [Fact]
    public void A_secret_is_read_as_it_was_revealed()
    {
        var secret = ResumeSecret.New();
        Assert.True(ResumeSecret.TryParse(secret.Reveal(), out var read));
        Assert.Equal(secret, read);
        Assert.NotEqual(secret, ResumeSecret.New());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAEC")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==")]
    [InlineData("-- no base 64 -- no base 64 -- no base 64 --")]
    public void What_is_no_secret_is_refused(string? text) => Assert.False(ResumeSecret.TryParse(text, out _));

    [Fact]
    public void No_text_that_a_log_could_get_shows_the_secret()
    {
        Assert.True(ResumeSecret.TryParse(Ascending, out var secret));
        object[] all =
        [
            secret,
            new Lease(LeaseId.New(), Samples.Holder, new Epoch(1), null, secret),
            new LeaseRecord(Samples.Holder, null, secret),
            new LeaseGranted(LeaseId.New(), new Epoch(1), Samples.BusId, [], TimeSpan.FromSeconds(10), secret),
        ];
        Assert.All(all, value =>
        {
            Assert.Contains("(secret)", value.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("AAECAw", value.ToString(), StringComparison.Ordinal);
        });
    }
}
