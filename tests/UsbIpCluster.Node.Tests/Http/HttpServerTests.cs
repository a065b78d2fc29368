using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.TestKit.Xunit2;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>What is served by HTTP, to whom it is meant for and to whom it is not.</summary>
public sealed class HttpServerTests : TestKit, IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly string _controlSocket = $"{Directory.CreateDirectory(TempState.NewPath()).FullName}/control.sock";
    private readonly NodeMetrics _metrics = new();
    private readonly HttpClient _client = new() { Timeout = Long };
    private readonly IPEndPoint _listen = FreeEndPoint();
    private ScriptedNode _node = null!;
    private HttpServer _server = null!;

    public async Task InitializeAsync()
    {
        _node = new ScriptedNode(Sys) { Entry = Samples.Node("lab1", Samples.Entry("1-1", DeviceState.InUse), Samples.Entry("1-2", DeviceState.Leased)) };
        File.WriteAllText(_controlSocket, "");
        _client.BaseAddress = new Uri($"http://{_listen}");
        var version = new VersionRow("0.1.0", "lab1", 1, ".NET", "1.1.1", Samples.Time);
        _server = await HttpServer.StartAsync(
            _listen, new Pages(_node.Watcher, new MetricsPage(_metrics, version, () => DateTimeOffset.UnixEpoch.AddSeconds(1.5)), _controlSocket));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _node.Dispose();
    }

    [Fact]
    public async Task The_metrics_are_those_of_the_node()
    {
        _node.Attachments = [ScriptedNode.Attachment(1, AttachmentStates.Attached), ScriptedNode.Attachment(2, AttachmentStates.BackingOff)];
        _metrics.Refusals.Lease(LeaseRefusal.Busy);
        _metrics.Reattached(LossReason.Connection, TimeSpan.FromSeconds(0.2));
        var answer = await _client.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n');
        Assert.All(
            [
                "usbipcluster_build_info{version=\"0.1.0\",runtime=\".NET\"} 1",
                "usbipcluster_up 1",
                "usbipcluster_devices{state=\"in-use\"} 1",
                "usbipcluster_devices{state=\"faulted\"} 0",
                "usbipcluster_sessions{role=\"exporter\"} 1",
                "usbipcluster_sessions{role=\"importer\"} 1",
                "usbipcluster_attachments{state=\"backing-off\"} 1",
                "usbipcluster_leases 1",
                "usbipcluster_members{reachable=\"true\"} 1",
                "usbipcluster_inventory_lag_seconds 0",
                "usbipcluster_refusals_total{request=\"lease\",reason=\"busy\"} 1",
                "usbipcluster_reattaches_total{reason=\"connection\"} 1",
                "usbipcluster_reattach_duration_seconds_bucket{reason=\"connection\",le=\"0.25\"} 1",
                "usbipcluster_certificate_expiry_timestamp_seconds 1.5",
                $"process_start_time_seconds {Samples.Time.ToUnixTimeSeconds()}",
            ],
            (string line) => Assert.Contains(line, lines));
    }

    [Fact]
    public async Task A_node_that_answers_is_healthy_and_one_that_hangs_is_not()
    {
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz"));
        _node.Hang();
        await AwaitAssertAsync(
            async () => Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync("/healthz")).Status), Long, TimeSpan.FromMilliseconds(100));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync("/readyz")).Status);

        // What needs no actor is told all the same.
        Assert.Contains("usbipcluster_up 0\n", (await GetAsync("/metrics")).Text, StringComparison.Ordinal);
        _node.GoOn();
        await AwaitAssertAsync(async () => Assert.Equal(HttpStatusCode.OK, (await GetAsync("/healthz")).Status), Long, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Ready_is_who_takes_commands_is_in_a_cluster_and_has_adopted_its_sessions()
    {
        _node.Attachments = [ScriptedNode.Attachment(1, AttachmentStates.Enumerating)];
        _node.Members = [new MemberState("joining", Reachable: true)];
        File.Delete(_controlSocket);
        var (status, text) = await GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal($"not ready: the control socket {_controlSocket} is gone; it is in no cluster yet; not all sessions are adopted yet\n", text);

        File.WriteAllText(_controlSocket, "");
        _node.Members = [new MemberState("up", Reachable: true)];
        await AwaitReadyAsync("not ready: not all sessions are adopted yet\n");
        _node.Attachments = [ScriptedNode.Attachment(1, AttachmentStates.Attached)];
        await AwaitReadyAsync("ready\n");

        // An attachment that somebody makes later is no adoption; when the actors begin anew, they adopt again.
        _node.Attachments = [ScriptedNode.Attachment(2, AttachmentStates.Enumerating)];
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await GetAsync("/readyz"));
        _node.BeginAnew();
        await AwaitReadyAsync("not ready: not all sessions are adopted yet\n");
    }

    [Fact]
    public async Task There_is_nothing_else_and_nothing_to_be_told()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("/metrics/../etc/passwd")).Status);
        using var post = await _client.PostAsync("/metrics", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        using var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/healthz"));
        Assert.Equal((HttpStatusCode.OK, 3L), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.False(head.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n")]
    [InlineData("GET /healthz HTTP/1.1\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\0\u0001\u0002\u0003\r\n\r\n")]
    [InlineData("GET /healthz\r\n\r\n")]
    public void What_is_no_request_is_closed_or_told_so(string request)
    {
        using var socket = Connect();
        TrySend(socket, request.Replace("{long}", new string('x', 100_000), StringComparison.Ordinal));
        var answer = ReadToEnd(socket);
        Assert.DoesNotContain("200", answer.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sends_slowly_is_closed()
    {
        using var socket = Connect();
        var closed = Task.Run(() => ReadToEnd(socket));
        foreach (var c in "GET /healthz HTTP/1.1\r\nX: ".Concat(Enumerable.Repeat('x', 2000)))
        {
            if (closed.IsCompleted)
                break;
            TrySend(socket, $"{c}");
            await Task.Delay(50);
        }

        Assert.DoesNotContain("200 OK", await closed.WaitAsync(Long), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_silent_connections_cost_little_and_end_by_themselves()
    {
        var silent = new List<Socket>();
        try
        {
            for (var i = 0; i < 1000; i++)
                silent.Add(Connect());

            // Those that were too many are closed at once, the others when their time is over.
            await AwaitAssertAsync(
                () =>
                {
                    Assert.All(silent, socket => Assert.True(socket.Poll(TimeSpan.Zero, SelectMode.SelectRead)));
                    return Task.CompletedTask;
                },
                Long,
                TimeSpan.FromMilliseconds(200));
            Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz"));
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        var taken = await Assert.ThrowsAnyAsync<IOException>(() => HttpServer.StartAsync(_listen, null!));
        Assert.Contains("address already in use", taken.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static IPEndPoint FreeEndPoint()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)probe.LocalEndPoint!;
    }

    private async Task AwaitReadyAsync(string text) => await AwaitAssertAsync(
        async () => Assert.Equal(text, (await GetAsync("/readyz")).Text), Long, TimeSpan.FromMilliseconds(100));

    private async Task<(HttpStatusCode Status, string Text)> GetAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Long.TotalMilliseconds };
        socket.Connect(_listen);
        return socket;
    }

    private static void TrySend(Socket socket, string text)
    {
        try
        {
            socket.Send(Encoding.Latin1.GetBytes(text));
        }
        catch (SocketException)
        {
            // Closed already.
        }
    }

    private static string ReadToEnd(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (socket.Receive(buffer) is > 0 and var length)
                text.Append(Encoding.Latin1.GetString(buffer, 0, length));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with something unread.
        }

        return text.ToString();
    }
}
