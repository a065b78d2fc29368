using Akka.Actor;
using Akka.TestKit;

namespace UsbIpCluster.Node.Tests;

/// <summary>The one who asks. Each member's examiner is a probe.</summary>
public sealed class DoctorActorTests : VirtualTimeSpec
{
    private static readonly string Lab1 = Samples.AddressOf("lab1");
    private static readonly string Lab2 = Samples.AddressOf("lab2");
    private static readonly string Lab3 = Samples.AddressOf("lab3");

    private readonly Dictionary<string, TestProbe> _examiners;
    private readonly TestProbe _asker;
    private readonly IActorRef _doctor;

    public DoctorActorTests()
    {
        _examiners = new[] { Lab1, Lab2, Lab3 }.ToDictionary(address => address, _ => CreateTestProbe());
        _asker = CreateTestProbe();
        var sources = CreateTestProbe().Ref;
        Func<string, ICanTell> at = address => _examiners[address].Ref;
        _doctor = Sys.ActorOf(Props.Create(() => new DoctorActor(sources, sources, at)));
        _doctor.Tell(new MembershipView(Lab1, MembershipView.Empty.Members
            .Add(Lab1, new MemberState("up", true)).Add(Lab2, new MemberState("up", true)).Add(Lab3, new MemberState("up", true))));
        Know(NodeSerializer.Minor);
    }

    [Fact]
    public void Every_member_is_asked_and_what_each_tells_is_told_on()
    {
        Ask();
        foreach (var address in _examiners.Keys)
            Tell(address, Begin(address));
        var told = Result();
        Assert.All(_examiners.Keys, address =>
            Assert.Equal("lab9:7240", Assert.Single(Assert.IsType<NodeExamination.Told>(told.Results[address]).Probes).Endpoint.ToString()));
        Assert.Null(((NodeExamination.Told)told.Results[Lab1]).Clock);
    }

    [Fact]
    public void A_clock_is_compared_with_half_of_the_way_as_uncertainty()
    {
        Ask();
        Tell(Lab1, Begin(Lab1));
        var question = _examiners[Lab2].ExpectMsg<Examine>().Question;

        // The way is measured by a clock that is never set, and that no test moves; it may count no finer than milliseconds.
        var asked = Sys.Scheduler.MonotonicClock;
        AwaitCondition(() => Sys.Scheduler.MonotonicClock - asked >= TimeSpan.FromMilliseconds(1));
        _examiners[Lab2].Send(_doctor, new ExaminationBegun(question, VirtualNow + Seconds(60), Busy: false));
        Tell(Lab2, question);
        Tell(Lab3, Begin(Lab3));

        var clock = ((NodeExamination.Told)Result().Results[Lab2]).Clock!.Value;
        Assert.Equal(Seconds(60), clock.Ahead + clock.Uncertainty);
        Assert.InRange(clock.Uncertainty, TimeSpan.FromTicks(1), Seconds(10));
    }

    [Fact]
    public async Task Who_does_not_answer_at_all_is_silent_after_a_while_and_the_others_count()
    {
        Ask();
        Tell(Lab1, Begin(Lab1));
        Tell(Lab3, Begin(Lab3));
        await PassAsync(3);
        ExpectNothing(_asker);
        await PassAsync(1);
        var told = Result();
        Assert.Equal(new NodeExamination.Silent(Seconds(4)), told.Results[Lab2]);
        Assert.IsType<NodeExamination.Told>(told.Results[Lab3]);
    }

    [Fact]
    public async Task Who_has_begun_and_does_not_end_is_unfinished_when_the_time_is_over()
    {
        Ask(within: 6);
        Tell(Lab1, Begin(Lab1));
        Begin(Lab2);
        Tell(Lab3, Begin(Lab3));
        await PassAsync(5);
        ExpectNothing(_asker);
        await PassAsync(1);
        Assert.IsType<NodeExamination.Unfinished>(Result().Results[Lab2]);
    }

    [Fact]
    public async Task Who_is_busy_is_asked_again_until_it_is_not()
    {
        Ask();
        Tell(Lab1, Begin(Lab1));
        Tell(Lab3, Begin(Lab3));
        var question = Begin(Lab2, busy: true);
        await SettleAsync(_doctor);
        Advance(DoctorActor.AskAgainAfter);
        Assert.Equal(question, Begin(Lab2));
        Tell(Lab2, question);
        Assert.IsType<NodeExamination.Told>(Result().Results[Lab2]);
    }

    [Fact]
    public async Task Who_is_busy_all_the_time_is_told_as_such()
    {
        Ask(within: 5);
        Tell(Lab1, Begin(Lab1));
        Tell(Lab3, Begin(Lab3));
        Begin(Lab2, busy: true);
        await PassAsync(5);
        Assert.IsType<NodeExamination.Busy>(Result().Results[Lab2]);
    }

    [Fact]
    public void Nodes_that_do_not_know_the_message_do_not_get_it()
    {
        Know(NodeSerializer.Examinations - 1);
        Ask();
        Tell(Lab1, Begin(Lab1));
        var told = Result();
        Assert.Equal(new NodeExamination.Older("1.0"), told.Results[Lab2]);
        Assert.Equal(new NodeExamination.Older("1.0"), told.Results[Lab3]);
        ExpectNothing(_examiners[Lab2]);
    }

