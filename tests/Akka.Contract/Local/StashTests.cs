using Akka.Actor;
using Akka.Event;

namespace Akka.Contract.Local;

public sealed class StashTests : TestKit.Xunit2.TestKit
{
    [Fact]
    public void Stashed_messages_come_back_in_order_and_before_those_that_wait()
    {
        var actor = ActorOf<Gate>();
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell("open");
        actor.Tell(3);
        Assert.Equal([1, 2, 3], ReceiveN(3, TimeSpan.FromSeconds(3)).Cast<int>());
    }

    [Fact]
    public void A_stashed_message_keeps_its_sender()
    {
        var probe = CreateTestProbe();
        var actor = ActorOf<Gate>();
        probe.Send(actor, 1);
        actor.Tell("open");
        probe.ExpectMsg(1);
    }

    [Fact]
    public void Stashing_a_message_twice_is_an_error()
    {
        ActorOf<Twice>().Tell("once");
        ExpectMsg<IllegalActorStateException>();
    }

    [Fact]
    public void A_restart_brings_the_stash_back()
    {
        var actor = ActorOf<Gate>();
        actor.Tell(1);
        actor.Tell(Fail.Because("test"));
        actor.Tell("open");
        ExpectMsg(1);
    }

    [Fact]
    public void What_is_stashed_when_the_actor_stops_is_dead_letters()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        var actor = ActorOf<Gate>();
        actor.Tell(1);
        actor.Tell(PoisonPill.Instance);
        Assert.Equal(1, ExpectMsg<DeadLetter>().Message);
    }

    private sealed class Gate : ReceiveActor, IWithUnboundedStash
    {
        public Gate()
        {
            Receive<Fail>(fail => throw fail.With);
            Receive<int>(_ => Stash.Stash());
            Receive<string>(_ =>
            {
                Stash.UnstashAll();
                Become(Open);
            });
        }

        public IStash Stash { get; set; } = null!;

        private void Open() => Receive<int>(number => Sender.Tell(number));
    }

    private sealed class Twice : ReceiveActor, IWithStash
    {
        public Twice() => ReceiveAny(_ =>
        {
            Stash.Stash();
            try
            {
                Stash.Stash();
            }
            catch (IllegalActorStateException e)
            {
                Sender.Tell(e);
            }
        });

        public IStash Stash { get; set; } = null!;
    }
}
