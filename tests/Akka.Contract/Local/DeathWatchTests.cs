using Akka.Actor;

namespace Akka.Contract.Local;

public sealed class DeathWatchTests : TestKit.Xunit2.TestKit
{
    [Fact]
    public void The_end_of_a_watched_actor_is_told_once()
    {
        var echo = ActorOf<Echo>();
        Watch(echo);
        Watch(echo);
        Sys.Stop(echo);
        Assert.True(ExpectTerminated(echo).ExistenceConfirmed);
        ExpectNoMsg(50);
    }

    [Fact]
    public void The_end_of_an_actor_that_has_ended_is_told_at_once()
    {
        var echo = ActorOf<Echo>();
        Watch(echo);
        Sys.Stop(echo);
        ExpectTerminated(echo);
        var late = CreateTestProbe();
        late.Watch(echo);
        late.ExpectTerminated(echo);
    }

    [Fact]
    public void Nothing_is_told_after_Unwatch()
    {
        var (echo, other) = (ActorOf<Echo>(), CreateTestProbe());
        Watch(echo);
        Unwatch(echo);
        other.Watch(echo);
        Sys.Stop(echo);
        other.ExpectTerminated(echo);
        ExpectNoMsg(50);
    }

    [Fact]
    public void Unwatch_also_takes_back_what_is_on_its_way()
    {
        var echo = ActorOf<Echo>();
        var watcher = ActorOf(() => new Watcher(TestActor));
        watcher.Tell((Action<IActorContext>)(context => context.Watch(echo)));
        using var release = new ManualResetEventSlim();
        watcher.Tell((Action<IActorContext>)(context =>
        {
            release.Wait(TimeSpan.FromSeconds(3));
            context.Unwatch(echo);
        }));
        Watch(echo);
        Sys.Stop(echo);
        ExpectTerminated(echo);
        release.Set();
        watcher.Tell("after");
        ExpectMsg("after");
    }

    [Fact]
    public void WatchWith_sends_the_message_instead()
    {
        var echo = ActorOf<Echo>();
        ActorOf(() => new Watcher(TestActor)).Tell((Action<IActorContext>)(context => context.WatchWith(echo, "echo is gone")));
        Sys.Stop(echo);
        ExpectMsg("echo is gone");
    }

    [Fact]
    public void A_watcher_that_does_not_handle_Terminated_fails()
    {
        var echo = ActorOf<Echo>();
        var careless = ActorOf(() => new Careless(echo));
        Watch(careless);
        careless.Tell("watching?");
        ExpectMsg("yes");
        Sys.Stop(echo);
        ExpectTerminated(careless);
    }

    [Fact]
    public void A_parent_that_watches_a_child_may_use_its_name_again_when_it_is_told()
    {
        var parent = ActorOf(() => new Renewing(TestActor));
        var first = ExpectMsg<IActorRef>();
        Sys.Stop(first);
        var second = ExpectMsg<IActorRef>();
        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first, second);
        Sys.Stop(parent);
    }

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef reports)
        {
            Receive<Action<IActorContext>>(action => action(Context));
            ReceiveAny(message => reports.Tell(message));
        }
    }

    private sealed class Careless : ReceiveActor
    {
        public Careless(IActorRef watched)
        {
            Context.Watch(watched);
            Receive<string>(_ => Sender.Tell("yes"));
        }
    }

    private sealed class Renewing : ReceiveActor
    {
        public Renewing(IActorRef reports)
        {
            Renew();
            Receive<Terminated>(_ => Renew());

            void Renew() => reports.Tell(Context.Watch(Context.ActorOf<Echo>("child")));
        }
    }
}
