using Akka.Actor;
using Akka.Cluster;
using Akka.Subset;

namespace Akka.Contract.Remote;

/// <summary>Whom a node asks for a sign of life, and what it makes of the answers.</summary>
public sealed class PeersTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);
    private static readonly TimeSpan Asked = Start + TimeSpan.FromSeconds(1);
    private static readonly UniqueAddress Other = new(new Address("akka.tcp", "contract", "10.0.0.2", 7240), 1);
    private static readonly SubsetClusterSettings Settings = new();

    private readonly Peers _peers = new(Settings);

    public PeersTests() => _peers.Keep([Other], Start);

    [Fact]
    public void Who_was_just_let_in_is_asked_at_once_and_then_at_each_interval()
    {
        Assert.Equal([Other], _peers.Due(Start));
        Ask(Start);
        Assert.Empty(_peers.Due(Start + (0.5 * Settings.HeartbeatInterval)));
        Assert.Equal([Other], _peers.Due(Start + Settings.HeartbeatInterval));
    }

    [Fact]
    public void Who_was_answered_is_not_asked()
    {
        _peers.Send(Other, HeartbeatKind.Answer, Start);
        Assert.Empty(_peers.Due(Start + (0.5 * Settings.HeartbeatInterval)));
    }

    [Fact]
    public void A_repetition_does_not_put_off_the_next_question()
    {
        Ask(Start);
        _peers.Send(Other, HeartbeatKind.Repetition, Start + (2 * Settings.AnswerTime));
        Assert.Equal([Other], _peers.Due(Start + Settings.HeartbeatInterval));
    }

    [Fact]
    public void Who_has_answered_owes_nothing()
    {
        Ask(Asked);
        Assert.Equal([Other], _peers.Owing(Asked));
        Hear(Answer(sent: 1, echo: Asked.Ticks), Asked + TimeSpan.FromMilliseconds(1));
        Assert.Empty(_peers.Owing(Asked + TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void Who_does_not_answer_is_asked_twice_more()
    {
        Ask(Asked);
        Assert.Equal([Other], _peers.Owing(Asked + Settings.AnswerTime));
        Assert.Equal([Other], _peers.Owing(Asked + (2 * Settings.AnswerTime)));
        Assert.Empty(_peers.Owing(Asked + (3 * Settings.AnswerTime)));
    }

    [Fact]
    public void What_comes_late_or_a_second_time_is_no_news()
    {
        Hear(Answer(sent: 20, echo: 0), Start);
        Assert.False(_peers.IsNews(Other, Answer(sent: 20, echo: 0)));
        Assert.False(_peers.IsNews(Other, Answer(sent: 10, echo: 0)));
        Assert.True(_peers.IsNews(Other, Answer(sent: 21, echo: 0)));
        Hear(Answer(sent: 10, echo: 0), Start);
        Assert.Equal(20, _peers.Send(Other, HeartbeatKind.Answer, Start));
    }

    [Fact]
    public void A_clock_that_goes_back_far_begins_anew()
    {
        Hear(Answer(sent: long.MaxValue, echo: 0), Start);
        Hear(Answer(sent: Start.Ticks, echo: 0), Start);
        Assert.Equal(Start.Ticks, _peers.Send(Other, HeartbeatKind.Answer, Start));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void An_echo_of_what_was_never_sent_is_no_sign_of_life(long echo)
    {
        Hear(Answer(sent: 1, echo), Start);
        Assert.Equal([Other], _peers.Missing(Start + Settings.AcceptablePause + TimeSpan.FromTicks(1)));
        Assert.False(_peers.IsReachable(Other));
    }

    [Fact]
    public void Who_is_silent_for_longer_than_the_pause_is_missing_until_it_answers()
    {
        var now = Start;
        for (; now <= Start + Settings.AcceptablePause; now += Settings.HeartbeatInterval)
            Assert.Empty(_peers.Missing(now));
        Assert.Equal([Other], _peers.Missing(now));
        Assert.Empty(_peers.Owing(now));
        Assert.True(Hear(Answer(sent: 1, now.Ticks), now));
        Assert.True(_peers.IsReachable(Other));
    }

    [Fact]
    public void A_node_that_was_held_up_gives_the_others_that_time_but_no_more()
    {
        _peers.Missing(Start);
        var later = Start + TimeSpan.FromMinutes(1);
        Assert.Empty(_peers.Missing(later));
        Assert.InRange(TimeToMiss(later), Settings.AcceptablePause - Settings.HeartbeatInterval, Settings.AcceptablePause + Settings.HeartbeatInterval);
    }

    [Fact]
    public void What_passed_before_the_first_look_was_no_holdup()
    {
        Assert.Empty(_peers.Missing(Start));
        Assert.InRange(TimeToMiss(Start), Settings.AcceptablePause, Settings.AcceptablePause + Settings.HeartbeatInterval);
    }

    private TimeSpan TimeToMiss(TimeSpan from)
    {
        var passed = TimeSpan.Zero;
        while (_peers.IsReachable(Other) && passed < TimeSpan.FromHours(1))
        {
            passed += Settings.HeartbeatInterval;
            _peers.Missing(from + passed);
        }

        return passed;
    }

    private void Ask(TimeSpan now) => _peers.Send(Other, HeartbeatKind.Question, now);

    private bool Hear(ClusterMessage.Heartbeat beat, TimeSpan now) => _peers.Heard(Other, beat, now);

    private static ClusterMessage.Heartbeat Answer(long sent, long echo) => new(1, sent, echo, 0, HeartbeatKind.Answer);
}
