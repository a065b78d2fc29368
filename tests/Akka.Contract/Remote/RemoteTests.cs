using Akka.Actor;

namespace Akka.Contract.Remote;

public sealed class RemoteTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private readonly ActorSystem _here = Systems.Create();
    private readonly ActorSystem _there = Systems.Create();

    [Fact]
    public async Task A_selection_of_another_system_can_be_asked()
    {
        _there.ActorOf<Parrot>("parrot");
        Assert.Equal(new Said("hello"), await Systems.Select(_here, _there, "parrot").Ask<Said>(new Say("hello"), Soon));
    }

    [Fact]
    public void An_answer_goes_to_the_sender_in_its_own_system()
    {
        var probe = CreateTestProbe(_here);
        var parrot = _there.ActorOf<Parrot>("parrot");
        Systems.Select(_here, _there, "parrot").Tell(new Say("hello"), probe.Ref);
        probe.ExpectMsg(new Said("hello"), Soon);
        Assert.Equal(new RootActorPath(Systems.AddressOf(_there)) / "user" / "parrot", probe.LastSender.Path);
        Assert.Equal(parrot.Path.Uid, probe.LastSender.Path.Uid);
    }

    [Fact]
    public void The_sender_of_a_message_can_be_spoken_to_later_on()
    {
        var (here, there) = (CreateTestProbe(_here), CreateTestProbe(_there));
        _there.ActorOf(Props.Create(() => new Relay(there.Ref)), "relay");
        Systems.Select(_here, _there, "relay").Tell(new Say("hello"), here.Ref);
        there.ExpectMsg<Say>(Soon);
        there.LastSender.Tell(new Say("later"), there.Ref);
        here.ExpectMsg(new Say("later"), Soon);
        Assert.Equal(Systems.AddressOf(_there), here.LastSender.Path.Address);
    }

    [Fact]
    public void Messages_to_one_system_arrive_in_their_order()
    {
        var probe = CreateTestProbe(_here);
        _there.ActorOf<Parrot>("parrot");
        var parrot = Systems.Select(_here, _there, "parrot");
        for (var i = 0; i < 500; i++)
            parrot.Tell(new Say(i.ToString()), probe.Ref);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => new Said(i.ToString())), probe.ReceiveN(500, Soon).Cast<Said>());
    }

    [Fact]
    public async Task A_selection_of_ones_own_address_is_local()
    {
        _here.ActorOf<Parrot>("parrot");
        Assert.Equal(new Said("hello"), await Systems.Select(_here, _here, "parrot").Ask<Said>(new Say("hello"), Soon));
    }

    [Fact]
    public async Task A_message_to_nobody_in_another_system_disturbs_nothing()
    {
        _there.ActorOf<Parrot>("parrot");
        await Assert.ThrowsAsync<AskTimeoutException>(
            () => Systems.Select(_here, _there, "nobody").Ask<Said>(new Say("hello"), TimeSpan.FromMilliseconds(300)));
        Assert.Equal(new Said("hello"), await Systems.Select(_here, _there, "parrot").Ask<Said>(new Say("hello"), Soon));
    }

    [Fact]
    public async Task A_system_that_is_not_there_answers_nothing()
    {
        var address = Systems.AddressOf(_there);
        await _there.Terminate().WaitAsync(Soon);
        await Assert.ThrowsAsync<AskTimeoutException>(() => _here.ActorSelection(new RootActorPath(address) / "user" / "parrot")
            .Ask<Said>(new Say("hello"), TimeSpan.FromMilliseconds(300)));
    }

    [Fact]
    public async Task A_system_that_has_come_back_at_its_address_is_spoken_to_again()
    {
        var address = Systems.AddressOf(_there);
        _there.ActorOf<Parrot>("parrot");
        var parrot = Systems.Select(_here, _there, "parrot");
        await parrot.Ask<Said>(new Say("hello"), Soon);
        await _there.Terminate().WaitAsync(Soon);
        using var again = Systems.Create(address.Port!.Value);
        again.ActorOf<Parrot>("parrot");
        await AwaitAssertAsync(() => parrot.Ask<Said>(new Say("again"), TimeSpan.FromMilliseconds(300)), TimeSpan.FromSeconds(10));
        await again.Terminate().WaitAsync(Soon);
    }

    protected override void AfterAll()
    {
        Task.WaitAll([_here.Terminate(), _there.Terminate()], Soon);
        base.AfterAll();
    }

    private sealed class Relay : ReceiveActor
    {
        public Relay(IActorRef to) => ReceiveAny(message => to.Forward(message));
    }
}
