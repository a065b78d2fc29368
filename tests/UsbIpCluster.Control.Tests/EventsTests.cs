using System.Runtime.CompilerServices;
using System.Threading.Channels;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Control.Tests;

public sealed class EventsTests
{
    private readonly CancellationToken _deadline = new CancellationTokenSource(Eventually.Deadline).Token;

    [Fact]
    public async Task Without_follow_the_recent_events_come_and_the_stream_ends()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (request, token) => Task.FromResult(new EventStream([Row("1"), Row("2")], request.Follow ? Endless(cancellationToken: token) : null));
        await using var client = await daemon.ConnectAsync();
        Assert.Equal(["1", "2"], await NodesOf(client.EventsAsync(new EventsParams(), _deadline)).ToArrayAsync());
    }

    [Fact]
    public async Task With_follow_later_events_come_after_the_recent_ones()
    {
        await using var daemon = new TestDaemon();
        var later = Channel.CreateUnbounded<EventRow>();
        daemon.Handler.Events = (_, token) => Task.FromResult(new EventStream([Row("1")], later.Reader.ReadAllAsync(token)));
        await using var client = await daemon.ConnectAsync();
        await using var events = NodesOf(client.EventsAsync(new EventsParams(Follow: true), _deadline)).GetAsyncEnumerator(_deadline);
        await events.MoveNextAsync();
        Assert.Equal("1", events.Current);
        later.Writer.TryWrite(Row("2"));
        await events.MoveNextAsync();
        Assert.Equal("2", events.Current);
    }

    [Fact]
    public async Task Other_requests_are_answered_on_a_connection_that_follows()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (_, token) => Task.FromResult(new EventStream([], Endless(cancellationToken: token)));
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"events","params":{"follow":true}}""" + "\n");
        await client.ReadAsync();
        client.Send("""{"jsonrpc":"2.0","id":2,"method":"version"}""" + "\n");
        Assert.Equal(2, (await client.ReadAsync()).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task A_notification_has_no_id_and_leaves_out_what_the_kind_lacks()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (_, _) => Task.FromResult(new EventStream([], Once(Row("n") with { Port = 3 })));
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"events","params":{"follow":true}}""" + "\n");
        await client.ReadAsync();
        Assert.Equal(
            """{"jsonrpc":"2.0","method":"event","params":{"time":"1970-01-01T00:00:00Z","node":"n","kind":"lost","port":3}}""",
            (await client.ReadAsync()).GetRawText());
    }

    [Fact]
    public async Task When_the_events_end_the_connection_is_closed()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (_, _) => Task.FromResult(new EventStream([], Once(Row("last"))));
        await using var client = await daemon.ConnectAsync();
        var seen = new List<string>();
        var error = await Assert.ThrowsAsync<ControlException>(async () =>
        {
            await foreach (var node in NodesOf(client.EventsAsync(new EventsParams(Follow: true), _deadline)))
                seen.Add(node);
        });
        Assert.Equal(["last"], seen);
        Assert.Equal("the daemon closed the connection", error.Message);
    }

    [Fact]
    public async Task A_client_that_goes_ends_the_subscription()
    {
        await using var daemon = new TestDaemon();
        var ended = new TaskCompletionSource();
        daemon.Handler.Events = (_, token) => Task.FromResult(new EventStream([], Endless(ended, null, token)));
        using (var client = daemon.ConnectRaw())
        {
            client.Send("""{"jsonrpc":"2.0","id":1,"method":"events","params":{"follow":true}}""" + "\n");
            await client.ReadAsync();
        }

        await ended.Task.WaitAsync(_deadline);
    }

    [Fact]
    public async Task A_follower_that_falls_behind_is_disconnected()
    {
        await using var daemon = new TestDaemon(options => options with { MaxEventsBehind = 10 });
        var ended = new TaskCompletionSource();
        daemon.Handler.Events = (_, _) => Task.FromResult(new EventStream([], Flood(ended)));
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"events","params":{"follow":true}}""" + "\n");
        await ended.Task.WaitAsync(_deadline);
        await Eventually.IsTrueAsync(() => daemon.Reports.Contains("a client that followed the events was disconnected"));
    }

    [Fact]
    public async Task A_follower_that_does_not_read_few_events_is_disconnected_in_time()
    {
        await using var daemon = new TestDaemon(options => options with { WritePatience = TimeSpan.FromMilliseconds(200) });
        var ended = new TaskCompletionSource();
        var big = Row("n") with { Reason = new string('x', 1_000_000) };
        daemon.Handler.Events = (_, token) => Task.FromResult(new EventStream([], Endless(ended, big, token)));
        using var client = daemon.ConnectRaw();
        client.Send("""{"jsonrpc":"2.0","id":1,"method":"events","params":{"follow":true}}""" + "\n");
        await ended.Task.WaitAsync(_deadline);
    }

    private static EventRow Row(string node) => new(DateTimeOffset.UnixEpoch, node, EventKinds.Lost);

    private static async IAsyncEnumerable<string> NodesOf(IAsyncEnumerable<EventRow> rows)
    {
        await foreach (var row in rows)
            yield return row.Node;
    }

    private static async IAsyncEnumerable<EventRow> Once(EventRow row)
    {
        await Task.Yield();
        yield return row;
    }

    private static async IAsyncEnumerable<EventRow> Endless(
        TaskCompletionSource? ended = null, EventRow? first = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (first is not null)
            yield return first;
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            ended?.SetResult();
        }
    }

    private static async IAsyncEnumerable<EventRow> Flood(TaskCompletionSource ended)
    {
        try
        {
            while (true)
            {
                await Task.Yield();
                yield return Row(new string('x', 10_000));
            }
        }
        finally
        {
            ended.SetResult();
        }
    }
}
