using System.Collections.Immutable;
using Akka.Actor;

namespace UsbIpCluster.Node.Tests;

/// <summary>From nowhere into a cluster.</summary>
public sealed class MembershipFormingTests : MembershipActorSpec
{
    [Fact]
    public async Task A_node_that_knows_nobody_forms_a_cluster_at_once()
    {
        await StartAsync(seed: null);
        await Asked.ExpectMsgAsync(new Join(Lab2));
        See(Lab2);
        Assert.Equal(Lab2, (await ClusterAsync())!.First);
    }

    [Fact]
    public async Task A_node_is_no_seed_of_its_own()
    {
        await StartAsync(seed: "lab2");
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Theory]
    [InlineData("lab1")]
    [InlineData("lab3")]
    public async Task A_node_whose_seed_does_not_answer_forms_a_cluster_after_3_s_whoever_it_is(string seed)
    {
        await StartAsync(seed is "lab1" ? "10.0.0.1" : "10.0.0.3");
        await PassAsync(2);
        ExpectNothing(Asked);
        await PassAsync(1);
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task A_node_whose_clock_is_set_looks_for_others_as_long_as_any()
    {
        await StartAsync();
        await SetClockAsync();
        ExpectNothing(Asked);
        await PassAsync(2);
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task A_newcomer_whose_clock_is_set_goes_on_asking_in_which_cluster_it_is()
    {
        await StartAsync();
        See(Lab1);
        See(Lab2);
        await SettleAsync(Membership);
        await SetClockAsync();
        Assert.Null(await ClusterAsync());
    }

    [Fact]
    public async Task A_node_whose_seeds_name_is_not_known_forms_a_cluster_as_well()
    {
        await StartAsync("no-such-host.invalid");
        await PassAsync(3);
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task A_name_is_knocked_at_by_its_address()
    {
        await StartAsync("localhost");
        var knock = await Others.ExpectMsgAsync<MembershipActor.Knock>();
        Assert.Equal((Lab2, null, false), (knock.From, knock.Cluster, knock.KnowsYou));
    }

    [Fact]
    public async Task A_member_that_answers_is_joined_and_says_which_cluster_it_is()
    {
        await StartAsync();
        await EnterAsync(Old);
        Assert.True((await ClusterAsync())!.IsSameAs(Old));
    }

    [Fact]
    public async Task A_member_that_knocks_is_joined_as_well()
    {
        await StartAsync();
        SayAt(Lab3, Old);
        await Others.FishForMessageAsync<MembershipActor.KnockAnswer>(_ => true);
        var asked = await Others.ExpectMsgAsync<MembershipActor.Knock>();
        ExpectNothing(Asked);
        Tell(new MembershipActor.KnockAnswer(asked.Question, Lab3, Old, KnowsYou: false));
        await Asked.ExpectMsgAsync(new Join(Lab3));
    }

    [Fact]
    public async Task A_member_that_can_not_be_reached_keeps_nobody_from_forming_a_cluster()
    {
        await StartAsync(aim: new ClusterAim(Lab3, Old));
        for (var second = 0; second < 6; second++)
        {
            ExpectNothing(Asked);
            SayAt(Lab3, Old);
            await PassAsync(1);
        }

        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task A_node_that_is_removed_before_it_is_in_its_cluster_begins_anew()
    {
        await StartAsync(aim: new ClusterAim(Lab3, Old));
        Tell(new MembershipActor.Gone(Lab2, IsSelf: true));
        Assert.Equal(new ClusterAim(Lab3, Old), (await Ends.ExpectMsgAsync<NewBeginning>()).Aim);
    }

    [Fact]
    public async Task Of_several_clusters_the_oldest_is_joined()
    {
        await StartAsync();
        AnswerFrom(Lab3, Old);
        AnswerFrom(Lab1, Younger);
        AnswerFrom(Lab1, Older);
        await Asked.ExpectMsgAsync(new Join(Lab3));
        await Asked.ExpectMsgAsync(new Join(Lab1));
        ExpectNothing(Asked);
    }

    [Fact]
    public async Task A_member_that_lets_nobody_in_is_given_up_for_another()
    {
        await StartAsync();
        AnswerFrom(Lab1, Old);
        await Asked.ExpectMsgAsync(new Join(Lab1));
        await PassAsync(3);
        AnswerFrom(Lab3, Old);
        await Asked.FishForMessageAsync<Join>(join => join.Address == Lab3);
    }

    [Fact]
    public async Task Of_two_that_look_for_each_other_the_first_forms_and_the_second_waits()
    {
        await StartAsync();
        SayAt(Lab1, null);
        await PassAsync(4);
        ExpectNothing(Asked);
        await PassAsync(1);
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task Of_two_that_look_for_each_other_the_first_does_not_wait()
    {
        await StartAsync();
        SayAt(Lab3, null);
        Assert.Null((await Others.FishForMessageAsync<MembershipActor.KnockAnswer>(_ => true)).Cluster);
        await PassAsync(3);
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task Who_was_let_in_while_it_formed_a_cluster_has_not_formed_one()
    {
        await StartAsync();
        await PassAsync(3);
        See(Lab1);
        See(Lab2);
        Assert.Null(await ClusterAsync());
    }

    [Fact]
    public async Task What_was_answered_before_it_was_let_in_does_not_say_where_it_is_now()
    {
        await StartAsync();
        var before = await Others.ExpectMsgAsync<MembershipActor.Knock>();
        AnswerFrom(Lab1, Old);
        See(Lab1);
        See(Lab2);
        Tell(new MembershipActor.KnockAnswer(before.Question, Lab1, Old, KnowsYou: true));
        Assert.Null(await ClusterAsync());
    }

    [Theory]
    [InlineData("lab1", false)]
    [InlineData("lab3", true)]
    public async Task Only_a_member_that_knows_it_says_in_which_cluster_it_is(string from, bool knowsYou)
    {
        await StartAsync();
        See(Lab1);
        See(Lab2);
        var asked = await Others.FishForMessageAsync<MembershipActor.Knock>(knock => knock.KnowsYou);
        Tell(new MembershipActor.KnockAnswer(asked.Question, Samples.AddressOf(from), Old, knowsYou));
        Assert.Null(await ClusterAsync());
    }

    [Fact]
    public async Task A_cluster_that_nobody_knows_any_more_gets_a_new_identity()
    {
        await StartAsync();
        See(Lab1);
        See(Lab2);
        await SettleAsync(Membership);
        await PassAsync(4);
        Assert.Null(await ClusterAsync());
        await PassAsync(1);
        Assert.NotNull(await ClusterAsync());
    }

    [Fact]
    public async Task The_rest_of_the_cluster_that_was_left_for_an_older_one_is_not_joined()
    {
        await StartAsync(aim: new ClusterAim(Lab3, Old));
        AnswerFrom(Lab1, Younger);
        await SettleAsync(Membership);
        ExpectNothing(Asked);
        AnswerFrom(Lab3, Old);
        await Asked.ExpectMsgAsync(new Join(Lab3));
    }

    [Fact]
    public async Task A_cluster_that_is_older_than_the_one_aimed_at_is_joined()
    {
        await StartAsync(aim: new ClusterAim(Lab3, Old));
        AnswerFrom(Lab1, Older);
        await Asked.ExpectMsgAsync(new Join(Lab1));
    }

    [Fact]
    public async Task When_the_cluster_aimed_at_is_gone_any_other_will_do_and_after_that_none()
    {
        await StartAsync(aim: new ClusterAim(Lab3, Old));
        await PassAsync(3);
        ExpectNothing(Asked);
        AnswerFrom(Lab1, Younger);
        await Asked.ExpectMsgAsync(new Join(Lab1));
        await PassAsync(3);
        await Asked.ExpectMsgAsync(new Join(Lab2));
    }

    [Fact]
    public async Task The_members_are_kept_and_knocked_at_by_the_next_one_without_seeds()
    {
        await StartAsync();
        await EnterAsync(Old, "akka.tcp://usbipcluster@10.0.0.9:7240");
        await AwaitAssertAsync(
            () => Assert.Equal(
                ["10.0.0.9:7240", "lab1:7240"],
                new KnownMembersFile(State).Read(problem => Assert.Fail(problem)).Select(member => member.ToString()).Order(StringComparer.Ordinal)),
            TimeSpan.FromSeconds(10),
            TimeSpan.FromMilliseconds(5));
        Sys.Stop(Membership);
        await StartAsync(seed: null);
        ExpectNothing(Asked);
        await Others.ExpectMsgAsync<MembershipActor.Knock>();
        await Others.ExpectMsgAsync<MembershipActor.Knock>();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{ "members": null }""")]
    [InlineData("""{ "members": ["a b"] }""")]
    [InlineData("""{ "members": [1] }""")]
    public void A_file_of_members_that_can_not_be_used_is_set_aside(string text)
    {
        File.WriteAllText(State.PathOf("members.json"), text);
        var problems = new List<string>();
        Assert.Empty(Known.Read(problems.Add));
        Assert.Contains("members.json.broken", Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(State.PathOf("members.json.broken")));
    }

    [Fact]
    public async Task No_more_than_64_members_are_kept()
    {
        ImmutableArray<NetworkAddress> many =
            [.. Enumerable.Range(1, 70).Select(number => new NetworkAddress($"10.0.0.{number}", 7240))];
        await Known.WriteAsync(many);
        Assert.Equal(many.Take(64), Known.Read(_ => { }));

        var doors = new Doors(Lab2, [], Known.Read(_ => { }));
        Assert.False(doors.Remember(["akka.tcp://usbipcluster@10.0.0.64:7240"]));
        Assert.True(doors.Remember(["akka.tcp://usbipcluster@10.0.0.65:7240", Lab2]));
        Assert.Equal(
            (64, "10.0.0.65:7240", "10.0.0.63:7240"), (doors.Known.Length, doors.Known[0].ToString(), doors.Known[^1].ToString()));
    }

    [Fact]
    public void Of_many_doors_some_are_knocked_at_in_one_go_and_all_of_them_in_time()
    {
        var doors = new Doors(Lab2, [], [.. Enumerable.Range(1, 40).Select(number => new NetworkAddress($"10.0.0.{number}", 7240))]);
        var goes = Enumerable.Range(0, 10).Select(_ => doors.Next(_ => false)).ToArray();
        Assert.All(goes, go => Assert.Equal(Doors.MaxAtOnce, go.Length));
        Assert.Equal(40, goes.SelectMany(go => go).Distinct().Count());
    }
}
