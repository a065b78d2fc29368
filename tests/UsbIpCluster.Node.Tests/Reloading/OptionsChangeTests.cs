using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node.Tests;

/// <summary>What a reload takes of a configuration, and what it leaves to a restart.</summary>
[Collection(ConfigurationCollection.Name)]
public sealed class OptionsChangeTests : IDisposable
{
    private const string Nothing = """ "node": "lab1" """;

    private readonly ConfigurationSources _sources = new();

    public void Dispose() => _sources.Dispose();

    [Theory]
    [InlineData("exports", """ "exports": [{ "match": "serial=S1" }] """)]
    [InlineData("plainClients", """ "plainClients": ["10.0.0.0/8"] """)]
    [InlineData("limits.connections", """ "limits": { "connections": 65 } """)]
    [InlineData("limits.perAddress", """ "limits": { "perAddress": 17 } """)]
    [InlineData("limits.rate", """ "limits": { "rate": 101 } """)]
    [InlineData("limits.requestTimeout", """ "limits": { "requestTimeout": "3s" } """)]
    [InlineData("keepalive.userTimeout", """ "keepalive": { "userTimeout": "20s" } """)]
    [InlineData("keepalive.idle", """ "keepalive": { "idle": "4s" } """)]
    [InlineData("keepalive.interval", """ "keepalive": { "interval": "3s" } """)]
    [InlineData("keepalive.probes", """ "keepalive": { "probes": 4 } """)]
    [InlineData("hooks.directory", """ "hooks": { "directory": "/h" } """)]
    [InlineData("hooks.timeout", """ "hooks": { "timeout": "1m" } """)]
    [InlineData("log.level", """ "log": { "level": "debug" } """)]
    public void What_can_change_while_the_node_runs_is_taken(string key, string json)
    {
        var (running, read) = (Read(Nothing), Read($"{Nothing}, {json}"));
        var change = OptionsChange.Between(running, read);
        Assert.Equal([key], change.Changed.ToArray());
        Assert.Empty(change.NeedRestart);

        // Taken, it is no change any more.
        Assert.Empty(OptionsChange.Between(change.Taken, read).Changed);
    }

    [Theory]
    [InlineData("node", """ "node": "lab2" """)]
    [InlineData("state", """ "state": "/s" """)]
    [InlineData("control", """ "control": "/c" """)]
    [InlineData("listen", """ "listen": "10.0.0.1:3241" """)]
    [InlineData("advertise", """ "advertise": ["10.0.0.1"] """)]
    [InlineData("cluster.listen", """ "cluster": { "listen": "127.0.0.1:7241" } """)]
    [InlineData("cluster.seeds", """ "cluster": { "seeds": ["lab2"] } """)]
    [InlineData("cluster.removeAfter", """ "cluster": { "removeAfter": "1h" } """)]
    [InlineData("cluster.tls", """ "cluster": { "listen": "127.0.0.1:7240", "tls": { "ca": "/a", "certificate": "/b", "key": "/c" } } """)]
    [InlineData("exporters", """ "exporters": "none" """)]
    [InlineData("simulated.devices", """ "simulated": { "devices": 2 } """)]
    [InlineData("hostController", """ "hostController": "none" """)]
    [InlineData("http.listen", """ "http": { "listen": "9240" } """)]
    [InlineData("log.format", """ "log": { "format": "json" } """)]
    public void What_can_not_is_named_for_as_long_as_it_differs(string key, string json)
    {
        var (running, read) = (Read(Nothing), Read(key == "node" ? json : $"{Nothing}, {json}"));
        var change = OptionsChange.Between(running, read);
        Assert.Empty(change.Changed);
        Assert.Equal([key], change.NeedRestart.ToArray());
        Assert.Equal([key], OptionsChange.Between(change.Taken, read).NeedRestart.ToArray());
        Assert.Empty(OptionsChange.Between(change.Taken, running).NeedRestart);
    }

    [Fact]
    public void Every_key_of_the_configuration_is_one_or_the_other()
    {
        // Nothing but cluster.insecure and http.insecure, which say only what the listen beside them may be, and what is one value of several keys.
        var error = _sources.WithFile("""{ "no": "such key" }""").ReadError();
        var keys = error[(error.IndexOf("the keys are ", StringComparison.Ordinal) + "the keys are ".Length)..].Split(", ")
            .Where(key => !key.StartsWith("exports[]", StringComparison.Ordinal) && key is not ("cluster.insecure" or "http.insecure"))
            .Select(key => key.StartsWith("cluster.tls.", StringComparison.Ordinal) ? "cluster.tls" : key)
            .Distinct(StringComparer.Ordinal);
        Assert.Equal(OptionsChange.Keys.Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_that_was_there_has_to_be_there()
    {
        var source = new OptionsSource(_sources.FilePath, []);
        source.Read();
        File.Delete(_sources.FilePath);
        Assert.Contains(_sources.FilePath, Assert.Throws<ConfigurationException>(source.Read).Message, StringComparison.Ordinal);
    }

    private NodeOptions Read(string json) => _sources.WithFile($"{{ {json} }}").Read();
}
