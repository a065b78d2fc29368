namespace UsbIpCluster.Node.Tests;

/// <summary>A configuration error names the source, the key and what is allowed there.</summary>
[Collection(ConfigurationCollection.Name)]
public sealed class OptionsErrorTests : IDisposable
{
    private readonly ConfigurationSources _sources = new();

    public void Dispose() => _sources.Dispose();

    public static TheoryData<string, string, string> WrongValues => new()
    {
        { "node", "a b", "1 to 63 letters, digits, dots, dashes and underscores" },
        { "state", "relative/path", "an absolute path" },
        { "control", "socket", "an absolute path of a socket" },
        { "listen", "127.0.0.1", "ADDRESS:PORT" },
        { "listen", "127.0.0.1:0", "ADDRESS:PORT" },
        { "listen", "lab1:3240", "ADDRESS:PORT" },
        { "listen", "[::]:65536", "ADDRESS:PORT" },
        { "advertise", "a b", "HOST or HOST:PORT" },
        { "cluster.listen", "7240", "ADDRESS:PORT" },
        { "cluster.listen", "10.0.0.1:7240", "a loopback address; with cluster.tls any, or cluster.insecure: true" },
        { "cluster.listen", "[::]:7240", "a loopback address; with cluster.tls any, or cluster.insecure: true" },
        { "cluster.seeds", "lab1:x", "HOST or HOST:PORT" },
        { "cluster.insecure", "yes", "true or false" },
        { "cluster.tls.ca", "pki/ca.crt", "an absolute path of a PEM file" },
        { "cluster.tls.certificate", "lab1.crt", "an absolute path of a PEM file" },
        { "cluster.tls.key", "lab1.key", "an absolute path of a PEM file" },
        { "cluster.tls.ca", "/pki/ca.crt", "it together with cluster.tls.certificate" },
        { "cluster.tls.key", "/pki/lab1.key", "it together with cluster.tls.ca" },
        { "exporters", "usb", "kernel, simulated or none" },
        { "exporters", "1", "kernel, simulated or none" },
        { "hostController", "0", "kernel, simulated or none" },
        { "hostController", "+1", "kernel, simulated or none" },
        { "hostController", "-1", "kernel, simulated or none" },
        { "hostController", " 1", "kernel, simulated or none" },
        { "hostController", "kernel,simulated", "kernel, simulated or none" },
        { "hostController", "libusb", "kernel, simulated or none" },
        { "plainClients", "10.0.0.0", "networks such as 10.0.0.0/8" },
        { "plainClients", "10.0.0.0/33", "networks such as 10.0.0.0/8" },
        { "limits.connections", "0", "1 to 4096" },
        { "limits.connections", "4097", "1 to 4096" },
        { "limits.perAddress", "-1", "1 to 4096" },
        { "limits.perAddress", "65", "at most limits.connections, which is 64" },
        { "limits.rate", "0", "1 to 10000" },
        { "limits.rate", "1e3", "1 to 10000" },
        { "limits.requestTimeout", "900ms", "1s to 5s" },
        { "limits.requestTimeout", "6s", "1s to 5s" },
        { "keepalive.userTimeout", "9", "1s to 1h" },
        { "keepalive.userTimeout", "500ms", "1s to 1h" },
        { "keepalive.userTimeout", "61m", "1s to 1h" },
        { "keepalive.userTimeout", "NaNs", "1s to 1h" },
        { "keepalive.idle", "1.5s", "1s to 1h, whole seconds" },
        { "keepalive.interval", "2500ms", "1s to 1h, whole seconds" },
        { "keepalive.probes", "0", "1 to 100" },
        { "keepalive.probes", "101", "1 to 100" },
        { "keepalive.probes", "3.0", "1 to 100" },
        { "http.listen", "10.0.0.1:9240", "a port or a loopback address; with http.insecure: true any" },
        { "http.listen", "[::]:9240", "a port or a loopback address; with http.insecure: true any" },
        { "http.listen", "0", "a PORT of loopback such as 9240, or ADDRESS:PORT" },
        { "http.listen", "65536", "a PORT of loopback such as 9240, or ADDRESS:PORT" },
        { "http.listen", "localhost", "a PORT of loopback such as 9240, or ADDRESS:PORT" },
        { "http.listen", "127.0.0.1", "a PORT of loopback such as 9240, or ADDRESS:PORT" },
        { "http.insecure", "1", "true or false" },
        { "log.level", "2", "trace, debug, information, warning, error, critical or none" },
        { "log.level", "debug, information", "trace, debug, information, warning, error, critical or none" },
        { "log.level", "verbose", "trace, debug, information, warning, error, critical or none" },
        { "log.format", "xml", "text or json" },
    };

