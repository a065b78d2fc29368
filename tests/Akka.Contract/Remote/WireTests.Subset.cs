using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.Subset;

namespace Akka.Contract.Remote;

/// <summary>What comes over the wire and does not belong there ends its own connection and nothing else.</summary>
public sealed class WireTests : TestKit.Xunit2.TestKit
{
    private const byte Version = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<string> _log = new();
    private readonly ActorSystem _system;
    private readonly ActorSystem _other = Systems.Create();

    public WireTests()
    {
        _system = Systems.Create(log: _log);
        _system.ActorOf<Parrot>("parrot");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: lab1\r\n\r\n")]
    [InlineData("\u0001\u0011\u0080\u0005\0\0\0\0")]
    [InlineData("\0\0\0\u0005xxxxx")]
    [InlineData("\0\0\0\0")]
    public async Task A_foreign_protocol_is_closed_at_once(string garbage)
    {
        using var client = await Connect();
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(garbage));
        Assert.True(await Closed(client) < TimeSpan.FromSeconds(2));
        await NothingElseIsDisturbed();
        await AwaitConditionAsync(() => SubsetSystem.RemoteStatistics(_system).Refused == 1, Soon, TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task Half_a_handshake_and_half_a_message_are_closed_within_five_seconds()
    {
        using var silent = await Connect();
        using var header = await Connect();
        using var hello = await Connect();
        using var message = await Greeted();
        await header.GetStream().WriteAsync(new byte[] { 0, 0 });
        await hello.GetStream().WriteAsync("\0\0\0\u0020\0AKS"u8.ToArray());
        await message.GetStream().WriteAsync(new byte[] { 0, 0, 1, 0, 1, 2, 3 });
        var closed = await Task.WhenAll(Closed(silent), Closed(header), Closed(hello), Closed(message));
        Assert.All(closed, after => Assert.InRange(after, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)));
        await NothingElseIsDisturbed();
    }

    [Fact]
    public async Task A_frame_that_is_too_long_is_closed_before_it_is_read()
    {
        using var client = await Greeted();
        await client.GetStream().WriteAsync(new byte[] { 0, 4, 0, 1, 1 });
        Assert.True(await Closed(client) < TimeSpan.FromSeconds(2));
        await NothingElseIsDisturbed();
    }

    [Theory]
    [InlineData("\u0009")]
    [InlineData("\u0001\0\u0003abc")]
    [InlineData("\u0002\u0063")]
    [InlineData("\u0002\u0005\u007f\u007f\u007f\u007f")]
    [InlineData("\u0002\u0003extra")]
    public async Task A_frame_that_is_none_of_the_protocol_is_closed(string frame)
    {
        using var client = await Greeted();
        await client.GetStream().WriteAsync(Framed(Encoding.Latin1.GetBytes(frame)));
        Assert.True(await Closed(client) < TimeSpan.FromSeconds(2));
        await NothingElseIsDisturbed();
    }

    [Theory]
    [InlineData("\u0009")]
    [InlineData("\u0001\0\u0003abc")]
    [InlineData("\u0002\u0063")]
    public async Task Who_was_connected_to_and_says_anything_but_heartbeats_is_left(string frame)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"akka.tcp://contract@{listener.LocalEndpoint}";
        _system.ActorSelection($"{address}/user/parrot").Tell(new Say("hello"), ActorRefs.NoSender);
        using var client = await listener.AcceptTcpClientAsync().WaitAsync(Soon);
        var hello = HelloFrame(Version, address, Systems.AddressOf(_system).ToString());
        await client.GetStream().WriteAsync((byte[])[.. hello, .. Framed(Encoding.Latin1.GetBytes(frame))]);
        Assert.True(await Closed(client) < TimeSpan.FromSeconds(2));
        await NothingElseIsDisturbed();
    }

    [Fact]
    public async Task Random_frames_after_the_handshake_disturb_nothing()
    {
        var random = new Random(20250101);
        for (var i = 0; i < 100; i++)
        {
            using var client = await Greeted();
            var frame = new byte[random.Next(1, 200)];
            random.NextBytes(frame);
            frame[0] = (byte)random.Next(0, 4);
            await client.GetStream().WriteAsync(Framed(frame));
        }

        await NothingElseIsDisturbed();
    }

