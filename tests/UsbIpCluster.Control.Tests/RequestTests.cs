using UsbIpCluster.Testing;

namespace UsbIpCluster.Control.Tests;

/// <summary>What is no request, no method, or no params for it.</summary>
public sealed class RequestTests
{
    private const string VersionRequest = """{"jsonrpc":"2.0","id":1,"method":"version"}""" + "\n";

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("{\"jsonrpc\":\n")]
    [InlineData("{} {}\n")]
    [InlineData("\u0016\u0003\u0001\n")]
    public async Task What_is_not_JSON_is_refused_and_closed(string garbage)
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send(garbage);
        Assert.Equal(-32700, await client.ReadErrorCodeAsync());
        Assert.Null(await client.ReadLineAsync());
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused_and_closed()
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send([.. "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\""u8, 0xff, 0xfe, .. "\"}\n"u8]);
        Assert.Equal(-32700, await client.ReadErrorCodeAsync());
        Assert.Null(await client.ReadLineAsync());
    }

    [Fact]
    public async Task JSON_that_is_nested_too_deeply_is_refused()
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send(new string('[', 1000) + new string(']', 1000) + "\n");
        Assert.Equal(-32700, await client.ReadErrorCodeAsync());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("3")]
    [InlineData("null")]
    [InlineData("""{"id":1,"method":"version"}""")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"version"}""")]
    [InlineData("""{"jsonrpc":2,"id":1,"method":"version"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"version"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"version"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"version"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"version"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"\ud800"}""")]
    public async Task JSON_that_is_no_request_is_refused_and_the_connection_goes_on(string message)
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send(message + "\n" + VersionRequest);
        Assert.Equal(-32600, await client.ReadErrorCodeAsync());
        Assert.True((await client.ReadAsync()).TryGetProperty("result", out _));
    }

    [Fact]
    public async Task An_unknown_method_is_named()
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"reboot"}""" + "\n");
        var error = (await client.ReadAsync()).GetProperty("error");
        Assert.Equal(-32601, error.GetProperty("code").GetInt32());
        Assert.Contains("reboot", error.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("bind", "{}")]
    [InlineData("bind", """{"selector":null}""")]
    [InlineData("bind", """{"selector":""}""")]
    [InlineData("bind", """{"selector":5}""")]
    [InlineData("bind", """{"selector":"\ud800"}""")]
    [InlineData("bind", """{"selektor":"1-1"}""")]
    [InlineData("bind", """{"selector":"1-1","force":true}""")]
    [InlineData("bind", """["1-1"]""")]
    [InlineData("bind", "null")]
    [InlineData("bind", """{"selector":"1-1","name":"disk","all":true}""")]
    [InlineData("bind", """{"selector":"1-1","all":"yes"}""")]
    [InlineData("bind", """{"selector":"1-1","allow":"node=lab2"}""")]
    [InlineData("bind", """{"selector":"1-1","allow":["node=lab2",""]}""")]
    [InlineData("bind", """{"selector":"1-1","allow":[" \t"]}""")]
    [InlineData("bind", """{"selector":"1-1","deny":[null]}""")]
    [InlineData("bind", """{"selector":"1-1","deny":[7]}""")]
    [InlineData("bind", """{"selector":"1-1","deny":["\ud800"]}""")]
    [InlineData("bind", """{"selector":"1-1","rules":[]}""")]
    [InlineData("unbind", "{}")]
    [InlineData("unbind", """{"selector":"","all":true}""")]
    [InlineData("unbind", """{"selector":"1-1","name":"disk"}""")]
    [InlineData("drain", """{"off":true,"waitSeconds":1}""")]
    [InlineData("drain", """{"waitSeconds":-1}""")]
    [InlineData("drain", """{"waitSeconds":604801}""")]
    [InlineData("drain", """{"waitSeconds":"1h"}""")]
    [InlineData("drain", """{"wait":1}""")]
    [InlineData("list", """{"remote":"h","local":true}""")]
    [InlineData("list", """{"problem":"x"}""")]
    [InlineData("list", """{"table":{"width":0}}""")]
    [InlineData("list", """{"table":{"width":65536}}""")]
    [InlineData("list", """{"table":{"height":5}}""")]
    [InlineData("list", """{"table":true}""")]
    [InlineData("port", """{"table":{"width":-1}}""")]
    [InlineData("nodes", """{"table":{"coloured":1}}""")]
    [InlineData("nodes", """{"table":{"width":0}}""")]
    [InlineData("nodes", """{"x":1}""")]
    [InlineData("attach", "{}")]
    [InlineData("attach", """{"selector":"a","remoteHost":"h","remoteBusid":"1-1"}""")]
    [InlineData("attach", """{"remoteHost":"h"}""")]
    [InlineData("attach", """{"remoteBusid":"1-1"}""")]
    [InlineData("attach", """{"selector":"a","waitSeconds":-1}""")]
    [InlineData("attach", """{"selector":"a","waitSeconds":1e300}""")]
    [InlineData("attach", """{"remoteHost":"h","remoteBusid":"1-1","steal":true}""")]
    [InlineData("attach", """{"steal":true}""")]
    [InlineData("attach", """{"all":true}""")]
    [InlineData("attach", """{"remoteHost":"h","remoteBusid":"1-1","all":true}""")]
    [InlineData("attach", """{"selector":"a","all":true,"once":true}""")]
    [InlineData("attach", """{"selector":"a","all":true,"steal":true}""")]
    [InlineData("attach", """{"selector":"a","steal":1}""")]
    [InlineData("detach", "{}")]
    [InlineData("detach", """{"target":"1","all":true}""")]
    [InlineData("events", """{"follow":"yes"}""")]
    public async Task Wrong_params_are_refused_with_what_the_method_takes(string method, string parameters)
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""" + "\n");
        var error = (await client.ReadAsync()).GetProperty("error");
        Assert.Equal(-32602, error.GetProperty("code").GetInt32());
        Assert.StartsWith(method + ":", error.GetProperty("message").GetString());
        Assert.StartsWith(method + " takes ", error.GetProperty("data").GetProperty("hint").GetString());
    }

    [Fact]
    public async Task The_hint_for_wrong_params_lists_them_by_their_names()
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"attach"}""" + "\n");
        var hint = (await client.ReadAsync()).GetProperty("error").GetProperty("data").GetProperty("hint").GetString();
        Assert.Equal("attach takes selector, remoteHost, remoteBusid, once, waitSeconds, steal, all", hint);
    }

    [Theory]
    [InlineData("allow")]
    [InlineData("deny")]
    public async Task Rules_are_as_many_as_are_allowed_and_not_one_more(string kind)
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send(Bind(BindParams.MostRules));
        Assert.True((await client.ReadAsync()).TryGetProperty("result", out _));
        client.Send(Bind(BindParams.MostRules + 1));
        Assert.Equal("bind: more than 64 rules", (await client.ReadAsync()).GetProperty("error").GetProperty("message").GetString());

        string Bind(int rules)
        {
            var list = string.Join(',', Enumerable.Range(0, rules).Select(i => $"\"node=lab{i}\""));
            return $$$"""{"jsonrpc":"2.0","id":1,"method":"bind","params":{"selector":"1-1","{{{kind}}}":[{{{list}}}]}}""" + "\n";
        }
    }
}
