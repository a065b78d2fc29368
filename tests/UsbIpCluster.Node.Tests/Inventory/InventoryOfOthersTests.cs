using Akka.Actor;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>Every node's devices in.</summary>
public sealed class InventoryOfOthersTests : InventoryActorSpec
{
    [Fact]
    public async Task What_a_node_says_of_itself_is_learnt()
    {
        await MeetAsync();
        Learn(Of(1, 1, Samples.Entry("1-1")));
        var changed = await Changes.ExpectMsgAsync<InventoryActor.Changed>();
        Assert.Equal("lab2/1-1", Assert.Single(changed.View.Devices).FullName);
        Assert.True(changed.View.Nodes[Samples.Lab2].Reachable);
        Assert.False(changed.Previous!.Nodes.ContainsKey(Samples.Lab2));
    }

    [Theory]
    [InlineData(2, 3, "the same")]
    [InlineData(2, 2, "an older version")]
    [InlineData(1, 9, "an older incarnation")]
    public async Task What_is_not_newerChanges_nothing(long incarnation, long version, string what)
    {
        await MeetAsync();
        Learn(Of(2, 3, Samples.Entry("1-1")));
        await Changes.ExpectMsgAsync<InventoryActor.Changed>();
        Learn(Of(incarnation, version));
        Assert.True((await ViewAsync()).Devices.Any(), what);
        ExpectNothing(Changes);
    }

    [Fact]
    public async Task A_node_under_a_name_that_its_certificate_does_not_have_is_left_out()
    {
        await MeetAsync();
        Names.Learn(ClusterAddress.Place(OtherAddress), [NodeName.Parse("lab9")]);
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Assert.Empty((await ViewAsync()).Devices);
        Names.Learn(ClusterAddress.Place(OtherAddress), [NodeName.Parse("lab9"), NodeName.Parse("LAB2")]);
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Assert.Equal("lab2/1-1", Assert.Single((await ViewAsync()).Devices).FullName);
    }

    [Fact]
    public async Task A_node_whose_certificate_turns_out_to_be_for_another_name_is_dropped()
    {
        await MeetAsync();
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Assert.Single((await ViewAsync()).Devices);
        Names.Learn(ClusterAddress.Place(OtherAddress), [NodeName.Parse("lab9")]);
        Advance(InventoryActor.DigestInterval);
        Assert.DoesNotContain(Samples.Lab2, (await ViewAsync()).Nodes.Keys);
    }

    [Fact]
    public async Task Versions_that_were_missed_are_skipped()
    {
        await MeetAsync();
        Learn(Of(2, 3, Samples.Entry("1-1")));
        Learn(Of(2, 7));
        Assert.Equal(7, (await ViewAsync()).Nodes[Samples.Lab2].Entry.Version);
    }

    [Fact]
    public async Task A_restarted_node_starts_its_versions_again()
    {
        await MeetAsync();
        Learn(Of(2, 30, Samples.Entry("1-1")));
        Learn(Of(3, 0));
        Assert.Empty((await ViewAsync()).Devices);
    }

    [Fact]
    public async Task Nobody_else_writes_the_entry_of_this_node()
    {
        await MeetAsync();
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Learn(Samples.Node("LAB1") with { Incarnation = 99, Address = OtherAddress });
        Learn(Samples.Node("lab1") with { Incarnation = 99 });
        Assert.Equal("lab1/1-1", Assert.Single((await ViewAsync()).Devices).FullName);
    }

    [Fact]
    public async Task A_name_belongs_to_the_node_that_has_it_as_long_as_that_can_be_reached()
    {
        Tell(Members((OtherAddress, true), (Gone, true)));
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Learn(Of(9, 9) with { Address = Gone });
        Assert.Equal(OtherAddress, (await ViewAsync()).Nodes[Samples.Lab2].Entry.Address);
    }

    [Fact]
    public async Task A_node_that_comes_back_under_another_address_keeps_its_name()
    {
        Tell(Members((OtherAddress, true), (Gone, false)));
        Learn(Of(1, 1) with { Address = Gone });
        Learn(Of(2, 0));
        var node = (await ViewAsync()).Nodes[Samples.Lab2];
        Assert.Equal((OtherAddress, true), (node.Entry.Address, node.Reachable));
    }

    [Fact]
    public async Task A_node_that_comes_back_under_another_name_leaves_nothing_under_the_old_one()
    {
        await MeetAsync();
        Learn(Of(1, 5, Samples.Entry("1-1")));
        Learn(Of(2, 0, Samples.Entry("1-1")) with { Node = NodeName.Parse("renamed") });
        Assert.Equal(["lab1", "renamed"], (await ViewAsync()).Nodes.Keys.Select(name => name.Value));
        Learn(Of(1, 6, Samples.Entry("1-1")));
        Assert.Equal(["lab1", "renamed"], (await ViewAsync()).Nodes.Keys.Select(name => name.Value));
    }

