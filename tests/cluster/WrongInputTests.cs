using System.Text.Json;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What users get wrong: each with its exit code, a line of what and one of what to do, and nothing changed.</summary>
[Collection(ThreeNodes.Collection)]
public sealed class WrongInputTests(ThreeNodes nodes, ITestOutputHelper output) : SharedClusterTest(nodes, output)
{
    private const int Usage = 2;
    private const int NotFound = 3;
    private const int Unavailable = 4;
    private const int NoDaemon = 5;
    private const int TimedOut = 6;

    [Fact]
    public async Task An_unknown_device_is_3_and_nothing_is_stored()
    {
        (await Lab1.Host.UsbipcAsync("attach", "serial=nothing")).Failed(NotFound, "serial=nothing", "usbipc list");
        Assert.Empty(await Lab1.PortAsync());
    }

    [Fact]
    public async Task An_ambiguous_selector_is_2_and_lists_the_candidates()
    {
        var result = (await Lab1.Host.UsbipcAsync("attach", "product=*")).Failed(Usage, "product=*", "NODE/BUSID");
        foreach (var serial in (string[])["LAB1-0001", "LAB2-0001", "LAB3-0001"])
            Assert.Contains(result.ErrorLines, line => line.StartsWith("  lab", StringComparison.Ordinal) && line.Contains(serial, StringComparison.Ordinal));
        Assert.Empty(await Lab1.PortAsync());
    }

    [Theory]
    [InlineData("serial=", "serial")]
    [InlineData("colour=red", "colour")]
    [InlineData("12345:6789", "12345:6789")]
    [InlineData("class=nonsense", "nonsense")]
    public async Task A_malformed_selector_is_2_and_says_what_is_allowed(string selector, string named) =>
        (await Lab1.Host.UsbipcAsync("attach", selector)).Failed(Usage, named);

    [Fact]
    public async Task A_command_that_is_not_there_is_2() => (await Lab1.Host.UsbipcAsync("atach", "serial=x")).Failed(Usage, "atach", "--help");

    [Theory]
    [InlineData("99")]
    [InlineData("2147483647")]
    public async Task A_port_out_of_range_is_3(string port) =>
        (await Lab1.Host.UsbipcAsync("detach", port)).Failed(NotFound, port, "usbipc port");

    [Fact]
    public async Task A_port_beyond_all_numbers_is_not_taken_for_another_one() =>
        (await Lab1.Host.UsbipcAsync("detach", "99999999999")).Failed(NotFound, "99999999999");

    [Fact]
    public async Task An_attachment_that_is_not_there_is_3() =>
        (await Lab1.Host.UsbipcAsync("detach", "a999")).Failed(NotFound, "a999", "usbipc port");

    [Fact]
    public async Task An_absent_daemon_is_5() =>
        (await Command.RunAsync(Executables.Usbipc, "--socket", "/nonexistent/control.sock", "list"))
            .Failed(NoDaemon, "/nonexistent/control.sock", "usbipcd");

    [Fact]
    public async Task A_device_that_is_not_exported_is_4_and_the_hint_says_how_to_export_it()
    {
        (await Lab1.Host.UsbipcAsync("attach", "serial=LAB2-0001")).Failed(Unavailable, "not exported", "on lab2: usbipc bind");
        Assert.Empty(await Lab1.PortAsync());
    }

    [Fact]
    public async Task A_busy_device_is_4_and_its_holder_is_named()
    {
        var row = await Lab2.AttachAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => Lab3.ListAsync("serial=LAB1-0001"), rows => rows is [{ State: "in-use" }], "lab3 knows that it is in use");
        (await Lab3.Host.UsbipcAsync("attach", "serial=LAB1-0001")).Failed(Unavailable, $"lab2/{row.Id}", "--wait");
        Assert.Empty(await Lab3.PortAsync());
    }

    [Fact]
    public async Task No_permission_on_the_socket_is_4()
    {
        // A user without any rights, except to find the program wherever it was built.
        var result = await Command.RunAsync(
            "setpriv",
            "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
            "--bounding-set=-all,+dac_read_search",
            Executables.Usbipc, "--socket", Lab1.Host.Socket, "list");
        result.Failed(Unavailable, "no permission", "group usbip");
    }

    [Fact]
    public async Task An_attach_that_waits_in_vain_is_6_and_stays_stored()
    {
        var result = (await Lab1.Host.UsbipcAsync("attach", "serial=nothing", "--wait=1s")).Failed(TimedOut, "serial=nothing", "1 s");
        var row = Assert.Single(await Lab1.PortAsync());
        Assert.Equal(("waiting", "serial=nothing"), (row.State, row.Selector));
        Assert.Contains(row.Id!, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conversation_that_is_given_too_little_time_is_6() =>
        (await Lab1.Host.UsbipcAsync("attach", "serial=nothing", "--wait=60s", "--timeout=500ms")).Failed(TimedOut, "500ms", "--timeout");

    [Fact]
    public async Task A_device_of_another_node_can_not_be_bound_from_here_and_the_hint_says_where() =>
        (await Lab1.Host.UsbipcAsync("bind", "serial=LAB2-0001")).Failed(NotFound, "serial=LAB2-0001", "lab2");

    [Fact]
    public async Task A_name_that_is_taken_is_4()
    {
        await Lab3.AskAsync((client, cancelled) => client.BindAsync(new BindParams("serial=LAB3-0001", "scope"), cancelled));
        await Until.ReadAsync(() => Lab1.ListAsync("name=scope"), rows => rows.Count == 1, "lab1 knows the name");
        (await Lab1.Host.UsbipcAsync("bind", "serial=LAB1-0001", "--name", "Scope")).Failed(Unavailable, "lab3/", "another name");
    }

    [Theory]
    [InlineData(NotFound, "notFound", "attach", "serial=nothing")]
    [InlineData(Usage, "usage", "attach", "product=*")]
    [InlineData(Usage, "usage", "attach")]
    [InlineData(Unavailable, "unavailable", "attach", "serial=LAB2-0001")]
    public async Task With_json_an_error_is_one_object_on_standard_error(int exitCode, string code, params string[] arguments)
    {
        var result = (await Lab1.Host.UsbipcAsync([.. arguments, "--json"])).Ended(exitCode);
        Assert.Empty(result.Out);
        using var json = JsonDocument.Parse(result.Error);
        var error = json.RootElement.GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.False(string.IsNullOrWhiteSpace(error.GetProperty("message").GetString()));
        Assert.False(string.IsNullOrWhiteSpace(error.GetProperty("hint").GetString()));
    }
}
