using Akka.Actor;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>A member that meets other clusters, and one that is removed.</summary>
public sealed class MembershipMeetingTests : MembershipActorSpec
{
    [Fact]
    public async Task A_node_begins_anew_for_an_older_cluster_and_aims_at_it()
    {
        await StartAsync();
        await EnterAsync(Old);
        AnswerFrom(Lab3, Older);
        var beginning = await Ends.ExpectMsgAsync<NewBeginning>();
        Assert.Equal(new ClusterAim(Lab3, Older), beginning.Aim);
        Assert.Contains("lab3:7240", beginning.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_younger_cluster_is_left_to_come_by_itself()
    {
        await StartAsync();
        await EnterAsync(Old);
        SayAt(Lab3, Younger);
        AnswerFrom(Lab3, Younger);
        await SettleAsync(Membership);
        ExpectNothing(Ends);
        await Others.ExpectMsgAsync<MembershipActor.KnockAnswer>();
        ExpectNothing(Others);
    }

    [Fact]
    public async Task An_older_cluster_that_knocks_is_asked_back_and_only_its_answer_counts()
    {
        await StartAsync();
        await EnterAsync(Old);
        SayAt(Lab3, Older);
        await Others.ExpectMsgAsync<MembershipActor.KnockAnswer>();
        var asked = await Others.ExpectMsgAsync<MembershipActor.Knock>();
        Tell(new MembershipActor.KnockAnswer(Guid.NewGuid(), Lab3, Older, KnowsYou: false));
        await SettleAsync(Membership);
        ExpectNothing(Ends);
        Tell(new MembershipActor.KnockAnswer(asked.Question, Lab3, Older, KnowsYou: false));
        await Ends.ExpectMsgAsync<NewBeginning>();
    }

    [Fact]
    public async Task A_node_of_the_same_cluster_that_denies_this_one_is_asked_back_once()
    {
        await StartAsync();
        await EnterAsync(Old, Lab3);
        SayAt(Lab3, Old);
        await Others.ExpectMsgAsync<MembershipActor.KnockAnswer>();
        Assert.True((await Others.ExpectMsgAsync<MembershipActor.Knock>()).KnowsYou);
        SayAt(Lab3, Old, knowsYou: true);
        await Others.ExpectMsgAsync<MembershipActor.KnockAnswer>();
        await SettleAsync(Membership);
        ExpectNothing(Others);
    }

    [Fact]
    public async Task Of_clusters_that_were_formed_at_one_moment_one_is_older()
    {
        var twin = Old with { Id = Guid.Parse("00000000-0000-0000-0000-000000000002") };
        Assert.True(Old.IsOlderThan(twin));
        Assert.False(twin.IsOlderThan(Old));
        await StartAsync();
        await EnterAsync(twin);
        AnswerFrom(Lab3, Old);
        await Ends.ExpectMsgAsync<NewBeginning>();
    }

    [Fact]
    public async Task Who_knocks_at_a_member_hears_of_its_cluster()
    {
        await StartAsync();
        await EnterAsync(Old);
        SayAt(Lab3, Younger);
        var answer = await Others.FishForMessageAsync<MembershipActor.KnockAnswer>(_ => true);
        Assert.Equal((Lab2, Old, false), (answer.From, answer.Cluster, answer.KnowsYou));
    }

    [Fact]
    public async Task A_member_goes_on_knocking_at_who_is_not_in_its_cluster_and_at_one_fellow()
    {
        await StartAsync(seed: null);
        await Known.WriteAsync([new NetworkAddress("10.0.0.9", 7240)]);
        await Asked.ExpectMsgAsync(new Join(Lab2));
        See(Lab2);
        See(Lab1);
        Tell(new MembershipActor.Heard(Lab1, Reachable: false));
        await SettleAsync(Membership);
        Drain(Others);
        for (var time = 0; time < 100; time++)
        {
            await PassAsync(2);
            Assert.True((await Others.ExpectMsgAsync<MembershipActor.Knock>()).KnowsYou);
        }
    }

    [Fact]
    public async Task A_node_that_has_begun_anew_does_so_once_and_answers_without_a_cluster()
    {
        await StartAsync();
        await EnterAsync(Old);
        AnswerFrom(Lab3, Older);
        AnswerFrom(Lab3, Older);
        Tell(new MembershipActor.Gone(Lab2, IsSelf: true));
        await Ends.ExpectMsgAsync<NewBeginning>();
        Assert.Null(await ClusterAsync());
        ExpectNothing(Ends);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_that_was_removed_begins_anew_and_joins_whoever_answers(bool isNewcomer)
    {
        await StartAsync();
        if (isNewcomer)
        {
            See(Lab1);
            See(Lab2);
        }
        else
        {
            await EnterAsync(Old);
        }

        Tell(new MembershipActor.Gone(Lab2, IsSelf: true));
        Assert.Null((await Ends.ExpectMsgAsync<NewBeginning>()).Aim);
    }

    [Fact]
    public async Task What_this_node_was_before_its_restart_is_removed_and_it_is_not()
    {
        await StartAsync();
        await EnterAsync(Old);
        Tell(new MembershipActor.Gone(Lab2, IsSelf: false));
        Assert.True((await ViewAsync()).Contains(Lab2));
        ExpectNothing(Ends);
    }

    [Fact]
    public async Task A_node_of_the_same_cluster_that_does_not_know_this_one_yet_is_waited_for()
    {
        await StartAsync();
        await EnterAsync(Old, Lab3);
        AnswerFrom(Lab3, Old);
        await PassAsync(2);
        AnswerFrom(Lab3, Old);
        AnswerFrom(Lab3, Old, knowsYou: true);
        await PassAsync(2);
        AnswerFrom(Lab3, Old);
        await SettleAsync(Membership);
        ExpectNothing(Ends);
    }

    [Fact]
    public async Task A_node_that_is_denied_look_after_look_was_removed_and_begins_anew()
    {
        await StartAsync();
        await EnterAsync(Old, Lab3);
        AnswerFrom(Lab3, Old);
        await PassAsync(4);
        AnswerFrom(Lab3, Old);
        Assert.Equal(new ClusterAim(Lab3, Old), (await Ends.ExpectMsgAsync<NewBeginning>()).Aim);
    }

    [Theory]
    [InlineData("lab0", true)]
    [InlineData("lab3", false)]
    public async Task Of_two_halves_that_removed_each_other_the_one_without_the_first_member_moves(string first, bool moves)
    {
        await StartAsync();
        await EnterAsync(Old);
        var other = Old with { First = Samples.AddressOf(first) };
        AnswerFrom(Lab3, other);
        await PassAsync(4);
        AnswerFrom(Lab3, other);
        if (moves)
            await Ends.ExpectMsgAsync<NewBeginning>();
        else
            await SettleAsync(Membership);
        ExpectNothing(Ends);
    }

    [Fact]
    public async Task Members_of_one_cluster_that_named_it_apart_agree_on_the_older_name()
    {
        await StartAsync();
        await EnterAsync(Old);
        AnswerFrom(Lab1, Younger, knowsYou: true);
        Assert.True((await ClusterAsync())!.IsSameAs(Old));
        AnswerFrom(Lab1, Older, knowsYou: true);
        Assert.True((await ClusterAsync())!.IsSameAs(Older));
        ExpectNothing(Ends);
    }

    [Fact]
    public async Task It_is_known_since_when_a_member_is_not_heard()
    {
        await StartAsync();
        await EnterAsync(Old, Lab3);
        var lost = VirtualNow;
        Tell(new MembershipActor.Heard(Lab3, Reachable: false));
        Assert.Equal(lost, (await ViewAsync()).Members[Lab3].UnreachableSince);
        Advance(Seconds(5));
        Tell(new MembershipActor.Heard(Lab3, Reachable: false));
        Assert.Equal(lost, (await ViewAsync()).Members[Lab3].UnreachableSince);
        Tell(new MembershipActor.Heard(Lab3, Reachable: true));
        Assert.Null((await ViewAsync()).Members[Lab3].UnreachableSince);
    }

    [Fact]
    public async Task An_unreachable_member_is_removed_on_command()
    {
        await StartAsync();
        await EnterAsync(Old, Lab3);
        Tell(new MembershipActor.Heard(Lab3, Reachable: false));
        var removed = Membership.Ask<MembershipActor.Gone>(new MembershipActor.Remove(Lab3), TimeSpan.FromSeconds(30));
        await Asked.ExpectMsgAsync(new Down(Lab3));
        Assert.False(removed.IsCompleted);
        Tell(new MembershipActor.Gone(Lab3, IsSelf: false));
        Assert.Equal(Lab3, (await removed).Address);
        Assert.False((await ViewAsync()).Contains(Lab3));
    }

    [Theory]
    [InlineData("lab1", ControlError.Unavailable)]
    [InlineData("lab2", ControlError.Unavailable)]
    [InlineData("lab9", ControlError.NotFound)]
    public async Task What_is_reachable_or_no_member_is_not_removed(string node, ControlError because)
    {
        await StartAsync();
        await EnterAsync(Old);
        var error = await Assert.ThrowsAsync<ControlException>(() =>
            Membership.Ask<MembershipActor.Gone>(new MembershipActor.Remove(Samples.AddressOf(node)), TimeSpan.FromSeconds(30)));
        Assert.Equal(because, error.Error);
        ExpectNothing(Asked);
    }

    [Fact]
    public async Task A_member_that_stays_unreachable_is_removed_by_the_first_that_is_left()
    {
        await StartAsync(removeAfter: 10);
        await EnterAsync(Old, Lab3);
        Tell(new MembershipActor.Heard(Lab3, Reachable: false));
        await PassAsync(14);
        ExpectNothing(Asked);

        Tell(new MembershipActor.Heard(Lab1, Reachable: false));
        await PassAsync(8);
        await Asked.ExpectMsgAsync(new Down(Lab3));
        Drain(Asked);
        Tell(new MembershipActor.Gone(Lab3, IsSelf: false));
        Tell(new MembershipActor.Heard(Lab1, Reachable: true));
        await PassAsync(14);
        Assert.True((await ViewAsync()).Contains(Lab1));
        Assert.DoesNotContain(Lab3, (await ViewAsync()).Members.Keys);
    }

    [Fact]
    public async Task A_member_that_is_back_in_time_stays()
    {
        await StartAsync(removeAfter: 10);
        await EnterAsync(Old);
        for (var time = 0; time < 3; time++)
        {
            Tell(new MembershipActor.Heard(Lab1, Reachable: false));
            await PassAsync(8);
            Tell(new MembershipActor.Heard(Lab1, Reachable: true));
            await PassAsync(2);
        }

        ExpectNothing(Asked);
    }

    [Fact]
    public async Task A_clock_that_is_set_makes_no_removal_of_a_denial_that_has_just_begun()
    {
        await StartAsync();
        await EnterAsync(Old, Lab3);
        AnswerFrom(Lab3, Old);
        await SetClockAsync();
        AnswerFrom(Lab3, Old);
        await SettleAsync(Membership);
        ExpectNothing(Ends);
    }

    [Fact]
    public async Task A_clock_that_is_set_removes_nobody()
    {
        await StartAsync(removeAfter: 10);
        await EnterAsync(Old);
        Tell(new MembershipActor.Heard(Lab1, Reachable: false));
        await SetClockAsync();
        ExpectNothing(Asked);
    }
}
