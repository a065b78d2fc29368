using System.Text.Json;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// Every way to fail, with its exit code, in both forms: for people a line of what and one of what to do, for programs one object with
/// both. What needs more than one command is in <see cref="WrongInputTests"/>.
/// </summary>
[Collection(ThreeNodes.Collection)]
public sealed class ErrorPathTests(ThreeNodes nodes, ITestOutputHelper output) : SharedClusterTest(nodes, output)
{
    [Theory]
    [InlineData("list -r 10.231.0.2:9", "10.231.0.2:9")]
    [InlineData("list -r no-such-host.invalid", "no-such-host.invalid")]
    [InlineData("attach -r 10.231.0.2:9 -b 1-1", "10.231.0.2:9")]
    [InlineData("ca init --out /dev/null/pki", "/dev/null")]
    [InlineData("ca issue lab1 --ca /nonexistent", "/nonexistent/ca.crt")]
    public Task What_was_tried_and_failed_is_1(string line, string says) => AssertFailsAsync(1, line, says);

    [Theory]
    [InlineData("", "a command is missing")]
    [InlineData("atach serial=x", "atach")]
    [InlineData("attach", "say which device")]
    [InlineData("attach serial=x serial=y", "serial=y")]
    [InlineData("attach serial=x --frob", "--frob")]
    [InlineData("attach serial=x --wait=soon", "'soon'")]
    [InlineData("attach serial=x --timeout=0s", "'0s'")]
    [InlineData("attach @file", "'@file'")]
    [InlineData("attach colour=red", "'colour'")]
    [InlineData("attach serial=", "'serial='")]
    [InlineData("attach 12345:6789", "'12345:6789'")]
    [InlineData("attach class=nonsense", "'nonsense'")]
    [InlineData("attach lab1/", "'lab1/'")]
    [InlineData("attach serial=x,,", "''")]
    [InlineData("attach -r host:99999 -b 1-1", "'host:99999'")]
    [InlineData("attach -r host -b ..", "'..'")]
    [InlineData("attach -r host", "--busid")]
    [InlineData("attach product=*", "3 devices")]
    [InlineData("detach", "say what to detach")]
    [InlineData("detach colour=red", "'colour'")]
    [InlineData("list colour=red", "'colour'")]
    [InlineData("list -r host -l", "--remote")]
    [InlineData("bind colour=red", "'colour'")]
    [InlineData("bind serial=LAB1-0001 --name a/b", "'a/b'")]
    [InlineData("bind serial=LAB1-0001 --allow colour=red", "'colour'")]
    [InlineData("bind serial=LAB1-0001 --allow 10.0.0.1/8", "'10.0.0.1/8'")]
    [InlineData("unbind colour=red", "'colour'")]
    [InlineData("drain --off --wait", "--off")]
    [InlineData("nodes remove", "NODE")]
    [InlineData("nodes forget lab9", "forget")]
    [InlineData("port 3", "'3'")]
    [InlineData("events yesterday", "yesterday")]
    [InlineData("ca issue ../lab1", "'../lab1'")]
    [InlineData("ca sign", "sign")]
    public Task Wrong_usage_is_2(string line, string says) => AssertFailsAsync(2, line, says);

    [Fact]
    public Task A_socket_whose_path_is_too_long_is_2() =>
        AssertFailsAsync(2, $"list --socket /{new string('x', 200)}", "too long", "107 bytes");

    [Theory]
    [InlineData("attach serial=nothing", "serial=nothing")]
    [InlineData("attach lab9/1-1", "lab9/1-1")]
    [InlineData("detach 7", "port 07")]
    [InlineData("detach a999", "a999")]
    [InlineData("detach serial=nothing", "serial=nothing")]
    [InlineData("bind serial=nothing", "serial=nothing")]
    [InlineData("bind serial=LAB2-0001", "serial=LAB2-0001")]
    [InlineData("unbind serial=nothing", "serial=nothing")]
    [InlineData("nodes remove lab9", "lab9")]
    public Task What_is_not_there_is_3(string line, string says) => AssertFailsAsync(3, line, says);

    [Theory]
    [InlineData("attach serial=LAB2-0001", "not exported")]
    [InlineData("unbind serial=LAB1-0001 --timeout=30s", "")]
    [InlineData("nodes remove lab2", "reachable")]
    public async Task What_can_not_be_had_is_4(string line, string says)
    {
        // The second unbind finds that it is not exported any more.
        if (line.StartsWith("unbind", StringComparison.Ordinal))
            (await Lab1.Host.UsbipcAsync("unbind", "serial=LAB1-0001")).Succeeded();
        try
        {
            await AssertFailsAsync(4, line, says);
        }
        finally
        {
            await Lab1.BindAsync("serial=LAB1-0001");
        }
    }

