using Akka.TestKit;

namespace Akka.Contract.Local;

/// <summary>Tests whose scheduler stands still until they move it.</summary>
public abstract class VirtualTime : TestKit.Xunit2.TestKit
{
    protected VirtualTime()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    protected TestScheduler Time => (TestScheduler)Sys.Scheduler;

    protected static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
