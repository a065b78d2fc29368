using Akka.Actor;
using Akka.Event;
using Akka.Subset;
using Xunit.Abstractions;

namespace Akka.TestKit.Xunit2;

/// <summary>The base of a test class: a system for each test, ended after it.</summary>
public class TestKit : TestKitBase, IDisposable
{
    /// <summary>The one configuration that is understood: virtual time, see <see cref="TestScheduler"/>.</summary>
    internal const string VirtualTime = "akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"";

    private bool _disposed;

    /// <summary>With a system of its own, or with the one given; what is logged goes to <paramref name="output"/>.</summary>
    public TestKit(ActorSystem? system = null, ITestOutputHelper? output = null)
        : base(system ?? NewSystem(null, output), null) => Output = output;

    /// <summary>With a system of its own and virtual time.</summary>
    /// <param name="config"><c>akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"</c></param>
    /// <param name="output">Takes what is logged.</param>
    /// <exception cref="ArgumentException">The configuration is another.</exception>
    public TestKit(string config, ITestOutputHelper? output = null)
        : base(NewSystem(Scheduler(config), output), null) => Output = output;

    /// <summary>Takes what is logged.</summary>
    protected ITestOutputHelper? Output { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Before the system ends.</summary>
    protected virtual void AfterAll()
    {
    }

    /// <summary>Ends the system.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (_disposed || !disposing)
            return;
        _disposed = true;
        AfterAll();
        Shutdown();
    }

    private static TestScheduler Scheduler(string config) =>
        config.Trim() == VirtualTime ? new TestScheduler() : throw new ArgumentException($"only this is understood: {VirtualTime}", nameof(config));

    private static ActorSystem NewSystem(TestScheduler? scheduler, ITestOutputHelper? output) => SubsetSystem.Create("test", new SubsetSettings
    {
        Scheduler = scheduler,
        LogLevel = LogLevel.DebugLevel,
        Log = output is null ? null : (level, source, message, cause) => Write(output, $"[{level}] [{source}] {message} {cause}"),
    });

    private static void Write(ITestOutputHelper output, string line)
    {
        try
        {
            output.WriteLine(line);
        }
        catch (InvalidOperationException)
        {
            // The test is over; its last actors still log.
        }
    }
}
