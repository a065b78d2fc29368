using System.Net.Sockets;
using System.Text;
using UsbIpCluster.Control.Rpc;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Control.Tests;

/// <summary>A client whose calls keep their thread: it gets the same answers and errors, and its time is bounded.</summary>
public sealed class BlockingClientTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipc-");

    private string SocketPath => Path.Combine(_folder.FullName, "control.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_asks_and_is_answered_until_it_is_closed()
    {
        await using var daemon = new TestDaemon();
        // Longer than any buffer between the two.
        DeviceRow[] rows = [.. Enumerable.Range(0, 5000).Select(i => new DeviceRow(
            "lab1", $"1-{i}", "0525", "a4a5", null, null, "Ä \"device\"", "hid", "high", "kernel", "available", null, null, true, (ulong)i, null))];
        daemon.Handler.List = (_, _) => ScriptedHandler.Rows(rows);
        await using var client = Connect(daemon.Path, Soon);
        for (var i = 0; i < 3; i++)
        {
            var call = client.ListAsync(new ListParams(new string('x', 60_000)), default);
            Assert.True(call.IsCompleted);
            Assert.Equal(rows, await call);
        }
    }

    [Fact]
    public async Task What_the_handler_throws_arrives_whole()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => throw new ControlException(ControlError.Usage, "ambiguous", "name one", ["lab1/1-1", "lab2/1-1"]);
        await using var client = Connect(daemon.Path, Soon);
        var error = await Assert.ThrowsAsync<ControlException>(() => client.ListAsync(new ListParams("x"), default));
        Assert.Equal((ControlError.Usage, "ambiguous", "name one"), (error.Error, error.Message, error.Hint));
        Assert.Equal(["lab1/1-1", "lab2/1-1"], error.Candidates);
    }

    [Fact]
    public void Who_can_not_be_connected_to_is_named_as_ever()
    {
        Assert.Equal(ControlError.NoDaemon, Assert.Throws<ControlException>(() => Connect(SocketPath, Soon)).Error);
        Assert.Equal(ControlError.NoDaemon, Assert.Throws<ControlException>(() => Connect("/etc/hostname", Soon)).Error);
        Assert.Equal(ControlError.Usage, Assert.Throws<ControlException>(() => Connect("", Soon)).Error);
        foreach (var (length, error) in new[] { (107, ControlError.NoDaemon), (108, ControlError.Usage), (10_000, ControlError.Usage) })
            Assert.Equal(error, Assert.Throws<ControlException>(() => Connect("/tmp/" + new string('x', length - 5), Soon)).Error);
        using var bound = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bound.Bind(new UnixDomainSocketEndPoint(SocketPath));
        Assert.Equal(ControlError.NoDaemon, Assert.Throws<ControlException>(() => Connect(SocketPath, Soon)).Error);
    }

    [Fact]
    public async Task Its_patience_is_for_everything_together()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>();
        await using var client = Connect(daemon.Path, TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAsync<TimeoutException>(() => client.ListAsync(new ListParams(), default));
        await Assert.ThrowsAsync<TimeoutException>(() => client.ListAsync(new ListParams(), default));
    }

    [Fact]
    public async Task Who_does_not_accept_and_who_does_not_read_are_waited_for_until_the_patience_is_over()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen(0);
        await using var first = Connect(SocketPath, TimeSpan.FromMilliseconds(500));
        Assert.Throws<TimeoutException>(() => Connect(SocketPath, TimeSpan.FromMilliseconds(300)));
        await Assert.ThrowsAsync<TimeoutException>(() => first.ListAsync(new ListParams(new string('x', 4_000_000)), default));
    }

    [Fact]
    public async Task It_gives_up_when_it_is_cancelled()
    {
        await using var daemon = new TestDaemon();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        daemon.Handler.List = ScriptedHandler.Hang<ListParams, DeviceRow>(begun, gone);
        using var cancel = new CancellationTokenSource();
        var call = Task.Run(async () =>
        {
            await using var client = Connect(daemon.Path, Timeout.InfiniteTimeSpan);
            return await client.ListAsync(new ListParams(), cancel.Token);
        });
        await begun.Task.WaitAsync(Soon);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Soon));
        await gone.Task.WaitAsync(Soon);
    }

    [Theory]
    [InlineData("\n", "a line is not JSON")]
    [InlineData("{\"id\":1,\"result\":[]\n", "a line is not JSON")]
    [InlineData("{\"id\":1,\"result\":[]} []\n", "a line is not JSON")]
    [InlineData("{\"id\":1,\"result\":[}\n", "a line is not JSON")]
    [InlineData("[]\n", "a message is no JSON-RPC")]
    [InlineData("\"text\"\n", "a message is no JSON-RPC")]
    [InlineData("{\"id\":1.5,\"result\":[]}\n", "a message is no JSON-RPC")]
    [InlineData("{\"id\":1,\"error\":7}\n", "a message is no JSON-RPC")]
    [InlineData("{\"id\":1,\"error\":{}}\n", "a message is no JSON-RPC")]
    [InlineData("{\"method\":7}\n", "a message is no JSON-RPC")]
    [InlineData("{\"id\":1,\"result\":null}\n", "does not fit")]
    [InlineData("{\"id\":1,\"result\":{}}\n", "does not fit")]
    [InlineData("{\"id\":1,\"result\":[{\"node\":\"lab1\"}]}\n", "does not fit")]
    [InlineData("", "closed the connection")]
    public async Task An_answer_that_is_none_is_an_error_in_words(string answer, string words)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        var serving = Task.Run(() =>
        {
            using var peer = listener.Accept();
            peer.Receive(new byte[4096]);
            peer.Send(Encoding.UTF8.GetBytes(answer));
        });
        await using var client = Connect(SocketPath, Soon);
        var error = await Assert.ThrowsAsync<ControlException>(() => client.ListAsync(new ListParams(), default));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public void A_message_s_members_may_come_in_any_order_and_others_are_left_out()
    {
        var message = JsonRpc.ReadMessage(Encoding.UTF8.GetBytes(
            """ { "other" : { "id" : [ 9 ] } , "result" : [ 1, {"result": 2} ] , "params":"p", "method" : "m", "id" : 3, "jsonrpc":"2.0" } """));
        Assert.Equal((3, "m"), (message.Id, message.Method));
        Assert.Equal("""[ 1, {"result": 2} ]""", Encoding.UTF8.GetString(message.Result!.Value.Span));
        Assert.Equal("\"p\"", Encoding.UTF8.GetString(message.Params!.Value.Span));
        Assert.Equal(new RpcMessage(), JsonRpc.ReadMessage("""{"id":null,"error":null}"""u8.ToArray()));
    }

    private static ControlClient Connect(string path, TimeSpan patience) => ControlClient.ConnectBlocking(path, patience, CancellationToken.None);
}
