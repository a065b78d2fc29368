using Akka.Actor;

namespace Akka.Contract.Local;

/// <summary>Paths, selections, the event stream.</summary>
public sealed class SystemTests : TestKit.Xunit2.TestKit
{
    [Theory]
    [InlineData("akka://usbip", null, null)]
    [InlineData("akka.tcp://usbip@lab1:7240", "lab1", 7240)]
    [InlineData("akka.tcp://usbip@192.0.2.7:7240", "192.0.2.7", 7240)]
    public void An_address_is_read_as_it_is_written(string text, string? host, int? port)
    {
        var address = Address.Parse(text);
        Assert.Equal(("usbip", host, port), (address.System, address.Host, address.Port));
        Assert.Equal(text, address.ToString());
        Assert.Equal(new Address(address.Protocol, "usbip", host, port), address);
    }

    [Fact]
    public void A_path_has_an_address_and_names()
    {
        var path = new RootActorPath(Address.Parse("akka.tcp://usbip@lab1:7240")) / "user" / "node" / "1-1.4";
        Assert.Equal("akka.tcp://usbip@lab1:7240/user/node/1-1.4", path.ToString());
        Assert.Equal("1-1.4", path.Name);
        Assert.Equal(path, ActorPath.Parse(path.ToString()));
        Assert.Equal(path.Parent, ActorPath.Parse("akka.tcp://usbip@lab1:7240/user/node"));
    }

    [Fact]
    public void An_actor_knows_its_path()
    {
        var echo = ActorOf<Echo>("echo");
        Assert.Equal($"akka://{Sys.Name}/user/echo", echo.Path.ToString());
        Assert.NotEqual(0, echo.Path.Uid);
    }

    [Theory]
    [InlineData("/user/echo")]
    [InlineData("akka://test/user/echo")]
    public void A_selection_finds_the_actor_at_its_path(string path)
    {
        ActorOf<Echo>("echo");
        Sys.ActorSelection(path).Tell("hello");
        ExpectMsg("hello");
    }

    [Fact]
    public void A_relative_selection_begins_at_the_actor()
    {
        ActorOf<Echo>("echo");
        ActorOf<Selecting>().Tell("../echo");
        ExpectMsg("selected");
    }

    [Fact]
    public void A_selection_that_finds_nobody_drops_the_message()
    {
        Sys.ActorSelection("/user/nobody").Tell("hello");
        ActorOf<Echo>().Tell("after");
        ExpectMsg("after");
    }

    [Fact]
    public void An_event_is_sent_to_those_who_subscribed_to_its_type_or_a_base_of_it()
    {
        var (exact, all) = (CreateTestProbe(), CreateTestProbe());
        Assert.True(Sys.EventStream.Subscribe(exact.Ref, typeof(Derived)));
        Assert.True(Sys.EventStream.Subscribe(all.Ref, typeof(Base)));
        Sys.EventStream.Publish(new Base());
        Sys.EventStream.Publish(new Derived());
        all.ExpectMsg<Base>();
        all.ExpectMsg<Derived>();
        exact.ExpectMsg<Derived>();
        Assert.True(Sys.EventStream.Unsubscribe(exact.Ref, typeof(Derived)));
        Sys.EventStream.Publish(new Derived());
        all.ExpectMsg<Derived>();
        exact.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Props_take_the_arguments_of_the_constructor()
    {
        var reports = TestActor;
        Sys.ActorOf(Props.Create<Reporting>(reports, "by type"));
        ExpectMsg("by type");
        Sys.ActorOf(Props.Create(() => new Reporting(reports, "by " + "expression")));
        ExpectMsg("by expression");
    }

    [Fact]
    public void An_actor_cannot_be_made_without_props() =>
        Assert.Throws<ActorInitializationException>(() =>
        {
            var made = Task.Factory.StartNew(() => new Echo(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            made.GetAwaiter().GetResult();
        });

    private class Base;

    private sealed class Derived : Base;

    private sealed class Selecting : ReceiveActor
    {
        public Selecting()
        {
            Receive<string>(path => path.StartsWith("..", StringComparison.Ordinal), path =>
            {
                var asker = Sender;
                Become(() => ReceiveAny(_ => asker.Tell("selected")));
                Context.ActorSelection(path).Tell("hello");
            });
        }
    }

    private sealed class Reporting : ReceiveActor
    {
        public Reporting(IActorRef reports, string text) => reports.Tell(text);
    }
}
