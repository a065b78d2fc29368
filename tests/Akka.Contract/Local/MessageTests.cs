using Akka.Actor;
using Akka.Event;
using Akka.TestKit.Xunit2;

namespace Akka.Contract.Local;

public sealed class MessageTests : TestKit.Xunit2.TestKit
{
    [Fact]
    public void Messages_of_one_sender_arrive_in_their_order()
    {
        var echo = ActorOf<Echo>();
        for (var i = 0; i < 1000; i++)
            echo.Tell(i);
        Assert.Equal(Enumerable.Range(0, 1000), ReceiveN(1000, TimeSpan.FromSeconds(5)).Cast<int>());
    }

    [Fact]
    public async Task An_actor_never_runs_on_two_threads_and_sees_its_own_writes()
    {
        var counter = ActorOf<Counter>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++)
                counter.Tell("count", ActorRefs.NoSender);
        })));
        Assert.Equal(20000, await counter.Ask<int>("how many", TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Without_a_sender_the_current_actor_is_the_sender()
    {
        ActorOf<Echo>().Tell("hello");
        ExpectMsg("hello");
    }

    [Fact]
    public void Without_any_sender_the_dead_letters_are_the_sender()
    {
        var probe = CreateTestProbe();
        probe.Ref.Tell("hello", ActorRefs.NoSender);
        probe.ExpectMsg("hello");
        Assert.Equal(Sys.DeadLetters, probe.LastSender);
    }

    [Fact]
    public void Forward_keeps_the_sender()
    {
        var probe = CreateTestProbe();
        ActorOf(() => new Forwarder(probe.Ref)).Tell("hello");
        probe.ExpectMsg<string>((_, sender) => sender.Equals(TestActor));
    }

    [Fact]
    public void The_first_handler_that_fits_wins()
    {
        var actor = ActorOf<Choosy>();
        foreach (var message in new object[] { 7, 70, "short", "a longer text", 1.5 })
            actor.Tell(message);
        Assert.Equal(["small", "int", "short", "string", "any"], ReceiveN(5, TimeSpan.FromSeconds(3)).Cast<string>());
    }

    [Fact]
    public void Become_replaces_the_handlers()
    {
        var door = ActorOf<Door>();
        foreach (var message in new[] { "knock", "open", "knock", "close", "knock" })
            door.Tell(message);
        Assert.Equal(["closed", "open", "closed"], ReceiveN(3, TimeSpan.FromSeconds(3)).Cast<string>());
    }

    [Fact]
    public void A_message_without_a_handler_is_published_as_unhandled()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var door = ActorOf<Door>();
        door.Tell(42);
        var unhandled = ExpectMsg<UnhandledMessage>();
        Assert.Equal((42, door, TestActor), (unhandled.Message, unhandled.Recipient, unhandled.Sender));
    }

    [Fact]
    public void Handlers_cannot_be_added_while_a_message_is_handled()
    {
        ActorOf<LateConfiguration>().Tell("add a handler");
        ExpectMsg<InvalidOperationException>();
    }

    [Fact]
    public void A_message_to_a_stopped_actor_is_a_dead_letter()
    {
        var echo = ActorOf<Echo>();
        Watch(echo);
        Sys.Stop(echo);
        ExpectTerminated(echo);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        echo.Tell("too late");
        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal(("too late", echo), (letter.Message, letter.Recipient));
    }

    [Fact]
    public void PoisonPill_stops_after_the_messages_before_it()
    {
        var echo = ActorOf<Echo>();
        Watch(echo);
        echo.Tell("before");
        echo.Tell(PoisonPill.Instance);
        echo.Tell("after");
        ExpectMsg("before");
        ExpectTerminated(echo);
    }

    [Fact]
    public void Nobody_takes_anything_and_a_child_that_is_not_there_is_nobody()
    {
        ActorOf<NoChild>().Tell("whom?");
        Assert.Equal(ActorRefs.Nobody, ExpectMsg<IActorRef>());
        ActorRefs.Nobody.Tell("anything", TestActor);
    }

    private sealed class Counter : ReceiveActor
    {
        private int _count;

        public Counter()
        {
            Receive<string>(text => text == "count", _ => _count++);
            ReceiveAny(_ => Sender.Tell(_count));
        }
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef target) => ReceiveAny(message => target.Forward(message));
    }

    private sealed class Choosy : ReceiveActor
    {
        public Choosy()
        {
            Receive<int>(number => Sender.Tell("small"), number => number < 10);
            Receive<int>(number => Sender.Tell("int"));
            Receive<string>(text =>
            {
                if (text.Length > 5)
                    return false;
                Sender.Tell("short");
                return true;
            });
            Receive<string>(_ => Sender.Tell("string"));
            ReceiveAny(_ => Sender.Tell("any"));
        }
    }

    private sealed class Door : ReceiveActor
    {
        public Door() => Become(Closed);

        private void Closed()
        {
            Receive<string>(text => text == "knock", _ => Sender.Tell("closed"));
            Receive<string>(text => text == "open", _ => Become(Open));
        }

        private void Open()
        {
            Receive<string>(text => text == "knock", _ => Sender.Tell("open"));
            Receive<string>(text => text == "close", _ => Become(Closed));
        }
    }

    private sealed class LateConfiguration : ReceiveActor
    {
        public LateConfiguration() => ReceiveAny(_ =>
        {
            try
            {
                Receive<int>(_ => { });
            }
            catch (InvalidOperationException e)
            {
                Sender.Tell(e);
            }
        });
    }

    private sealed class NoChild : ReceiveActor
    {
        public NoChild() => ReceiveAny(_ => Sender.Tell(Context.Child("not-there")));
    }
}
