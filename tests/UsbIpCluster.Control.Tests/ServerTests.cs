using System.Diagnostics;
using System.Text;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Control.Tests;

public sealed class ServerTests
{
    private const string VersionRequest = """{"jsonrpc":"2.0","id":1,"method":"version"}""" + "\n";

    [Fact]
    public async Task A_request_is_answered_under_its_id()
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":"x-1","method":"version","params":{}}""" + "\n");
        var answer = await client.ReadAsync();
        Assert.Equal("x-1", answer.GetProperty("id").GetString());
        Assert.Equal("1.2.3", answer.GetProperty("result").GetProperty("version").GetString());
    }

    [Theory]
    [InlineData("{}", "NODE  BUSID  ID         PRODUCT  SERIAL  STATE\nlab1  1-1    0525:a4a5  Ä\"       -       available\n", "[]")]
    [InlineData("""{"width":33}""", "NODE  BUSID  ID         STATE\nlab1  1-1    0525:a4a5  available\n", """["SERIAL","PRODUCT"]""")]
    public async Task Rows_can_be_had_as_the_table_that_people_read(string form, string text, string leftOut)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (request, _) => request.Selector is null
            ? ScriptedHandler.Rows(new DeviceRow("lab1", "1-1", "0525", "a4a5", null, null, "\u001bÄ\"", "hid", "high", "kernel", "available", null, null, true, 7, null))
            : ScriptedHandler.Rows<DeviceRow>();
        using var client = daemon.ConnectRaw();
        client.Send($$$"""{"jsonrpc":"2.0","id":1,"method":"list","params":{"table":{{{form}}}}}""" + "\n");
        var table = (await client.ReadAsync()).GetProperty("result");
        Assert.Equal(text, table.GetProperty("text").GetString());
        Assert.Equal(leftOut, table.GetProperty("leftOut").GetRawText());
        client.Send($$$"""{"jsonrpc":"2.0","id":2,"method":"list","params":{"selector":"x","table":{{{form}}}}}""" + "\n");
        Assert.Equal("""{"text":"","leftOut":[]}""", (await client.ReadAsync()).GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task The_handler_learns_who_asks()
    {
        await using var daemon = new TestDaemon();
        await using var client = await daemon.ConnectAsync();
        await client.ListAsync(new ListParams(), default);
        Assert.Equal(Environment.ProcessId, daemon.Handler.Caller?.ProcessId);
    }

    [Fact]
    public async Task The_handler_learns_the_name_of_the_user_who_asks()
    {
        await using var daemon = new TestDaemon();
        await using var client = await daemon.ConnectAsync();
        await client.ListAsync(new ListParams(), default);
        Assert.Equal((uint.Parse(await AskIdAsync("-u")), await AskIdAsync("-un")), (daemon.Handler.Caller!.Value.UserId, daemon.Handler.Caller.Value.User));
    }

    [Fact]
    public async Task Empty_lines_and_carriage_returns_are_ignored()
    {
        await using var daemon = new TestDaemon();
        using var client = daemon.ConnectRaw();
        client.Send("\n \r\n" + VersionRequest.Replace("\n", "\r\n"));
        Assert.True((await client.ReadAsync()).TryGetProperty("result", out _));
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_refused_and_closed()
    {
        await using var daemon = new TestDaemon(options => options with { LongestRequest = 4096 });
        using var client = daemon.ConnectRaw();
        client.Send(new string(' ', 5000));
        var error = (await client.ReadAsync()).GetProperty("error");
        Assert.Equal("a line is longer than 4096 bytes", error.GetProperty("message").GetString());
        Assert.Null(await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_line_of_exactly_the_longest_length_is_read()
    {
        await using var daemon = new TestDaemon(options => options with { LongestRequest = 4096 });
        using var client = daemon.ConnectRaw();
        client.Send(VersionRequest.TrimEnd().PadRight(4096) + "\n");
        Assert.True((await client.ReadAsync()).TryGetProperty("result", out _));
    }

    [Fact]
    public async Task Half_a_line_is_closed_after_its_time_although_more_trickles_in()
    {
        await using var daemon = new TestDaemon(options => options with { ReadPatience = TimeSpan.FromSeconds(1) });
        using var client = daemon.ConnectRaw();
        client.Send("{\"json");
        client.Send("rpc");
        Assert.Equal(-32600, await client.ReadErrorCodeAsync());
        Assert.Null(await client.ReadLineAsync());
    }

    [Fact]
    public async Task An_idle_connection_stays_while_half_a_line_is_closed()
    {
        await using var daemon = new TestDaemon(options => options with { ReadPatience = TimeSpan.FromMilliseconds(100) });
        using var idle = daemon.ConnectRaw();
        using var stalled = daemon.ConnectRaw();
        stalled.Send("{");
        while (await stalled.ReadLineAsync() is not null)
        {
        }

        idle.Send(VersionRequest);
        Assert.True((await idle.ReadAsync()).TryGetProperty("result", out _));
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so_and_closed()
    {
        await using var daemon = new TestDaemon(options => options with { MaxConnections = 1 });
        await using var first = await daemon.ConnectAsync();
        await first.VersionAsync(new VersionParams(), default);
        await using var second = await daemon.ConnectAsync();
        var error = await Assert.ThrowsAsync<ControlException>(() => second.VersionAsync(new VersionParams(), default));
        Assert.Equal(ControlError.Unavailable, error.Error);
    }

    [Fact]
    public async Task A_closed_connection_makes_room_for_another()
    {
        await using var daemon = new TestDaemon(options => options with { MaxConnections = 1 });
        await using (var first = await daemon.ConnectAsync())
            await first.VersionAsync(new VersionParams(), default);
        await Eventually.DoesNotThrowAsync(async () =>
        {
            await using var second = await daemon.ConnectAsync();
            await second.VersionAsync(new VersionParams(), default);
        });
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_as_they_finish()
    {
        await using var daemon = new TestDaemon();
        var slow = new TaskCompletionSource();
        daemon.Handler.List = async (_, _) =>
        {
            await slow.Task;
            return [];
        };
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"list"}""" + "\n" + """{"jsonrpc":"2.0","id":2,"method":"version"}""" + "\n");
        Assert.Equal(2, (await client.ReadAsync()).GetProperty("id").GetInt32());
        slow.SetResult();
        Assert.Equal(1, (await client.ReadAsync()).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task No_more_requests_are_worked_on_at_once_than_allowed()
    {
        await using var daemon = new TestDaemon(options => options with { MaxRequests = 3 });
        var running = 0;
        var most = 0;
        var gate = new TaskCompletionSource();
        var full = new TaskCompletionSource();
        daemon.Handler.Nodes = async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            if (most == 3)
                full.TrySetResult();
            await gate.Task;
            Interlocked.Decrement(ref running);
            return [];
        };
        using var client = daemon.ConnectRaw();
        for (var id = 1; id <= 10; id++)
            client.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"nodes"}""" + "\n");
        await full.Task.WaitAsync(Eventually.Deadline);
        gate.SetResult();
        for (var i = 0; i < 10; i++)
            Assert.True((await client.ReadAsync()).TryGetProperty("result", out _));
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task A_client_that_disconnects_cancels_its_request()
    {
        await using var daemon = new TestDaemon();
        var begun = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(begun, cancelled);
        var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"list"}""" + "\n");
        await begun.Task.WaitAsync(Eventually.Deadline);
        client.Dispose();
        await cancelled.Task.WaitAsync(Eventually.Deadline);
    }

    [Fact]
    public async Task A_client_that_disconnects_with_further_requests_waiting_cancels_as_well()
    {
        await using var daemon = new TestDaemon(options => options with { MaxRequests = 1 });
        var begun = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(begun, cancelled);
        var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"list"}""" + "\n" + VersionRequest + VersionRequest);
        await begun.Task.WaitAsync(Eventually.Deadline);
        client.Dispose();
        await cancelled.Task.WaitAsync(Eventually.Deadline);
    }

    [Fact]
    public async Task A_client_that_only_stops_sending_gets_its_answer()
    {
        await using var daemon = new TestDaemon();
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        daemon.Handler.List = async (_, cancellationToken) =>
        {
            begun.SetResult();
            await go.Task.WaitAsync(cancellationToken);
            return [];
        };
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"list"}""" + "\n");
        client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        await begun.Task.WaitAsync(Eventually.Deadline);
        go.SetResult();
        Assert.True((await client.ReadAsync()).TryGetProperty("result", out _));
        Assert.Null(await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_disconnected_and_its_other_requests_are_cancelled()
    {
        await using var daemon = new TestDaemon(options => options with { WritePatience = TimeSpan.FromMilliseconds(200) });
        var cancelled = new TaskCompletionSource();
        daemon.Handler.Port = ScriptedHandler.Hang<PortParams, PortRow>(null, cancelled);
        daemon.Handler.Nodes = (_, _) => ScriptedHandler.Rows(new NodeRow(new string('x', 4_000_000), null, "up", true, true, 0, 0, null, null));
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"port"}""" + "\n" + """{"jsonrpc":"2.0","id":2,"method":"nodes"}""" + "\n");
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_answer_that_is_too_long_is_an_error_of_its_own()
    {
        await using var daemon = new TestDaemon(options => options with { LongestAnswer = 1000 });
        daemon.Handler.Nodes = (_, _) => ScriptedHandler.Rows(new NodeRow(new string('x', 1000), null, "up", true, true, 0, 0, null, null));
        await using var client = await daemon.ConnectAsync();
        var error = await Assert.ThrowsAsync<ControlException>(() => client.NodesAsync(new NodesParams(), default));
        Assert.Equal("the answer is longer than 1000 bytes", error.Message);
    }

    [Fact]
    public async Task An_unexpected_exception_is_reported_and_told_without_its_details()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => throw new InvalidCastException("secret");
        await using var client = await daemon.ConnectAsync();
        var error = await Assert.ThrowsAsync<ControlException>(() => client.ListAsync(new ListParams(), default));
        Assert.Equal((ControlError.Failed, "list failed in the daemon"), (error.Error, error.Message));
        Assert.Equal(["list failed"], daemon.Reports);
    }

    [Fact]
    public async Task A_handler_that_gives_up_by_itself_is_a_failure()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => throw new OperationCanceledException();
        await using var client = await daemon.ConnectAsync();
        var error = await Assert.ThrowsAsync<ControlException>(() => client.ListAsync(new ListParams(), default));
        Assert.Equal(ControlError.Failed, error.Error);
    }

    [Fact]
    public async Task Stopping_closes_connections_and_cancels_requests()
    {
        var daemon = new TestDaemon();
        var begun = new TaskCompletionSource();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(begun);
        await using var client = await daemon.ConnectAsync();
        var call = client.ListAsync(new ListParams(), default);
        await begun.Task.WaitAsync(Eventually.Deadline);
        await daemon.DisposeAsync();
        var error = await Assert.ThrowsAsync<ControlException>(() => call);
        Assert.Equal("the daemon closed the connection", error.Message);
    }

    [Fact]
    public async Task Random_bytes_never_disturb_another_client()
    {
        const int seed = 20240611;
        var random = new Random(seed);
        await using var daemon = new TestDaemon(options => options with { ReadPatience = TimeSpan.FromMilliseconds(50) });
        await using var client = await daemon.ConnectAsync();
        for (var round = 0; round < 100; round++)
        {
            using var wild = daemon.ConnectRaw();
            var bytes = round % 2 == 0 ? new byte[random.Next(1, 500)] : Mutate(random);
            if (round % 2 == 0)
                random.NextBytes(bytes);
            wild.Send(bytes);
            Assert.Equal("1.2.3", (await client.VersionAsync(new VersionParams(), default)).Version);
        }

        Assert.Empty(daemon.Reports);
    }

    /// <summary>What id(1) says of the user whom these tests run as.</summary>
    private static async Task<string> AskIdAsync(string what)
    {
        using var id = Process.Start(new ProcessStartInfo("id", [what]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        return (await id.StandardOutput.ReadToEndAsync()).Trim();
    }

    private static byte[] Mutate(Random random)
    {
        var bytes = Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":7,"method":"attach","params":{"selector":"serial=\u00e9","once":true,"waitSeconds":3.5}}""" + "\n");
        for (var i = random.Next(1, 4); i > 0; i--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }
}