    [Theory]
    [InlineData(Version - 1, "akka.tcp://contract@127.0.0.1:1", null)]
    [InlineData(Version, "akka.tcp://other@127.0.0.1:1", null)]
    [InlineData(Version, "akka.tcp://contract@127.0.0.1:1", "akka.tcp://contract@127.0.0.1:2")]
    [InlineData(Version, "akka://contract", null)]
    public async Task A_hello_of_another_version_system_or_recipient_is_refused(byte version, string from, string? to)
    {
        using var client = await Connect();
        await client.GetStream().WriteAsync(HelloFrame(version, from, to ?? Systems.AddressOf(_system).ToString()));
        Assert.True(await Closed(client) < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Both_sides_of_a_connection_send_what_was_lost_again_at_a_steady_pace()
    {
        // include/uapi/linux/tcp.h
        const int Congestion = 13;
        const int ThinLinearTimeouts = 16;
        var seen = new ConcurrentQueue<(bool Accepted, bool IsSteady, string Control)>();
        var settings = Systems.Settings(0, null, _log.Enqueue);
        var watched = SubsetSystem.Create(Systems.Name, settings with { Remote = settings.Remote! with { Secure = Look } });
        try
        {
            Systems.Select(watched, _system, "parrot").Tell(new Say("hello"), ActorRefs.NoSender);
            Systems.Select(_system, watched, "parrot").Tell(new Say("hello"), ActorRefs.NoSender);
            await AwaitConditionAsync(() => seen.DistinctBy(socket => socket.Accepted).Count() == 2, Soon, TimeSpan.FromMilliseconds(20));
            Assert.All(seen, socket => Assert.Equal((true, "reno"), (socket.IsSteady, socket.Control)));
        }
        finally
        {
            await watched.Terminate();
        }

        Task<Stream> Look(NetworkStream connection, Address? remote, CancellationToken deadline)
        {
            var steady = new byte[sizeof(int)];
            var control = new byte[16];
            connection.Socket.GetRawSocketOption((int)ProtocolType.Tcp, ThinLinearTimeouts, steady);
            connection.Socket.GetRawSocketOption((int)ProtocolType.Tcp, Congestion, control);
            seen.Enqueue((remote is null, BitConverter.ToInt32(steady) != 0, Encoding.ASCII.GetString(control).TrimEnd('\0')));
            return Task.FromResult<Stream>(connection);
        }
    }

    [Fact]
    public async Task A_message_of_an_unknown_kind_is_refused_counted_and_logged_once()
    {
        for (var i = 0; i < 3; i++)
        {
            Systems.Select(_other, _system, "parrot").Tell(new Strange(), ActorRefs.NoSender);
            var refused = i + 1;
            await AwaitConditionAsync(() => SubsetSystem.RemoteStatistics(_system).Unknown == refused, Soon, TimeSpan.FromMilliseconds(20));
        }

        Assert.Single(_log, line => line.Contains("Refused a message with the manifest 'strange'", StringComparison.Ordinal));
        await NothingElseIsDisturbed();
    }

    [Fact]
    public async Task A_message_without_a_serializer_is_not_sent()
    {
        Systems.Select(_system, _other, "parrot").Tell("a text");
        Assert.Equal(1, SubsetSystem.RemoteStatistics(_system).Dropped);
        await NothingElseIsDisturbed();
    }

    [Fact]
    public async Task A_message_that_is_too_long_is_not_sent()
    {
        Systems.Select(_other, _system, "parrot").Tell(new Say(new string('x', 256 * 1024)));
        Assert.Equal(1, SubsetSystem.RemoteStatistics(_other).Dropped);
        await NothingElseIsDisturbed();
    }

    [Fact]
    public async Task What_waits_for_a_system_that_is_not_there_is_bounded_and_ages()
    {
        var port = Proxy.FreePort();
        var settings = Systems.Settings(0, null, _ => { });
        using var system = SubsetSystem.Create(Systems.Name, settings with
        {
            Remote = settings.Remote! with { MaxQueueBytes = 10_000, MaxQueueAge = TimeSpan.FromMilliseconds(300) },
        });
        var nobody = system.ActorSelection($"akka.tcp://{Systems.Name}@127.0.0.1:{port}/user/parrot");
        for (var i = 0; i < 100; i++)
            nobody.Tell(new Say(new string('x', 1000)), ActorRefs.NoSender);
        var dropped = SubsetSystem.RemoteStatistics(system).Dropped;
        Assert.InRange(dropped, 90, 99);
        await AwaitConditionAsync(() => SubsetSystem.RemoteStatistics(system).Dropped == 100, Soon, TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task More_connections_than_allowed_are_closed_at_once()
    {
        var settings = Systems.Settings(0, null, _ => { });
        using var system = SubsetSystem.Create(Systems.Name, settings with { Remote = settings.Remote! with { MaxInboundConnections = 2 } });
        using var first = await Connect(system);
        using var second = await Connect(system);
        using var third = await Connect(system);
        Assert.True(await Closed(third) < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Who_listens_on_any_address_must_say_by_which_others_reach_it()
    {
        var settings = Systems.Settings(0, null, _ => { });
        Assert.Throws<ArgumentException>(() => SubsetSystem.Create(
            Systems.Name, settings with { Remote = settings.Remote! with { Listen = new IPEndPoint(IPAddress.Any, 0) } }));
    }

    [Fact]
    public void An_actor_of_another_node_cannot_be_watched()
    {
        var probe = CreateTestProbe(_other);
        Systems.Select(_other, _system, "parrot").Tell(new Say("hello"), probe.Ref);
        probe.ExpectMsg(new Said("hello"), Soon);
        var parrot = probe.LastSender;
        var watcher = Sys.ActorOf(Props.Create(() => new Watcher()));
        watcher.Tell(parrot);
        ExpectMsg<NotSupportedException>();
    }

    protected override void AfterAll()
    {
        Task.WaitAll([_system.Terminate(), _other.Terminate()], Soon);
        base.AfterAll();
    }

    private async Task NothingElseIsDisturbed() =>
        Assert.Equal(new Said("hello"), await Systems.Select(_other, _system, "parrot").Ask<Said>(new Say("hello"), Soon));

    private static byte[] HelloFrame(byte version, string from, string to)
    {
        using var body = new MemoryStream();
        body.Write([0, (byte)'A', (byte)'K', (byte)'S', (byte)'B', version, 0, 0, 0, 7]);
        foreach (var text in new[] { from, to })
        {
            body.Write([(byte)(text.Length >> 8), (byte)text.Length]);
            body.Write(Encoding.UTF8.GetBytes(text));
        }

        return Framed(body.ToArray());
    }

    private static byte[] Framed(byte[] body)
    {
        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return frame;
    }

    /// <summary>How long it took until the other side closed.</summary>
    private static async Task<TimeSpan> Closed(TcpClient client)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var buffer = new byte[4096];
            while (await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10)) > 0)
            {
                // What it says before is not asked here.
            }
        }
        catch (IOException)
        {
            // Reset: closed, too.
        }

        return clock.Elapsed;
    }

    private Task<TcpClient> Connect() => Connect(_system);

    private static async Task<TcpClient> Connect(ActorSystem system)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Systems.AddressOf(system).Port!.Value);
        return client;
    }

    /// <summary>A connection that has got through the handshake.</summary>
    private async Task<TcpClient> Greeted()
    {
        var client = await Connect();
        await client.GetStream().WriteAsync(HelloFrame(Version, "akka.tcp://contract@127.0.0.1:1", Systems.AddressOf(_system).ToString()));
        var answer = new byte[9];
        await client.GetStream().ReadExactlyAsync(answer);
        Assert.Equal("\0AKSB"u8.ToArray(), answer[4..]);
        return client;
    }

    private sealed class Watcher : ReceiveActor
    {
        public Watcher() => Receive<IActorRef>(subject =>
        {
            try
            {
                Context.Watch(subject);
            }
            catch (NotSupportedException e)
            {
                Sender.Tell(e);
            }
        });
    }
}
