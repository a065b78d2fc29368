using System.Text.Json;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Cli.Tests;

/// <summary>The CA and its certificates, made with nothing but the command.</summary>
public sealed class CaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("usbipcluster-ca-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_CA_issues_to_several_nodes_what_they_can_use()
    {
        Assert.Equal(0, (await RunAsync("init", "--out", _folder)).ExitCode);
        var run = await RunAsync("issue", "lab1", "lab2", "--ca", _folder);
        Assert.Equal((0, 3, ""), (run.ExitCode, run.Lines.Length, run.Error));
        Assert.StartsWith("lab2  ", run.Lines[2], StringComparison.Ordinal);
        foreach (var node in (string[])["lab1", "lab2"])
        {
            var files = new TlsFiles(PathOf("ca.crt"), PathOf($"{node}.crt"), PathOf($"{node}.key"));
            Assert.True(NodeIdentity.Load(files, NodeName.Parse(node), Samples.Now).Certificate.HasPrivateKey);
        }
    }

    [Fact]
    public async Task What_is_made_goes_where_it_is_wanted_and_the_folder_is_its_owners_alone()
    {
        var other = Path.Combine(_folder, "pki", "nodes");
        await RunAsync("init", "--out", _folder);
        Assert.Equal(0, (await RunAsync("issue", "lab1", "--ca", _folder, "--out", other)).ExitCode);
        Assert.Equal(["lab1.crt", "lab1.key"], Directory.GetFiles(other).Select(path => Path.GetFileName(path)).Order());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(other));
    }

    [Fact]
    public async Task In_JSON_it_is_an_array_of_what_was_made()
    {
        await RunAsync("init", "--out", _folder);
        var run = await RunAsync("issue", "lab1", "--ca", _folder, "--json");
        using var json = JsonDocument.Parse(run.Out);
        var row = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal("lab1", Assert.Single(row.GetProperty("nodes").EnumerateArray()).GetString());
        Assert.Equal(PathOf("lab1.crt"), row.GetProperty("certificate").GetString());
        Assert.Equal(PathOf("lab1.key"), row.GetProperty("key").GetString());
        Assert.Equal(Samples.Now.AddYears(1).Date, row.GetProperty("notAfter").GetDateTimeOffset().Date);
        Assert.Matches("^[0-9a-f]+$", row.GetProperty("serial").GetString());
    }

    [Theory]
    [InlineData("init", "--out")]
    [InlineData("issue", "lab1", "--ca")]
    public async Task Nothing_is_replaced_without_force(params string[] arguments)
    {
        await RunAsync("init", "--out", _folder);
        await RunAsync("issue", "lab1", "--ca", _folder);
        var before = ReadAll();
        var run = await RunAsync([.. arguments, _folder]);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("is there already", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Equal("--force replaces it", run.ErrorLines[1]);
        Assert.Equal(before, ReadAll());
        Assert.Equal(0, (await RunAsync([.. arguments, _folder, "--force"])).ExitCode);
        Assert.NotEqual(before, ReadAll());
    }

    [Fact]
    public async Task A_renewed_certificate_keeps_its_names_and_has_a_new_key_and_new_dates()
    {
        await RunAsync("init", "--out", _folder);
        using (var authority = CertificateAuthority.Read(_folder, Samples.Now))
        {
            var early = authority.Issue([NodeName.Parse("lab1"), NodeName.Parse("bench1")], Samples.Now.AddDays(-300));
            PemFile.WriteAll(early.FilesAt(PathOf("lab1.crt"), PathOf("lab1.key")), replace: false);
        }

        var (before, key) = (PemFile.ReadCertificates(PathOf("lab1.crt"))[0], await File.ReadAllTextAsync(PathOf("lab1.key")));
        Assert.Equal(0, (await RunAsync("renew", "lab1", "--ca", _folder)).ExitCode);
        var after = PemFile.ReadPair(PathOf("lab1.crt"), PathOf("lab1.key"));
        Assert.Equal(NodeCertificate.NamesOf(before).AsEnumerable(), NodeCertificate.NamesOf(after));
        Assert.NotEqual(before.SerialNumber, after.SerialNumber);
        Assert.NotEqual(key, await File.ReadAllTextAsync(PathOf("lab1.key")));
        var missing = Samples.Now + CertificateAuthority.NodeLifetime - NodeCertificate.EndOf(after);
        Assert.InRange(missing, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Nothing_to_renew_is_3_with_how_to_make_it()
    {
        await RunAsync("init", "--out", _folder);
        var run = await RunAsync("renew", "lab1", "--ca", _folder);
        Assert.Equal(3, run.ExitCode);
        Assert.Equal("usbipc ca issue lab1 makes the first one", run.ErrorLines[1]);
    }

    [Fact]
    public async Task Without_a_CA_nothing_is_issued()
    {
        var run = await RunAsync("issue", "lab1", "--ca", _folder);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal($"usbipc: {PathOf("ca.crt")} is not there", run.ErrorLines[0]);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_folder_that_can_not_be_made_is_an_error_with_what_to_do()
    {
        var file = PathOf("file");
        await File.WriteAllTextAsync(file, "");
        var run = await RunAsync("init", "--out", Path.Combine(file, "pki"));
        Assert.Equal((1, 2), (run.ExitCode, run.ErrorLines.Length));
        Assert.Contains("--out", run.ErrorLines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("issue")]
    [InlineData("issue", "a b")]
    [InlineData("issue", "-x")]
    [InlineData("issue", "ca")]
    [InlineData("renew", "../lab1")]
    [InlineData("init", "--out", "")]
    [InlineData("sign")]
    public async Task Wrong_usage_is_2(params string[] arguments) => Assert.Equal((2, 2), await UsageAsync(arguments));

    private static async Task<(int ExitCode, int Lines)> UsageAsync(string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.Contains("usbipc ca", run.ErrorLines[1], StringComparison.Ordinal);
        return (run.ExitCode, run.ErrorLines.Length);
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.AloneAsync(["ca", .. arguments]);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string ReadAll() => string.Concat(Directory.GetFiles(_folder).Order().Select(File.ReadAllText));
}
