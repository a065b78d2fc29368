using System.Diagnostics;
using System.Globalization;
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
        Assert.Null(await Prober.WhyNotAsync(Here, LoneNode.Patience));
        using var accepted = await _listener.AcceptAsync().WaitAsync(LoneNode.Patience);
        var error = await Assert.ThrowsAsync<SocketException>(() => accepted.ReceiveAsync(new byte[1]).WaitAsync(LoneNode.Patience));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task Nobody_and_no_such_name_have_the_systems_words()
    {
        Assert.NotEmpty((await Prober.WhyNotAsync(ImportServer.Nowhere, LoneNode.Patience))!);
        Assert.NotEmpty((await Prober.WhyNotAsync(new NetworkAddress("no-such-host.invalid", 1), LoneNode.Patience))!);
    }

    [Fact]
    public async Task What_does_not_answer_takes_no_longer_than_the_time_that_there_is()
    {
        using var silent = new SilentPlace();
        var probe = new Probe(Samples.AddressOf("lab2"), Door.Cluster, silent.Address, null);
        var start = Stopwatch.GetTimestamp();
        var done = await Prober.RunAsync([.. Enumerable.Repeat(probe, 3 * Prober.AtOnce)], TimeSpan.FromSeconds(1));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
        Assert.Equal(3 * Prober.AtOnce, done.Length);
        Assert.All(done, one => Assert.NotNull(one.Failure));
        Assert.Contains(done, one => one.Failure!.StartsWith("no answer within 1", StringComparison.Ordinal));
        Assert.Contains(done, one => one.Failure == "not tried: others took all of the time");
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(1.2, 1.2)]
    [InlineData(10, 3)]
    public async Task The_time_that_is_told_is_the_one_that_was_waited(double within, double waited)
    {
        using var silent = new SilentPlace();
        const string before = "no answer within ";
        var told = (await Prober.WhyNotAsync(silent.Address, TimeSpan.FromSeconds(within)))!;
        Assert.StartsWith(before, told, StringComparison.Ordinal);
        Assert.EndsWith(" s", told, StringComparison.Ordinal);
        Assert.InRange(double.Parse(told[before.Length..^2], CultureInfo.InvariantCulture), waited, waited + 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Of_a_names_addresses_one_that_does_not_answer_leaves_the_others_their_time(double within)
    {
        using var silent = new SilentPlace();
        Assert.Null(await Prober.WhyNotAsync([silent.EndPoint, Here.EndPoint!], TimeSpan.FromSeconds(within)));
    }

    [Fact]
    public async Task Of_a_names_addresses_each_has_its_own_reason()
    {
        using var silent = new SilentPlace();
        var failure = await Prober.WhyNotAsync([silent.EndPoint, ImportServer.Nowhere.EndPoint!, silent.EndPoint], TimeSpan.FromSeconds(1));
        Assert.Matches(@"^127\.0\.0\.1: no answer within [\d.]+ s; 127\.0\.0\.1: Connection refused; 127\.0\.0\.1: no answer within [\d.]+ s$", failure);
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

    /// <summary>A listener whose queue is full: it answers nobody.</summary>
    private sealed class SilentPlace : IDisposable
    {
        private readonly Socket _full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _clients = [];

        public SilentPlace()
        {
            _full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _full.Listen(0);
            for (var i = 0; i < 4; i++)
            {
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                _clients.Add(client);
                _ = client.ConnectAsync(EndPoint).ContinueWith(connected => connected.Exception, TaskScheduler.Default);
            }
        }

        public IPEndPoint EndPoint => (IPEndPoint)_full.LocalEndPoint!;

        public NetworkAddress Address => new("127.0.0.1", EndPoint.Port);

        public void Dispose()
        {
            _clients.ForEach(client => client.Dispose());
            _full.Dispose();
        }
    }
}
