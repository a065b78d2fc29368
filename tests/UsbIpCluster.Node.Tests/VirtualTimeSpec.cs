using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// Tests whose scheduler stands still until they move it. A timer that an actor sets in reaction to a move starts from the new time, and a
/// move must not come before the timer is set: so <see cref="SettleAsync"/>, then move.
/// </summary>
public abstract class VirtualTimeSpec : TestKit
{
    protected VirtualTimeSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    protected DateTimeOffset VirtualNow => Time.Now;

    protected static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    protected void Advance(TimeSpan time) => Time.Advance(time);

    /// <summary>Completes when the actor has done with everything that it had been sent.</summary>
    protected Task SettleAsync(IActorRef actor) => Sys.SettleAsync(actor);

    /// <summary>The same for actors that answer each other, in the order in which they do.</summary>
    protected async Task SettleAsync(params IActorRef[] actors)
    {
        foreach (var actor in actors)
            await SettleAsync(actor);
    }

    /// <summary>Fails when the probe has got something, or gets it as long as it can still be on its way.</summary>
    protected static void ExpectNothing(TestProbe probe) => probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
}