    [Fact]
    public async Task A_device_that_somebody_has_or_may_come_back_to_is_4()
    {
        await Lab2.AttachAsync("serial=LAB1-0001");
        await Until.ReadAsync(() => Lab1.ListAsync("serial=LAB1-0001"), rows => rows is [{ State: "in-use" }], "it is used");
        await AssertFailsAsync(4, "attach serial=LAB1-0001", "is held by lab2/");
    }

    [Fact]
    public async Task A_device_that_the_policy_denies_is_4_and_the_hint_says_who_decides()
    {
        await Lab3.BindAsync(new BindParams("serial=LAB3-0001", Deny: ["node=lab1"]));
        try
        {
            await AssertFailsAsync(4, "attach serial=LAB3-0001", "is not for lab1", "usbipc bind --allow");
        }
        finally
        {
            await Lab3.BindAsync(new BindParams("serial=LAB3-0001", Allow: [], Deny: []));
        }
    }

    [Theory]
    [InlineData("list")]
    [InlineData("nodes")]
    [InlineData("nodes remove lab2")]
    [InlineData("bind 1-1")]
    [InlineData("unbind 1-1")]
    [InlineData("drain")]
    [InlineData("attach 1-1")]
    [InlineData("detach --all")]
    [InlineData("port")]
    [InlineData("events --follow")]
    public Task No_daemon_is_5(string line) =>
        AssertFailsAsync(5, $"{line} --socket /nonexistent/control.sock", "/nonexistent/control.sock", "usbipcd");

    [Theory]
    [InlineData("attach serial=nothing --wait=100ms", "0.1 s", "usbipc port")]
    [InlineData("attach serial=nothing --wait=1m --timeout=300ms", "300ms", "--timeout")]
    public Task What_is_not_done_in_time_is_6(string line, string says, string hint) => AssertFailsAsync(6, line, says, hint);

    [Fact]
    public async Task A_drain_that_is_waited_for_in_vain_is_6()
    {
        await Lab2.AttachAsync("serial=LAB1-0001");
        try
        {
            await AssertFailsAsync(6, "drain --wait=100ms", "still in use", "usbipc drain");
        }
        finally
        {
            (await Lab1.Host.UsbipcAsync("drain", "--off")).Succeeded();
        }
    }

    private async Task AssertFailsAsync(int exitCode, string line, string says, string hint = "")
    {
        string[] arguments = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var text = (await Lab1.Host.UsbipcAsync(arguments)).Failed(exitCode, says, hint);
        Assert.True(text.ErrorLines.Length >= 2, $"no line of what to do: {text}");

        var json = (await Lab1.Host.UsbipcAsync([.. arguments, "--json"])).Ended(exitCode);
        Assert.Equal("", json.Out);
        using var document = JsonDocument.Parse(Assert.Single(json.ErrorLines));
        var error = document.RootElement.GetProperty("error");
        Assert.Equal(((ControlError)exitCode).Code(), error.GetProperty("code").GetString());
        Assert.Contains(says, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(hint, error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.NotEqual("", error.GetProperty("hint").GetString());
    }
}

/// <summary>What fails for want of something on the machine.</summary>
public sealed class MissingPartsTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public async Task Without_a_host_controller_an_attach_is_1_and_the_hint_says_what_to_load()
    {
        var host = (await AddHostsAsync(1))[0];
        var daemon = host.Launch(["--exporter", "simulated", "--host-controller", "none"]);
        await daemon.WaitUntilReadyAsync();
        await daemon.BindAsync("serial=LAB1-0001");
        (await host.UsbipcAsync("attach", "serial=LAB1-0001")).Failed(1, "no host controller", "modprobe vhci-hcd");
    }

    [Fact]
    public async Task A_daemon_that_may_not_write_its_state_folder_is_1_and_the_hint_says_what_to_do()
    {
        var host = (await AddHostsAsync(1))[0];
        var options = host.OwnOptions().Select(option => option == host.State ? "/proc/usbipcluster" : option);
        (await host.RunAsync(Executables.Usbipcd, options)).Failed(1, "/proc/usbipcluster", "--state");
    }
}
