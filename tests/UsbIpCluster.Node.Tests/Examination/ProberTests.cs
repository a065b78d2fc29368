using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Node.Tests;

public sealed class ProberTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ProberTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public void Dispose() => _listener.Dispose();

    private NetworkAddress Here => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);

    [Fact]
    public async Task Who_listens_is_reached_and_hears_nothing_but_a_reset()
    {
        Assert.Null(await Prober.WhyNotAsync(Here, CancellationToken.None));
        using var accepted = await _listener.AcceptAsync().WaitAsync(LoneNode.Patience);
        var error = await Assert.ThrowsAsync<SocketException>(() => accepted.ReceiveAsync(new byte[1]).WaitAsync(LoneNode.Patience));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task Nobody_and_no_such_name_have_the_systems_words()
    {
        Assert.NotEmpty((await Prober.WhyNotAsync(ImportServer.Nowhere, CancellationToken.None))!);
        Assert.NotEmpty((await Prober.WhyNotAsync(new NetworkAddress("no-such-host.invalid", 1), CancellationToken.None))!);
    }

    [Fact]
    public async Task What_does_not_answer_takes_no_longer_than_the_time_that_there_is()
    {
        // A listener whose queue is full answers nobody.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var place = (IPEndPoint)full.LocalEndPoint!;
        var clients = new List<Socket>();
        for (var i = 0; i < 4; i++)
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            clients.Add(client);
            _ = client.ConnectAsync(place).ContinueWith(connected => connected.Exception, TaskScheduler.Default);
        }

        var probe = new Probe(Samples.AddressOf("lab2"), Door.Cluster, new NetworkAddress("127.0.0.1", place.Port), null);
        var start = Stopwatch.GetTimestamp();
        var done = await Prober.RunAsync([.. Enumerable.Repeat(probe, 3 * Prober.AtOnce)], TimeSpan.FromSeconds(1));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
        Assert.Equal(3 * Prober.AtOnce, done.Length);
        Assert.All(done, one => Assert.NotNull(one.Failure));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task More_attempts_than_are_made_at_once_are_all_made_in_their_order()
    {
        using var stop = new CancellationTokenSource();
        var accepting = AcceptAsync(stop.Token);
        var plan = Enumerable.Range(0, 5 * Prober.AtOnce)
            .Select(i => new Probe(Samples.AddressOf($"lab{i}"), Door.Cluster, i % 2 == 0 ? Here : ImportServer.Nowhere, null)).ToArray();
        var done = await Prober.RunAsync([.. plan], LoneNode.Patience);
        Assert.Equal(plan.Select(probe => probe.Target), done.Select(probe => probe.Target));
        Assert.All(done, probe => Assert.Equal(probe.Endpoint == Here, probe.Failure is null));
        await stop.CancelAsync();
        await accepting;
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        try
        {
            while (true)
                (await _listener.AcceptAsync(stop)).Dispose();
        }
        catch (OperationCanceledException)
        {
            // All were made.
        }
    }
}
