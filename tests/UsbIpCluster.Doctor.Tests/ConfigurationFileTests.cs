using UsbIpCluster.Control;

namespace UsbIpCluster.Doctor.Tests;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_the_checks_need_is_read_and_comments_and_cases_do_not_matter()
    {
        var read = Read("""
            {
              // comment
              "Node": "lab9", "state": "/s", "LISTEN": "[::]:3241", "exporters": ["simulated"], "hostController": "none",
              "plainClients": ["10.0.0.0/8", "::/0"],
              "cluster": { "listen": "127.0.0.1:7240", "insecure": "true", "tls": { "ca": "/a", "certificate": "/c", "key": "/k" } },
            }
            """);
        Assert.Equal(
            new CheckedSettings
            {
                Node = "lab9",
                State = "/s",
                ListenPort = 3241,
                ExportsByKernel = false,
                AttachesByKernel = false,
                AdmitsEverybody = true,
                ClusterListen = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 7240),
                Insecure = true,
                Tls = new("/a", "/c", "/k"),
            },
            read);
    }

    [Theory]
    [InlineData("0.0.0.0/0", true)]
    [InlineData("::ffff:0.0.0.0/96", true)]
    [InlineData("::ffff:10.0.0.0/104", false)]
    [InlineData("::/96", false)]
    public void A_network_of_all_addresses_admits_everybody(string network, bool expected) =>
        Assert.Equal(expected, Read($$"""{ "plainClients": ["{{network}}"] }""").AdmitsEverybody);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "node": 1, "state": [], "listen": "nowhere", "exporters": {}, "hostController": null, "plainClients": "x", "cluster": 3 }""")]
    [InlineData("""{ "node": "", "exporters": [1, null], "plainClients": ["x", 7], "cluster": { "tls": { "ca": "/a" }, "insecure": [], "listen": "1.2.3.4" } }""")]
    public void What_does_not_fit_is_the_default(string text) => Assert.Equal(
        new CheckedSettings { Node = "host" },
        Read(text) with { ExportsByKernel = true });

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\0\u0001")]
    public void What_is_no_JSON_object_is_a_problem_with_the_files_name(string text)
    {
        File.WriteAllText(_path, text);
        var read = ConfigurationFile.Read(_path, "host.example.com", out var problem);
        Assert.Equal(new CheckedSettings { Node = "host" }, read);
        Assert.StartsWith($"{_path} can't be read: ", problem);
        Assert.Equal("error", Samples.ResultOf(DaemonChecks.Configuration("lab1", problem!)));
    }

    [Fact]
    public void A_file_that_was_named_and_is_not_there_is_a_problem()
    {
        ConfigurationFile.Read("/nonexistent/usbipcd.json", "host", out var problem);
        Assert.StartsWith("/nonexistent/usbipcd.json can't be read: ", problem);
    }

    private CheckedSettings Read(string text)
    {
        File.WriteAllText(_path, text);
        var read = ConfigurationFile.Read(_path, "host", out var problem);
        Assert.Null(problem);
        return read;
    }
}
