using Akka.Actor;
using Akka.TestKit;

namespace Akka.Contract.Local;

/// <summary>A test that should fail does: with what is expected and does not come, and with what comes and is not expected.</summary>
public sealed class TestKitTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void What_is_expected_is_returned()
    {
        TestActor.Tell("hello");
        Assert.Equal("hello", ExpectMsg<string>());
        TestActor.Tell("hello");
        Assert.Equal("hello", ExpectMsg<string>(text => text.Length == 5));
    }

    [Fact]
    public void Another_message_or_none_fails()
    {
        TestActor.Tell("hello");
        Fails(() => ExpectMsg<int>(Short));
        TestActor.Tell("hello");
        Fails(() => ExpectMsg("good bye", Short));
        TestActor.Tell("hello");
        Fails(() => ExpectMsg<string>(text => text.Length == 4, Short));
        Fails(() => ExpectMsg<string>(Short));
    }

    [Fact]
    public void A_message_fails_who_expects_none()
    {
        ExpectNoMsg(Short);
        TestActor.Tell("hello");
        Fails(() => ExpectNoMsg(TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public void Who_sent_it_is_known()
    {
        var (probe, other) = (CreateTestProbe(), CreateTestProbe());
        probe.Send(TestActor, "hello");
        ExpectMsgFrom(probe.Ref, "hello");
        Assert.Equal(probe.Ref, LastSender);
        probe.Send(TestActor, "hello");
        Fails(() => ExpectMsgFrom(other.Ref, "hello", Short));
    }

    [Fact]
    public void A_probe_answers_and_passes_on()
    {
        var (probe, next) = (CreateTestProbe(), CreateTestProbe());
        probe.Ref.Tell("question", TestActor);
        probe.ExpectMsg("question");
        probe.Reply("answer");
        ExpectMsgFrom(probe.Ref, "answer");
        probe.Forward(next.Ref);
        next.ExpectMsg("question");
        Assert.Equal(TestActor, next.LastSender);
    }

    [Fact]
    public async Task Fishing_skips_the_others_up_to_its_time()
    {
        foreach (var number in Enumerable.Range(0, 5))
            TestActor.Tell(number);
        Assert.Equal(3, FishForMessage<int>(number => number == 3));
        Assert.Equal(4, await FishForMessageAsync<int>(number => number == 4));
        await Assert.ThrowsAnyAsync<Exception>(async () => await FishForMessageAsync<int>(number => number == 5, Short));
    }

    [Fact]
    public void Receiving_takes_what_is_there()
    {
        Assert.Null(ReceiveOne(TimeSpan.Zero));
        TestActor.Tell("one");
        TestActor.Tell("two");
        Assert.Equal(["one", "two"], ReceiveN(2, TimeSpan.FromSeconds(3)));
        Fails(() => ReceiveN(1, Short));
    }

    [Fact]
    public async Task Awaiting_tries_again_up_to_its_time()
    {
        var tries = 0;
        await AwaitAssertAsync(() => Assert.True(++tries >= 3), TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(10));
        Assert.Equal(3, tries);
        await AwaitConditionAsync(() => ++tries >= 6, TimeSpan.FromSeconds(3), TimeSpan.FromMilliseconds(10));
        Assert.Equal(6, tries);
        await Assert.ThrowsAnyAsync<Exception>(() => AwaitAssertAsync(() => Assert.Fail("never"), Short, TimeSpan.FromMilliseconds(10)));
        await Assert.ThrowsAnyAsync<Exception>(() => AwaitConditionAsync(() => false, Short, TimeSpan.FromMilliseconds(10)));
    }

    [Fact]
    public void The_end_of_another_actor_is_not_that_of_the_one_expected()
    {
        var (one, other) = (ActorOf<Echo>(), ActorOf<Echo>());
        Watch(one);
        Sys.Stop(one);
        Fails(() => ExpectTerminated(other, Short));
    }

    private static void Fails(Action expectation) => Assert.ThrowsAny<Exception>(expectation);
}
