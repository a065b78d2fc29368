using System.Net;

namespace UsbIpCluster.Node.Tests;

/// <summary>What the checks of a machine know of the daemon's options.</summary>
[Collection(ConfigurationCollection.Name)]
public sealed class DoctorDeskTests : IDisposable
{
    private readonly ConfigurationSources _sources = new();

    public void Dispose() => _sources.Dispose();

    [Fact]
    public void Whom_the_daemon_serves_is_what_holds_now_and_not_what_it_was_started_with()
    {
        var options = _sources.WithFile("""{ "node": "lab1", "plainClients": ["0.0.0.0/0"] }""").Read();
        var serving = new ListenerSettings(options.Limits, options.PlainClients);
        Assert.True(DoctorDesk.SettingsOf(options, serving).AdmitsEverybody);
        serving.PlainClients = [IPNetwork.Parse("10.0.0.0/8")];
        Assert.False(DoctorDesk.SettingsOf(options, serving).AdmitsEverybody);
    }
}
