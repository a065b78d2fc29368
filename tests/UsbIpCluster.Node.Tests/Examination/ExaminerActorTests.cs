using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;

namespace UsbIpCluster.Node.Tests;

public sealed class ExaminerActorTests : VirtualTimeSpec
{
    private static readonly NetworkAddress UsbIp = new("10.0.0.2", 3240);

    private readonly TestProbe _sources;
    private readonly TestProbe _asker;
    private readonly IActorRef _examiner;
    private readonly List<(ImmutableArray<Probe> Plan, TimeSpan Within, TaskCompletionSource<ImmutableArray<Probe>> Done)> _runs = [];

    public ExaminerActorTests()
    {
        _sources = CreateTestProbe();
        _asker = CreateTestProbe();
        var sources = _sources.Ref;
        Func<ImmutableArray<Probe>, TimeSpan, Task<ImmutableArray<Probe>>> probe = (plan, within) =>
        {
            var done = new TaskCompletionSource<ImmutableArray<Probe>>();
            _runs.Add((plan, within, done));
            return done.Task;
        };
        _examiner = Sys.ActorOf(Props.Create(() => new ExaminerActor(sources, sources, probe)));
    }

    [Fact]
    public async Task It_tries_both_ports_of_every_other_member_and_nothing_else()
    {
        await KnowAsync(Samples.Node("lab2") with { Endpoints = [UsbIp] }, Samples.Node("lab3"), Samples.Node("stranger") with { Endpoints = [UsbIp] });
        var (plan, done) = await BeginAsync(Guid.NewGuid(), Seconds(3));
        Assert.Equal(
            [
                (Samples.AddressOf("lab2"), Door.Cluster, "lab2:7240"), (Samples.AddressOf("lab2"), Door.UsbIp, "10.0.0.2:3240"),
                (Samples.AddressOf("lab3"), Door.Cluster, "lab3:7240"),
            ],
            plan.Select(probe => (probe.Target, probe.Door, probe.Endpoint.ToString())));
        done.SetResult(plan);
        Assert.Equal(plan.ToArray(), _asker.ExpectMsg<ExaminationDone>().Probes.ToArray());
    }

    [Fact]
    public async Task Of_a_node_that_advertises_many_endpoints_the_first_ones_are_tried()
    {
        await KnowAsync(Samples.Node("lab2") with { Endpoints = [.. Enumerable.Range(1, 40).Select(port => new NetworkAddress("10.0.0.2", port))] });
        var (plan, _) = await BeginAsync(Guid.NewGuid(), Seconds(3));
        Assert.Equal([1, 2, 3, 4], plan.Where(probe => probe.Door == Door.UsbIp).Select(probe => probe.Endpoint.Port));
    }

    [Fact]
    public async Task A_second_examination_is_refused_until_the_first_is_done()
    {
        await KnowAsync();
        var first = Guid.NewGuid();
        var (plan, done) = await BeginAsync(first, Seconds(3));
        var other = CreateTestProbe();
        other.Send(_examiner, new Examine(Guid.NewGuid(), Seconds(3)));
        Assert.True(other.ExpectMsg<ExaminationBegun>().Busy);
        Assert.Single(_runs);

        done.SetResult(plan);
        Assert.Equal(first, _asker.ExpectMsg<ExaminationDone>().Question);
        await SettleAsync(_examiner);
        other.Send(_examiner, new Examine(Guid.NewGuid(), Seconds(3)));
        Assert.False(other.ExpectMsg<ExaminationBegun>().Busy);
        ExpectNothing(_asker);
    }

    [Theory]
    [InlineData(-5, 0.2)]
    [InlineData(0, 0.2)]
    [InlineData(3, 3)]
    [InlineData(3600, 7)]
    public async Task It_takes_no_longer_than_it_allows_whatever_is_asked_for(double asked, double granted)
    {
        await KnowAsync();
        await BeginAsync(Guid.NewGuid(), Seconds(asked));
        Assert.Equal(Seconds(granted), _runs[0].Within);
    }

    [Fact]
    public async Task The_answer_has_the_time_here()
    {
        await KnowAsync();
        _asker.Send(_examiner, new Examine(Guid.NewGuid(), Seconds(3)));
        Assert.Equal(VirtualNow, _asker.ExpectMsg<ExaminationBegun>().Time);
    }

    [Fact]
    public async Task Attempts_that_can_not_be_made_are_told_as_such()
    {
        await KnowAsync(Samples.Node("lab2"));
        var (_, done) = await BeginAsync(Guid.NewGuid(), Seconds(3));
        done.SetException(new InvalidOperationException("secret"));
        Assert.Equal(["InvalidOperationException", "InvalidOperationException"], _asker.ExpectMsg<ExaminationDone>().Probes.Select(probe => probe.Failure));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("lab2", true)]
    [InlineData("stranger", false)]
    public void Only_members_are_answered(string? who, bool answered) =>
        Assert.Equal(answered, ExaminerActor.Answers(who is null ? null : Samples.AddressOf(who), Members));

    private static MembershipView Members { get; } = new(Samples.AddressOf("lab1"), MembershipView.Empty.Members
        .Add(Samples.AddressOf("lab1"), new MemberState("up", true))
        .Add(Samples.AddressOf("lab2"), new MemberState("up", true))
        .Add(Samples.AddressOf("lab3"), new MemberState("up", false)));

    private async Task KnowAsync(params NodeEntry[] others)
    {
        _examiner.Tell(Members);
        _examiner.Tell(new InventoryActor.Changed(Samples.View("lab1", [Samples.Node("lab1"), .. others]), null));
        await SettleAsync(_examiner);
    }

    private async Task<(ImmutableArray<Probe> Plan, TaskCompletionSource<ImmutableArray<Probe>> Done)> BeginAsync(Guid question, TimeSpan within)
    {
        _asker.Send(_examiner, new Examine(question, within));
        var begun = _asker.ExpectMsg<ExaminationBegun>();
        Assert.Equal((question, false), (begun.Question, begun.Busy));
        await SettleAsync(_examiner);
        return (_runs[^1].Plan, _runs[^1].Done);
    }
}
