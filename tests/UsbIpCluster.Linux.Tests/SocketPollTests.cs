using System.Net.Sockets;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

/// <summary>Waiting for many sockets at once.</summary>
public sealed class SocketPollTests : IDisposable
{
    private readonly SocketPoll _poll = new();
    private readonly (Socket Client, Socket Connection)[] _pairs = [.. Enumerable.Range(0, 40).Select(_ => Connections.Pair())];

    private Socket[] Connected => [.. _pairs.Select(pair => pair.Connection)];

    public void Dispose()
    {
        _poll.Dispose();
        foreach (var (client, connection) in _pairs)
        {
            client.Dispose();
            connection.Dispose();
        }
    }

    [Fact]
    public void The_one_that_has_something_to_read_is_ready_and_no_other()
    {
        _pairs[33].Client.Send([1]);
        _poll.Wait(Connected, timeout: null);
        Assert.Equal([33], Ready());
    }

    [Fact]
    public void One_that_was_closed_or_reset_by_its_peer_is_ready()
    {
        _pairs[0].Client.Shutdown(SocketShutdown.Send);
        _pairs[39].Client.Reset();
        _poll.Wait(Connected, timeout: null);
        Assert.Equal([0, 39], Ready());
    }

    [Fact]
    public void Without_anything_it_ends_when_the_time_is_over()
    {
        _poll.Wait(Connected, TimeSpan.FromMilliseconds(1));
        Assert.Empty(Ready());
    }

    [Fact]
    public async Task The_bell_ends_this_wait_and_every_one_after_it()
    {
        var waiting = Task.Run(() => _poll.Wait(Connected, timeout: null));
        _poll.Ring();
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        _poll.Wait([], timeout: null);
        Assert.Empty(Ready());
    }

    [Fact]
    public void Waiting_leaves_nothing_in_epoll()
    {
        _poll.Wait(Connected, TimeSpan.Zero);
        Assert.All(Connected, connection => Assert.False(Connections.IsInEpoll(connection)));
    }

    private int[] Ready() => [.. Enumerable.Range(0, _pairs.Length).Where(_poll.IsReady)];
}
