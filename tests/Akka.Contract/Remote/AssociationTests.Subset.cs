using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using Akka.Subset;

namespace Akka.Contract.Remote;

/// <summary>When a system that can't be reached is tried again.</summary>
public sealed class AssociationTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Who_comes_back_and_speaks_is_answered_at_once_and_not_when_the_pause_is_over()
    {
        var port = Proxy.FreePort();
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var here = Create(0, line =>
        {
            if (line.Contains("No connection to", StringComparison.Ordinal))
                failed.TrySetResult();
        });
        here.ActorOf<Parrot>("parrot");
        var there = new RootActorPath(new Address("akka.tcp", Systems.Name, "127.0.0.1", port)) / "user" / "parrot";
        here.ActorSelection(there).Tell(new Say("is anybody there?"));
        await failed.Task.WaitAsync(Soon);

        using var back = Create(port, _ => { });
        Assert.Equal(new Said("hello"), await Systems.Select(back, here, "parrot").Ask<Said>(new Say("hello"), Soon));
        await Task.WhenAll(here.Terminate(), back.Terminate()).WaitAsync(Soon);
    }

    [Fact]
    public async Task Two_that_connect_to_each_other_at_the_same_moment_leave_no_connection_that_says_nothing()
    {
        for (var round = 0; round < 500; round++)
        {
            using var one = Create(0, _ => { });
            using var other = Create(0, _ => { });
            one.ActorOf<Parrot>("parrot");
            other.ActorOf<Parrot>("parrot");
            var said = new Say("hello");
            var answers = await Task.WhenAll(
                Task.Run(() => Systems.Select(one, other, "parrot").Ask<Said>(said, Soon)),
                Task.Run(() => Systems.Select(other, one, "parrot").Ask<Said>(said, Soon)));
            Assert.All(answers, answer => Assert.Equal(new Said("hello"), answer));
            await Task.WhenAll(one.Terminate(), other.Terminate()).WaitAsync(Soon);
            Assert.Equal(0, SubsetSystem.RemoteStatistics(one).Refused + SubsetSystem.RemoteStatistics(other).Refused);
        }
    }

    /// <summary>Being connected to says nothing of one that breaks the protocol then: it is tried again, less and less often, until it keeps to it.</summary>
    [Fact]
    public async Task Who_greets_and_then_breaks_the_protocol_is_tried_less_and_less_often()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var self = new UniqueAddress(new Address("akka.tcp", Systems.Name, "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port), 7);
        var settings = Systems.Settings(0, null, _ => { });
        var (first, longest) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        using var here = SubsetSystem.Create(Systems.Name, settings with { Remote = settings.Remote! with { Backoff = (first, longest) } });
        var there = here.ActorSelection(new RootActorPath(self.Address) / "user" / "parrot");
        using var over = new CancellationTokenSource();
        var talking = TalkAsync();

        // The pauses are 0.1, 0.2, 0.4 and 0.8 s at least; without one that grows there would be four times 0.1 s.
        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; i < 4; i++)
        {
            using var breach = await GreetAsync();
            await breach.GetStream().WriteAsync(new WireWriter(FrameKind.Message).ToFrame());
            await ReadToEndAsync(breach);
        }

        // One that keeps to it counts, also that one: its end is a first failure again.
        using (var kept = await GreetAsync())
            Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.FromSeconds(1.4), Soon);
        begun = Stopwatch.GetTimestamp();
        using (var next = await GreetAsync())
            Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(1));

        await over.CancelAsync();
        await talking;
        await here.Terminate().WaitAsync(Soon);

        async Task<TcpClient> GreetAsync()
        {
            var connection = await listener.AcceptTcpClientAsync().WaitAsync(Soon);
            var hello = Hello.FromFrame((await Frames.Read(connection.GetStream(), Hello.MaxLength, Soon, TimeProvider.System, default))!);
            await connection.GetStream().WriteAsync(new Hello(self, hello.From.Address).ToFrame());
            return connection;
        }

        static async Task ReadToEndAsync(TcpClient connection)
        {
            while (await connection.GetStream().ReadAsync(new byte[4096]) > 0)
            {
            }
        }

        async Task TalkAsync()
        {
            while (!over.IsCancellationRequested)
            {
                there.Tell(new Say("hello"));
                await Task.Delay(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    // One that waits for an hour after the first failure, so what comes before that comes for another reason.
    private static ActorSystem Create(int port, Action<string> log)
    {
        var settings = Systems.Settings(port, null, log);
        var hour = TimeSpan.FromHours(1);
        return SubsetSystem.Create(Systems.Name, settings with { Remote = settings.Remote! with { Backoff = (hour, hour), MaxQueueAge = hour } });
    }
}