    [Theory]
    [MemberData(nameof(WrongValues))]
    public void A_wrong_value_of_the_command_line_is_named(string key, string value, string allowed)
    {
        var error = _sources.WithArgument(key, value).ReadError();
        Assert.StartsWith("command line: ", error, StringComparison.Ordinal);
        AssertNames(error, key, value, allowed);
    }

    [Theory]
    [MemberData(nameof(WrongValues))]
    public void A_wrong_value_of_the_environment_is_named_by_its_variable(string key, string value, string allowed)
    {
        var name = key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();
        var error = _sources.WithVariable(name, value).ReadError();
        Assert.StartsWith($"environment USBIPCLUSTER__{name}: ", error, StringComparison.Ordinal);
        AssertNames(error, key, value, allowed);
    }

    [Theory]
    [MemberData(nameof(WrongValues))]
    public void A_wrong_value_of_the_file_is_named_by_the_file(string key, string value, string allowed)
    {
        var names = key.Split('.');
        var json = string.Concat(names.Select(name => $"{{ \"{name}\": ")) + $"\"{value}\"" + new string('}', names.Length);
        var error = _sources.WithFile(json).ReadError();
        Assert.StartsWith($"{_sources.FilePath}: ", error, StringComparison.Ordinal);
        AssertNames(error, key, value, allowed);
    }

    [Fact]
    public void A_wrong_item_of_a_list_is_named_by_its_place()
    {
        var error = _sources.WithFile("""{ "cluster": { "seeds": ["lab1", "a b"] } }""").ReadError();
        Assert.Equal($"{_sources.FilePath}: cluster.seeds[1] is 'a b'; allowed: HOST or HOST:PORT", error);
    }

    [Theory]
    [InlineData("[[\"lab1\"]]")]
    [InlineData("[{}]")]
    [InlineData("[null]")]
    [InlineData("[\"\"]")]
    public void An_item_that_is_no_text_is_named_by_its_place(string list) =>
        Assert.EndsWith(
            "cluster.seeds[0] is ''; allowed: HOST or HOST:PORT",
            _sources.WithFile($"{{ \"cluster\": {{ \"seeds\": {list} }} }}").ReadError(),
            StringComparison.Ordinal);

    [Fact]
    public void A_wrong_item_is_looked_for_where_it_was_written()
    {
        _sources.WithFile("""{ "cluster": { "seeds": ["lab1"] } }""").WithArgument("cluster.seeds.0", "a b");
        Assert.StartsWith("command line: cluster.seeds[0] is 'a b'", _sources.ReadError(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "nodes": "lab1" }""", "nodes")]
    [InlineData("""{ "cluster": { "seed": "lab1" } }""", "cluster.seed")]
    [InlineData("""{ "cluster": "lab1" }""", "cluster")]
    [InlineData("""{ "node": { "name": "lab1" } }""", "node.name")]
    [InlineData("""{ "node": ["lab1"] }""", "node[0]")]
    [InlineData("""{ "exporters": { "first": "kernel" } }""", "exporters.first")]
    public void An_unknown_key_is_refused_and_the_known_ones_are_told(string json, string key)
    {
        var error = _sources.WithFile(json).ReadError();
        Assert.StartsWith($"{_sources.FilePath}: there is no key '{key}'; the keys are advertise, cluster.insecure,", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_variable_is_refused() =>
        Assert.StartsWith(
            "environment USBIPCLUSTER__COLOUR: there is no key 'COLOUR'",
            _sources.WithVariable("COLOUR", "red").ReadError(),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{ \"node\": ")]
    [InlineData("{ \"node\": \"a\", \"node\": \"b\" }")]
    public void A_file_that_is_no_json_object_is_named(string text) =>
        Assert.StartsWith($"{_sources.FilePath}: ", _sources.WithFile(text).ReadError(), StringComparison.Ordinal);

    [Theory]
    [InlineData("missing.json")]
    [InlineData("missing/usbipcd.json")]
    [InlineData("")]
    public void A_file_that_is_not_there_is_named(string name)
    {
        var path = Path.Combine(Path.GetDirectoryName(_sources.FilePath)!, name);
        var error = Assert.Throws<ConfigurationException>(() => OptionsReader.Read(path, []));
        Assert.StartsWith($"{path}: ", error.Message, StringComparison.Ordinal);
    }

    private static void AssertNames(string error, string key, string value, string allowed)
    {
        Assert.Contains(key, error, StringComparison.Ordinal);
        Assert.Contains(value.Split(',')[0], error, StringComparison.Ordinal);
        Assert.Contains("allowed: " + allowed, error, StringComparison.Ordinal);
    }
}
