using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>What the hooks' actor stands on; it outlives the actor.</summary>
/// <param name="Options">Where the hooks are, at the start.</param>
/// <param name="Run">Runs the hooks of an event: <see cref="HookRunner.RunAsync"/>.</param>
internal sealed record HookSettings(HookOptions Options, Func<HookEvent, HookOptions, Task<HookReport>> Run)
{
    /// <summary>Where the hooks are that run from now on.</summary>
    public HookOptions Options { get; set; } = Options;

    /// <summary>What waits and what runs.</summary>
    public HookQueue Queue { get; } = new();
}

/// <summary>
/// Has the hooks run for what happens to this node's devices and attachments: it hears the events that everybody hears, so whoever tells them
/// never waits for a hook.
/// </summary>
internal sealed class Hooks : ReceiveActor, IWithTimers
{
    /// <summary>How often it is said that events had no hooks.</summary>
    public static readonly TimeSpan DroppedInterval = TimeSpan.FromMinutes(1);

    private const string DroppedTimer = "dropped";

    private readonly ILogger _log = Context.Logger();
    private readonly SaidOnce _refused = new();
    private readonly HookSettings _settings;
    private long _dropped;

    /// <param name="settings">Of this node.</param>
    public Hooks(HookSettings settings)
    {
        _settings = settings;
        Receive<EventRow>(OnEvent);
        Receive<Ran>(OnRan);
        Receive<SayDropped>(_ =>
        {
            if (_dropped > 0)
                TellDropped();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private HookQueue Queue => _settings.Queue;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(EventRow));
        foreach (var (what, hooks) in Queue.Running)
            Await(what, hooks);
        StartNext();
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void OnEvent(EventRow row)
    {
        if (HookEvent.Of(row) is not { } what)
            return;
        if (Queue.Add(what))
        {
            StartNext();
            return;
        }

        _dropped++;
        if (!Timers.IsTimerActive(DroppedTimer))
            TellDropped();
    }

    private void StartNext()
    {
        while (Queue.StartNext(what => _settings.Run(what, _settings.Options)) is var (what, hooks))
            Await(what, hooks);
    }

    private void Await(HookEvent what, Task<HookReport> hooks) => hooks.PipeTo(
        Self,
        success: report => new Ran(what, report),
        failure: error => new Ran(what, new HookReport([], [$"the hooks of {what} could not be run: {error.Message}"])));

    private void OnRan(Ran ran)
    {
        Queue.End(ran.Event);
        foreach (var refused in ran.Report.Refused.Where(_refused.IsFirst))
            _log.HookRefused(refused);
        foreach (var run in ran.Report.Runs)
            Tell(ran.Event, run);
        StartNext();
    }

    private void Tell(HookEvent what, HookRun run)
    {
        foreach (var line in run.End?.Output ?? [])
            _log.HookSaid(run.Name, what.ToString(), line);
        if (run.End is { LinesLeftOut: > 0 and var more })
            _log.HookSaid(run.Name, what.ToString(), $"({more} more lines)");
        if (run.Problem is not null)
            _log.HookFailed(run.Name, what.ToString(), run.Problem);
    }

    private void TellDropped()
    {
        _log.HooksDropped(_dropped, HookQueue.MaxRunning, HookQueue.MaxWaiting);
        _dropped = 0;
        Timers.StartSingleTimer(DroppedTimer, new SayDropped(), DroppedInterval);
    }

    private sealed record Ran(HookEvent Event, HookReport Report);

    private sealed record SayDropped;
}
