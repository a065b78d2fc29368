using System.Linq.Expressions;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Actor.Internal;
using Xunit;

namespace Akka.TestKit;

/// <summary>A system under test, and an actor whose messages the test reads.</summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);
    private static int s_testActors;

    private readonly Channel<Envelope> _queue = Channel.CreateUnbounded<Envelope>();
    private readonly LocalActorRef _testActor;
    private Envelope? _last;

    private protected TestKitBase(ActorSystem system, string? testActorName)
    {
        Sys = system;
        var props = Props.Create<TestActor>(_queue.Writer).OnThreadOfCaller();
        _testActor = (LocalActorRef)((ExtendedActorSystem)system).SystemActorOf(
            props, testActorName ?? "testActor" + Interlocked.Increment(ref s_testActors).ToString("x"));
        if (this is TestProbe)
            return;
        ActorCell.Current = this is INoImplicitSender ? null : _testActor.Cell;
        SynchronizationContext.SetSynchronizationContext(new ActorCellKeepingSynchronizationContext(ActorCell.Current));
    }

    /// <summary>The system under test.</summary>
    public ActorSystem Sys { get; }

    /// <summary>The actor whose messages the test reads.</summary>
    public IActorRef TestActor => _testActor;

    /// <summary>The sender of the message that was read last.</summary>
    public IActorRef LastSender => _last?.Sender ?? Sys.DeadLetters;

    /// <summary>The message that was read last.</summary>
    public object? LastMessage => _last?.Message;

    /// <summary>Whether messages wait to be read.</summary>
    public bool HasMessages => _queue.Reader.Count > 0;

    /// <summary>How long is waited for a message: three seconds.</summary>
    public TimeSpan RemainingOrDefault => DefaultTimeout;

    /// <inheritdoc/>
    public IActorRef ActorOf(Props props, string? name = null) => Sys.ActorOf(props, name);

    /// <summary>Creates an actor with its parameterless constructor.</summary>
    public IActorRef ActorOf<TActor>(string? name = null)
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), name);

    /// <summary>Creates an actor with <c>() => new X(a, b)</c>.</summary>
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string? name = null)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    /// <summary>Another actor whose messages the test reads.</summary>
    public TestProbe CreateTestProbe(string? name = null) => CreateTestProbe(Sys, name);

    /// <summary>An actor of another system whose messages the test reads.</summary>
    public TestProbe CreateTestProbe(ActorSystem system, string? name = null) => new(system, name);

    /// <summary>Makes the test actor watch an actor; it does when this returns.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        Assert.True(TestActor.Ask<TestActor.WatchRequest>(new TestActor.WatchRequest(actorToWatch)).Wait(RemainingOrDefault));
        return actorToWatch;
    }

    /// <summary>Makes the test actor watch an actor.</summary>
    public async Task<IActorRef> WatchAsync(IActorRef actorToWatch)
    {
        await TestActor.Ask<TestActor.WatchRequest>(new TestActor.WatchRequest(actorToWatch), RemainingOrDefault).ConfigureAwait(false);
        return actorToWatch;
    }

    /// <summary>Makes the test actor watch an actor no more.</summary>
    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        Assert.True(TestActor.Ask<TestActor.UnwatchRequest>(new TestActor.UnwatchRequest(actorToUnwatch)).Wait(RemainingOrDefault));
        return actorToUnwatch;
    }

    /// <summary>Ends the system and awaits its end, five seconds at most.</summary>
    /// <exception cref="TimeoutException">It did not end in time and <paramref name="verifySystemShutdown"/> is set.</exception>
    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        if (!Sys.Terminate().Wait(duration ?? ShutdownTimeout) && verifySystemShutdown)
            throw new TimeoutException($"Failed to stop [{Sys.Name}] within [{duration ?? ShutdownTimeout}].");
    }
}
