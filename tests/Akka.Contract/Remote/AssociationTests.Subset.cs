using Akka.Actor;
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

    // One that waits for an hour after the first failure, so what comes before that comes for another reason.
    private static ActorSystem Create(int port, Action<string> log)
    {
        var settings = Systems.Settings(port, null, log);
        var hour = TimeSpan.FromHours(1);
        return SubsetSystem.Create(Systems.Name, settings with { Remote = settings.Remote! with { Backoff = (hour, hour), MaxQueueAge = hour } });
    }
}