    [Fact]
    public async Task Nobody_else_has_the_address_of_this_node()
    {
        Learn(Samples.Node("lab2") with { Address = Samples.AddressOf("lab1") });
        Assert.Equal([Samples.Lab1], (await ViewAsync()).Nodes.Keys);
    }

    [Fact]
    public async Task A_digest_that_tells_of_something_newer_is_answered_with_one_question()
    {
        await MeetAsync();
        Learn(Of(1, 1));
        Digest(Line(Samples.Lab2, 1, 2), Line(NodeName.Parse("lab3"), 1, 1), Line(NodeName.Parse("lab4"), 1, 1));
        await Other.ExpectMsgAsync<InventoryActor.Pull>();
        ExpectNothing(Other);
    }

    [Fact]
    public async Task A_digest_of_a_node_that_is_not_known_is_answered_with_a_question()
    {
        Digest(Line(Samples.Lab2, 1, 1));
        await Other.ExpectMsgAsync<InventoryActor.Pull>();
    }

    [Fact]
    public async Task A_digest_of_what_is_known_is_not_answered()
    {
        await MeetAsync();
        Learn(Of(2, 2));
        Digest(Line(Samples.Lab2, 2, 2));
        Digest(Line(Samples.Lab2, 2, 1), Line(Samples.Lab2, 1, 9));
        Digest(Line(Samples.Lab1, 9, 9));
        Digest();
        await SettleAsync(Inventory);
        ExpectNothing(Other);
    }

    [Fact]
    public async Task A_question_is_answered_with_the_entry_of_this_node()
    {
        Tell(new InventoryActor.LocalDevice(Samples.Entry("1-1")));
        Other.Send(Inventory, new InventoryActor.Pull());
        Assert.Equal(1, (await Other.ExpectMsgAsync<InventoryActor.Announce>()).Entry.Version);
    }

    [Fact]
    public async Task A_digest_is_sent_every_five_seconds()
    {
        await MeetAsync();
        Tell(new InventoryActor.LocalAttachments(1));
        await Other.ExpectMsgAsync<InventoryActor.Announce>();
        for (var times = 0; times < 3; times++)
        {
            Advance(InventoryActor.DigestInterval);
            var digest = await Other.ExpectMsgAsync<InventoryActor.Digest>();
            Assert.Equal([Line(Samples.Lab1, 1, 1)], digest.Lines.ToArray());
            await SettleAsync(Inventory);
        }
    }

    [Fact]
    public async Task A_node_that_is_silent_keeps_its_devices_and_can_not_be_reached()
    {
        await MeetAsync();
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Tell(Members((OtherAddress, false)));
        Assert.False(Assert.Single((await ViewAsync()).Devices).Reachable);
        Tell(Members((OtherAddress, true)));
        Assert.True(Assert.Single((await ViewAsync()).Devices).Reachable);
    }

    [Fact]
    public async Task A_node_that_was_removed_is_forgotten_with_its_devices()
    {
        await MeetAsync();
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Tell(Members());
        Assert.Equal([Samples.Lab1], (await ViewAsync()).Nodes.Keys);
    }

    [Fact]
    public async Task What_arrives_late_from_a_node_that_was_removed_is_forgotten_again()
    {
        await MeetAsync();
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Tell(Members());
        Learn(Of(1, 2, Samples.Entry("1-1")));
        await SettleAsync(Inventory);
        Advance(InventoryActor.DigestInterval);
        Assert.Equal([Samples.Lab1], (await ViewAsync()).Nodes.Keys);
    }

    [Fact]
    public async Task A_node_that_speaks_before_it_is_a_member_can_be_reached_once_it_is()
    {
        Learn(Of(1, 1, Samples.Entry("1-1")));
        Assert.False((await ViewAsync()).Nodes[Samples.Lab2].Reachable);
        Tell(Members((OtherAddress, true)));
        Assert.True((await ViewAsync()).Nodes[Samples.Lab2].Reachable);
    }

    [Fact]
    public async Task A_change_of_the_members_thatChanges_no_entry_is_not_published()
    {
        await MeetAsync();
        Tell(Members((OtherAddress, true), (Gone, true)));
        await SettleAsync(Inventory);
        ExpectNothing(Changes);
    }

    [Fact]
    public async Task Members_are_also_learnt_from_what_is_published()
    {
        Sys.EventStream.Publish(new MembershipActor.Changed(Members((OtherAddress, true)), MembershipView.Empty));
        await Other.ExpectMsgAsync<InventoryActor.Announce>();
    }

    [Fact]
    public async Task A_thousand_nodes_are_known_and_no_more()
    {
        for (var number = 0; number < 1100; number++)
            Learn(Samples.Node($"node{number}"));
        Assert.Equal(1024, (await ViewAsync()).Nodes.Count);
    }
}
