using Akka.Actor;

namespace Akka.Contract.Local;

public sealed class TimerTests : VirtualTime
{
    private IActorRef _actor = ActorRefs.Nobody;

    [Fact]
    public void A_single_timer_fires_once()
    {
        Start(timers => timers.StartSingleTimer("key", "fired", Seconds(10)));
        Time.Advance(Seconds(9.9));
        ExpectNothingYet();
        Time.Advance(Seconds(0.2));
        ExpectMsg("fired");
        Time.Advance(Seconds(100));
        ExpectNothingYet();
    }

    [Fact]
    public void A_periodic_timer_fires_again_and_again_and_once_for_each_move_of_the_clock()
    {
        Start(timers => timers.StartPeriodicTimer("key", "tick", Seconds(1)));
        Time.Advance(Seconds(1));
        ExpectMsg("tick");
        Time.Advance(Seconds(5));
        ExpectMsg("tick");
        ExpectNothingYet();
    }

    [Fact]
    public void A_periodic_timer_can_begin_earlier_or_later_than_it_goes_on()
    {
        Start(timers => timers.StartPeriodicTimer("key", "tick", Seconds(10), Seconds(1)));
        Time.Advance(Seconds(9));
        ExpectNothingYet();
        Time.Advance(Seconds(1));
        ExpectMsg("tick");
        Time.Advance(Seconds(1));
        ExpectMsg("tick");
    }

    [Fact]
    public void Starting_a_timer_replaces_the_one_of_the_same_key()
    {
        Start(timers =>
        {
            timers.StartSingleTimer("key", "first", Seconds(1));
            timers.StartSingleTimer("key", "second", Seconds(2));
        });
        Time.Advance(Seconds(1));
        ExpectNothingYet();
        Time.Advance(Seconds(1));
        ExpectMsg("second");
    }

    [Fact]
    public void A_timer_that_is_called_off_after_it_fired_is_not_received()
    {
        var actor = Start(timers => timers.StartSingleTimer("key", "fired", Seconds(1)));
        using var release = new ManualResetEventSlim();
        actor.Tell((Action<ITimerScheduler>)(timers =>
        {
            release.Wait(Seconds(3));
            timers.Cancel("key");
        }));
        Time.Advance(Seconds(1));
        release.Set();
        ExpectNothingYet();
    }

    [Fact]
    public void IsTimerActive_says_whether_a_timer_runs()
    {
        var actor = Start(timers => timers.StartSingleTimer("key", "fired", Seconds(1)));
        Assert.True(Ask(actor, timers => timers.IsTimerActive("key")));
        Assert.False(Ask(actor, timers => timers.IsTimerActive("other")));
        Time.Advance(Seconds(1));
        ExpectMsg("fired");
        Assert.False(Ask(actor, timers => timers.IsTimerActive("key")));
    }

    [Fact]
    public void A_restart_calls_all_timers_off()
    {
        var actor = Start(timers => timers.StartPeriodicTimer("key", "tick", Seconds(1)));
        actor.Tell(Fail.Because("test"));
        Assert.False(Ask(actor, timers => timers.IsTimerActive("key")));
        Time.Advance(Seconds(10));
        ExpectNothingYet();
    }

    [Fact]
    public void A_timer_set_in_reaction_starts_from_the_time_that_the_clock_was_moved_to()
    {
        var actor = Start(timers => timers.StartSingleTimer("key", (Action<ITimerScheduler>)(again =>
            again.StartSingleTimer("second", "second", Seconds(1))), Seconds(1)));
        Time.Advance(Seconds(10));
        Assert.True(Ask(actor, timers => timers.IsTimerActive("second")));
        ExpectNothingYet();
        Time.Advance(Seconds(1));
        ExpectMsg("second");
    }

    [Fact]
    public void A_receive_timeout_comes_after_silence_and_is_put_off_by_messages()
    {
        var actor = ActorOf(() => new Patient(TestActor, Seconds(2)));
        Assert.Equal("pong", Answer(actor));
        Time.Advance(Seconds(1.5));
        Assert.Equal("pong", Answer(actor));
        Time.Advance(Seconds(1.5));
        ExpectNoMsg(TimeSpan.Zero);
        Time.Advance(Seconds(1));
        ExpectMsg("timed out");
    }

    [Fact]
    public void The_scheduler_sends_once_or_repeatedly_until_it_is_called_off()
    {
        Sys.Scheduler.ScheduleTellOnceCancelable(Seconds(1), TestActor, "never", ActorRefs.NoSender).Cancel();
        Sys.Scheduler.ScheduleTellOnceCancelable(Seconds(1), TestActor, "once", ActorRefs.NoSender);
        var repeated = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(Seconds(2), Seconds(3), TestActor, "again", ActorRefs.NoSender);
        Time.Advance(Seconds(1));
        ExpectMsg("once");
        Time.Advance(Seconds(1));
        ExpectMsg("again");
        Time.Advance(Seconds(3));
        ExpectMsg("again");
        repeated.Cancel();
        Time.Advance(Seconds(3));
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void What_is_due_comes_in_the_order_of_its_time_and_the_clock_stands_where_it_was_moved_to()
    {
        var before = Time.Now;
        foreach (var seconds in (int[])[3, 1, 2])
            Sys.Scheduler.ScheduleTellOnceCancelable(Seconds(seconds), TestActor, seconds, ActorRefs.NoSender);
        Time.Advance(Seconds(3));
        Assert.Equal([1, 2, 3], ReceiveN(3, Seconds(3)).Cast<int>());
        Assert.Equal(before + Seconds(3), Time.Now);
    }

    [Fact]
    public async Task How_long_somebody_waits_for_an_answer_is_real_time()
    {
        var answer = TestActor.Ask<string>("hello", Seconds(10));
        ExpectMsg("hello");
        Time.Advance(Seconds(100));
        LastSender.Tell("there you are");
        Assert.Equal("there you are", await answer);
    }

    private IActorRef Start(Action<ITimerScheduler> start)
    {
        _actor = ActorOf(() => new Timed(TestActor));
        _actor.Tell(start);
        ExpectNothingYet();
        return _actor;
    }

    private void ExpectNothingYet()
    {
        Assert.True(Ask(_actor, _ => true));
        ExpectNoMsg(TimeSpan.Zero);
    }

    private static bool Ask(IActorRef actor, Func<ITimerScheduler, bool> question) => actor.Ask<bool>(question, Seconds(3)).Result;

    /// <summary>The timeout begins when the actor is done with a message, so a second answer says that the first message is done with.</summary>
    private static string Answer(IActorRef actor)
    {
        actor.Tell("ping", ActorRefs.NoSender);
        return actor.Ask<string>(new Unnoticed(), Seconds(3)).Result;
    }

    private sealed class Unnoticed : INotInfluenceReceiveTimeout;

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef reports)
        {
            Receive<Fail>(fail => throw fail.With);
            Receive<Action<ITimerScheduler>>(action => action(Timers));
            Receive<Func<ITimerScheduler, bool>>(question => Sender.Tell(question(Timers)));
            ReceiveAny(message => reports.Tell(message));
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }

    private sealed class Patient : ReceiveActor
    {
        public Patient(IActorRef reports, TimeSpan timeout)
        {
            Context.SetReceiveTimeout(timeout);
            Receive<ReceiveTimeout>(_ => reports.Tell("timed out"));
            ReceiveAny(_ => Sender.Tell("pong"));
        }
    }
}
