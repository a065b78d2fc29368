using Akka.Actor;

namespace Akka.Contract.Local;

/// <summary>Answers what it gets.</summary>
internal sealed class Echo : ReceiveActor
{
    public Echo() => ReceiveAny(message => Sender.Tell(message));
}

/// <summary>Tells somebody what its hooks are called with, and does what the messages say.</summary>
internal sealed class Hooked : ReceiveActor
{
    private readonly IActorRef _reports;

    public Hooked(IActorRef reports)
    {
        _reports = reports;
        _reports.Tell("new");
        Receive<Fail>(fail => throw fail.With);
        Receive<string>(text => Sender.Tell(text));
    }

    protected override void PreStart() => _reports.Tell("PreStart");

    protected override void PostStop() => _reports.Tell("PostStop");

    protected override void PreRestart(Exception reason, object message)
    {
        _reports.Tell($"PreRestart {reason.Message} {message?.GetType().Name ?? "nothing"}");
        base.PreRestart(reason, message!);
    }

    protected override void PostRestart(Exception reason)
    {
        _reports.Tell($"PostRestart {reason.Message}");
        base.PostRestart(reason);
    }
}

/// <summary>Makes an actor throw.</summary>
internal sealed record Fail(Exception With)
{
    public static Fail Because(string reason) => new(new InvalidOperationException(reason));
}

/// <summary>Has children as it is asked to, under the strategy that it is given; what goes wrong with itself is up to its own parent.</summary>
internal sealed class Supervisor : ReceiveActor
{
    private readonly SupervisorStrategy _strategy;

    public Supervisor(SupervisorStrategy strategy)
    {
        _strategy = strategy;
        Receive<(Props Props, string Name)>(child => Sender.Tell(Context.ActorOf(child.Props, child.Name)));
        Receive<Fail>(fail => throw fail.With);
        Receive<IActorRef>(child => Context.Stop(child));
        ReceiveAny(message => Sender.Tell(message));
    }

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;
}
