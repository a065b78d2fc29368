using Akka.Actor;

namespace Akka.Contract.Local;

public sealed class AskTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task An_answer_completes_the_task() => Assert.Equal("hello", await ActorOf<Echo>().Ask<string>("hello", Soon));

    [Fact]
    public async Task No_answer_in_time_fails_with_AskTimeoutException() =>
        await Assert.ThrowsAsync<AskTimeoutException>(() => TestActor.Ask<string>("hello", TimeSpan.FromMilliseconds(50)));

    [Fact]
    public async Task A_cancelled_token_cancels_the_task()
    {
        using var cancelled = new CancellationTokenSource();
        var answer = TestActor.Ask<string>("hello", Soon, cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public async Task A_failure_for_an_answer_fails_with_its_cause()
    {
        var failure = new Status.Failure(new InvalidOperationException("test"));
        Assert.Equal("test", (await Assert.ThrowsAsync<InvalidOperationException>(() => ActorOf<Echo>().Ask<string>(failure, Soon))).Message);
    }

    [Fact]
    public async Task An_answer_of_another_type_fails_with_ArgumentException() =>
        await Assert.ThrowsAsync<ArgumentException>(() => ActorOf<Echo>().Ask<int>("hello", Soon));

    [Fact]
    public async Task A_failure_can_be_asked_for()
    {
        var failure = new Status.Failure(new InvalidOperationException("test"));
        Assert.Same(failure, await ActorOf<Echo>().Ask<Status>(failure, Soon));
    }

    [Fact]
    public async Task A_selection_can_be_asked()
    {
        ActorOf<Echo>("echo");
        Assert.Equal("hello", await Sys.ActorSelection("/user/echo").Ask<string>("hello", Soon));
    }

    [Fact]
    public void PipeTo_sends_the_result()
    {
        _ = Task.FromResult("done").PipeTo(TestActor);
        ExpectMsg("done");
    }

    [Fact]
    public void PipeTo_sends_a_failure_with_the_exception()
    {
        _ = Task.FromException<string>(new InvalidOperationException("test")).PipeTo(TestActor);
        Assert.Equal("test", Assert.IsType<InvalidOperationException>(ExpectMsg<Status.Failure>().Cause).Message);
    }

    [Fact]
    public void PipeTo_sends_what_is_made_of_the_result_or_the_exception_from_the_sender_given()
    {
        var probe = CreateTestProbe();
        _ = Task.FromResult(20).PipeTo(TestActor, probe.Ref, success: number => number + 1);
        ExpectMsgFrom(probe.Ref, 21);
        _ = Task.FromException<int>(new InvalidOperationException("test")).PipeTo(TestActor, probe.Ref, failure: e => "failed: " + e.Message);
        ExpectMsgFrom(probe.Ref, "failed: test");
    }

    [Fact]
    public void PipeTo_of_a_task_without_result_sends_only_what_success_makes()
    {
        _ = Task.CompletedTask.PipeTo(TestActor);
        _ = Task.CompletedTask.PipeTo(TestActor, success: () => "done");
        ExpectMsg("done");
        _ = Task.FromException(new InvalidOperationException("test")).PipeTo(TestActor);
        ExpectMsg<Status.Failure>();
    }

    [Fact]
    public async Task GracefulStop_is_true_once_the_actor_has_stopped()
    {
        var echo = ActorOf<Echo>();
        Watch(echo);
        Assert.True(await echo.GracefulStop(Soon));
        ExpectTerminated(echo);
    }

    [Fact]
    public async Task GracefulStop_is_false_when_the_actor_does_not_stop_in_time() =>
        Assert.False(await ActorOf<Echo>().GracefulStop(TimeSpan.FromMilliseconds(50), "no reason to stop"));
}