    [Fact]
    public void Who_asks_meanwhile_gets_the_same_answer_and_no_examination_of_its_own()
    {
        Ask();
        var other = CreateTestProbe();
        other.Send(_doctor, new DoctorActor.ExamineAll(Seconds(10)));
        foreach (var address in _examiners.Keys)
            Tell(address, Begin(address));
        Assert.Same(Result(), other.ExpectMsg<ClusterExamination>());
        Assert.All(_examiners.Values, ExpectNothing);
    }

    [Fact]
    public async Task Who_has_less_time_than_the_examination_is_told_in_its_time_what_is_known_by_then()
    {
        Ask(within: 10);
        Tell(Lab1, Begin(Lab1));
        Begin(Lab2);
        await PassAsync(1);
        var hasty = CreateTestProbe();
        hasty.Send(_doctor, new DoctorActor.ExamineAll(Seconds(2)));
        await PassAsync(1);
        ExpectNothing(hasty);
        await PassAsync(1);
        var early = hasty.ExpectMsg<ClusterExamination>().Results;
        Assert.IsType<NodeExamination.Told>(early[Lab1]);
        Assert.IsType<NodeExamination.Unfinished>(early[Lab2]);
        Assert.IsType<NodeExamination.Silent>(early[Lab3]);

        // The other one gets what it would have got alone.
        ExpectNothing(_asker);
        await PassAsync(7);
        Assert.Equal(new NodeExamination.Silent(Seconds(4)), Result().Results[Lab3]);
        ExpectNothing(hasty);
    }

    [Fact]
    public async Task Who_has_much_more_time_than_the_examination_waits_for_one_that_gives_the_members_as_much()
    {
        Ask(within: 1);
        var patient = CreateTestProbe();
        patient.Send(_doctor, new DoctorActor.ExamineAll(Seconds(10)));
        foreach (var address in _examiners.Keys)
            _examiners[address].ExpectMsg<Examine>();
        await PassAsync(1);
        Assert.IsType<NodeExamination.Silent>(Result().Results[Lab2]);
        ExpectNothing(patient);

        var questions = _examiners.Keys.ToDictionary(address => address, address =>
        {
            var examine = _examiners[address].ExpectMsg<Examine>();
            Assert.InRange(examine.Within, Seconds(4), Seconds(10));
            _examiners[address].Send(_doctor, new ExaminationBegun(examine.Question, VirtualNow, Busy: false));
            return examine.Question;
        });
        await PassAsync(3);
        foreach (var (address, question) in questions)
            Tell(address, question);
        Assert.All(patient.ExpectMsg<ClusterExamination>().Results.Values, result => Assert.IsType<NodeExamination.Told>(result));
        ExpectNothing(_asker);
    }

    [Fact]
    public async Task Of_those_who_wait_each_is_told_in_its_own_time()
    {
        Ask(within: 1);
        var (one, other) = (CreateTestProbe(), CreateTestProbe());
        one.Send(_doctor, new DoctorActor.ExamineAll(Seconds(4)));
        other.Send(_doctor, new DoctorActor.ExamineAll(Seconds(9)));
        foreach (var address in _examiners.Keys)
            Begin(address);
        await PassAsync(1);
        Result();
        foreach (var address in _examiners.Keys)
            Begin(address);
        await PassAsync(4);
        Assert.IsType<NodeExamination.Unfinished>(one.ExpectMsg<ClusterExamination>().Results[Lab2]);
        ExpectNothing(other);
        await PassAsync(5);
        Assert.IsType<NodeExamination.Unfinished>(other.ExpectMsg<ClusterExamination>().Results[Lab2]);
        Assert.All(_examiners.Values, ExpectNothing);
    }

    [Fact]
    public async Task An_answer_that_nobody_asked_for_or_that_comes_twice_or_late_changes_nothing()
    {
        Ask();
        var question = Begin(Lab1);
        Tell(Lab2, Guid.NewGuid());
        Tell(Lab1, question);
        Tell(Lab1, question);
        Tell(Lab3, Begin(Lab3));
        await PassAsync(4);
        Assert.IsType<NodeExamination.Silent>(Result().Results[Lab2]);
        Tell(Lab1, question);
        await PassAsync(10);
        ExpectNothing(_asker);

        Ask();
        Assert.NotEqual(question, _examiners[Lab1].ExpectMsg<Examine>().Question);
    }

    private void Know(int wire) => _doctor.Tell(new InventoryActor.Changed(
        Samples.View("lab1", [.. new[] { "lab1", "lab2", "lab3" }.Select(name => Samples.Node(name) with { Wire = wire })]), null));

    private void Ask(double within = 10) => _asker.Send(_doctor, new DoctorActor.ExamineAll(Seconds(within)));

    private ClusterExamination Result() => _asker.ExpectMsg<ClusterExamination>();

    private Guid Begin(string address, bool busy = false)
    {
        var question = _examiners[address].ExpectMsg<Examine>().Question;
        _examiners[address].Send(_doctor, new ExaminationBegun(question, VirtualNow, busy));
        return question;
    }

    private void Tell(string address, Guid question) => _examiners[address].Send(
        _doctor, new ExaminationDone(question, [new Probe(address, Door.Cluster, new NetworkAddress("lab9", 7240), null)]));

    private async Task PassAsync(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            await SettleAsync(_doctor);
            Advance(Seconds(1));
        }

        await SettleAsync(_doctor);
    }
}
