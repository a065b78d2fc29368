using Akka.Actor;

namespace Akka.Contract.Local;

public sealed class SupervisionTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3);

    [Fact]
    public void Hooks_are_called_at_start_and_stop()
    {
        var actor = ActorOf(() => new Hooked(TestActor));
        Expect("new", "PreStart");
        Sys.Stop(actor);
        Expect("PostStop");
    }

    [Fact]
    public void A_restart_calls_the_hooks_of_the_old_and_the_new_instance_and_loses_the_message_alone()
    {
        var actor = ActorOf(() => new Hooked(TestActor));
        actor.Tell(Fail.Because("test"));
        actor.Tell("still there?");
        Expect("new", "PreStart", "PreRestart test Fail", "PostStop", "new", "PostRestart test", "PreStart", "still there?");
    }

    [Fact]
    public async Task A_restart_keeps_the_reference_and_stops_the_children()
    {
        var parent = ActorOf(() => new Supervisor(SupervisorStrategy.DefaultStrategy));
        var child = await Child<Echo>(parent);
        Watch(child);
        parent.Tell(Fail.Because("test"));
        ExpectTerminated(child);
        Assert.Equal("hello", await parent.Ask<string>("hello", Soon));
    }

    [Fact]
    public async Task Resume_keeps_the_instance_and_its_state()
    {
        var parent = ActorOf(() => new Supervisor(new OneForOneStrategy(_ => Directive.Resume)));
        var child = await Hooked(parent);
        child.Tell(Fail.Because("test"));
        Assert.Equal("hello", await child.Ask<string>("hello", Soon));
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task Stop_stops_the_failed_child_alone()
    {
        var parent = ActorOf(() => new Supervisor(SupervisorStrategy.StoppingStrategy));
        var (failing, sibling) = (await Hooked(parent), await Child<Echo>(parent, "sibling"));
        Watch(failing);
        failing.Tell(Fail.Because("test"));
        Expect("PostStop");
        ExpectTerminated(failing);
        Assert.Equal("hello", await sibling.Ask<string>("hello", Soon));
    }

    [Fact]
    public async Task Escalate_makes_the_supervisor_fail_with_the_same_cause()
    {
        var top = ActorOf(() => new Supervisor(new OneForOneStrategy(e => Report(e, Directive.Stop))));
        var middle = await top.Ask<IActorRef>((Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Escalate))), "middle"), Soon);
        var bottom = await Child<Echo>(middle);
        Watch(middle);
        var failing = await Hooked(middle);
        failing.Tell(Fail.Because("test"));
        Assert.Equal("test", ExpectMsg<InvalidOperationException>().Message);
        Expect("PostStop");
        ExpectTerminated(middle);
        Assert.True(await bottom.GracefulStop(Soon));
    }

    [Fact]
    public async Task A_child_is_stopped_after_the_retries_that_it_has()
    {
        var parent = ActorOf(() => new Supervisor(new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart)));
        var child = await Hooked(parent);
        Watch(child);
        for (var i = 0; i < 3; i++)
            child.Tell(Fail.Because("test"));
        string[] restart = ["PreRestart test Fail", "PostStop", "new", "PostRestart test", "PreStart"];
        Expect([.. restart, .. restart, "PostStop"]);
        ExpectTerminated(child);
    }

    [Fact]
    public async Task The_retries_count_within_their_time_alone()
    {
        var parent = ActorOf(() => new Supervisor(new OneForOneStrategy(1, TimeSpan.FromMilliseconds(200), _ => Directive.Restart)));
        var child = await Hooked(parent);
        string[] restart = ["PreRestart test Fail", "PostStop", "new", "PostRestart test", "PreStart"];
        for (var i = 0; i < 3; i++)
        {
            child.Tell(Fail.Because("test"));
            Expect(restart);
            await Task.Delay(TimeSpan.FromMilliseconds(400));
        }

        Assert.Equal("hello", await child.Ask<string>("hello", Soon));
    }

    [Fact]
    public async Task A_new_instance_that_fails_in_its_turn_is_one_more_failure()
    {
        var strategy = new OneForOneStrategy(e => Report(e, e is PostRestartException ? Directive.Stop : Directive.Restart));
        var parent = ActorOf(() => new Supervisor(strategy));
        var child = await parent.Ask<IActorRef>((Props.Create(() => new Unrestartable()), "child"), Soon);
        Watch(child);
        child.Tell(Fail.Because("test"));
        ExpectMsg<InvalidOperationException>();
        Assert.Equal("not again", ExpectMsg<PostRestartException>().GetBaseException().Message);
        ExpectTerminated(child);
    }

    [Fact]
    public async Task A_restart_forgets_what_the_actor_had_become()
    {
        var parent = ActorOf(() => new Supervisor(SupervisorStrategy.DefaultStrategy));
        var child = await Child<Changeable>(parent);
        Assert.Equal("first", await child.Ask<string>("change", Soon));
        Assert.Equal("second", await child.Ask<string>("change", Soon));
        child.Tell(Fail.Because("test"));
        Assert.Equal("first", await child.Ask<string>("change", Soon));
    }

    [Fact]
    public async Task With_no_retries_a_restart_is_a_stop()
    {
        var parent = ActorOf(() => new Supervisor(new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Restart)));
        var child = await Hooked(parent);
        Watch(child);
        child.Tell(Fail.Because("test"));
        Expect("PostStop");
        ExpectTerminated(child);
    }

    [Fact]
    public void An_actor_whose_constructor_throws_is_stopped()
    {
        var actor = ActorOf(() => new Unborn());
        Watch(actor);
        ExpectTerminated(actor);
    }

    [Fact]
    public void The_decider_sees_a_failed_constructor_as_ActorInitializationException_with_its_cause()
    {
        var parent = ActorOf(() => new Supervisor(new OneForOneStrategy(e => Report(e, Directive.Stop))));
        parent.Tell((Props.Create(() => new Unborn()), "child"));
        ExpectMsg<IActorRef>();
        Assert.Equal("unborn", ExpectMsg<ActorInitializationException>().GetBaseException().Message);
    }

    [Fact]
    public async Task Kill_stops_under_the_default_strategy()
    {
        var child = await Hooked(ActorOf(() => new Supervisor(SupervisorStrategy.DefaultStrategy)));
        Watch(child);
        child.Tell(Kill.Instance);
        Expect("PostStop");
        ExpectTerminated(child);
    }

    [Fact]
    public void Children_stop_before_their_parent()
    {
        var parent = ActorOf(() => new Parent(TestActor));
        Expect("new", "PreStart");
        Watch(parent);
        Sys.Stop(parent);
        Expect("PostStop", "PostStop of the parent");
        ExpectTerminated(parent);
    }

    [Fact]
    public async Task Two_children_cannot_have_one_name()
    {
        var parent = ActorOf(() => new Supervisor(SupervisorStrategy.DefaultStrategy));
        await Child<Echo>(parent);
        Assert.Throws<InvalidActorNameException>(() =>
        {
            ActorOf<Echo>("twice");
            ActorOf<Echo>("twice");
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("$a")]
    [InlineData("a/b")]
    [InlineData("ä")]
    public void A_name_has_valid_characters_only(string name) => Assert.Throws<InvalidActorNameException>(() => ActorOf<Echo>(name));

    [Fact]
    public async Task A_stopping_system_stops_its_actors_and_takes_no_new_ones()
    {
        var probe = CreateTestProbe();
        var reports = new List<string>();
        ActorOf(() => new StopReport(reports));
        Sys.Stop(probe.Ref);
        await Sys.Terminate().WaitAsync(Soon);
        Assert.True(Sys.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal(["stopped"], reports);
        Assert.Throws<InvalidOperationException>(() => Sys.ActorOf<Echo>());
    }

    private static Task<IActorRef> Child<T>(IActorRef parent, string name = "child")
        where T : ActorBase, new() => parent.Ask<IActorRef>((Props.Create<T>(), name), Soon);

    private async Task<IActorRef> Hooked(IActorRef parent)
    {
        var reports = TestActor;
        var child = await parent.Ask<IActorRef>((Props.Create(() => new Hooked(reports)), "hooked"), Soon);
        Expect("new", "PreStart");
        return child;
    }

    private Directive Report(Exception e, Directive directive)
    {
        TestActor.Tell(e, ActorRefs.NoSender);
        return directive;
    }

    private void Expect(params string[] messages) => Assert.Equal(messages, ReceiveN(messages.Length, Soon).Cast<string>());

    private sealed class Unborn : ReceiveActor
    {
        public Unborn() => throw new InvalidOperationException("unborn");
    }

    private sealed class Unrestartable : ReceiveActor
    {
        public Unrestartable() => Receive<Fail>(fail => throw fail.With);

        protected override void PostRestart(Exception reason) => throw new InvalidOperationException("not again");
    }

    private sealed class Changeable : ReceiveActor
    {
        public Changeable()
        {
            Receive<string>(_ =>
            {
                Sender.Tell("first");
                Become(Second);
            });
        }

        private void Second()
        {
            Receive<Fail>(fail => throw fail.With);
            Receive<string>(_ => Sender.Tell("second"));
        }
    }

    /// <summary>Who watches both may be told of the parent first; their hooks have an order.</summary>
    private sealed class Parent : ReceiveActor
    {
        private readonly IActorRef _reports;

        public Parent(IActorRef reports) => _reports = reports;

        protected override void PreStart() => Context.ActorOf(Props.Create(() => new Hooked(_reports)));

        protected override void PostStop() => _reports.Tell("PostStop of the parent");
    }

    private sealed class StopReport : ReceiveActor
    {
        private readonly List<string> _reports;

        public StopReport(List<string> reports) => _reports = reports;

        protected override void PostStop() => _reports.Add("stopped");
    }
}
