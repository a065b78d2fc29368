using System.Collections.Immutable;
using Akka.Actor;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>When the hooks of an event run: they are scripted, and end when the test says so.</summary>
public sealed class HooksTests : VirtualTimeSpec, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ImmutableInterlockedList<Run> _runs = new();
    private readonly HookSettings _settings;
    private readonly IActorRef _hooks;

    public HooksTests()
    {
        var settings = _settings = new HookSettings(new HookOptions("/hooks", TimeSpan.FromSeconds(10)), (what, options) =>
        {
            var run = new Run(what, options, new TaskCompletionSource<HookReport>());
            _runs.Add(run);
            return run.End.Task;
        });
        _hooks = Sys.ActorOf(Props.Create(() => new Hooks(settings)));
    }

    public Task InitializeAsync() => SettleAsync(_hooks);

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task What_happens_to_one_device_has_its_hooks_one_after_the_other_in_order()
    {
        await HappenAsync("a1", EventKinds.Attached, EventKinds.Lost, EventKinds.Reattached, EventKinds.Detached);
        string[] names = ["attached", "lost", "attached", "detached"];
        for (var done = 0; done < names.Length; done++)
        {
            Assert.Equal(names[..(done + 1)], _runs.Items.Select(run => run.Event.Name));
            await EndAsync(_runs.Items[done]);
        }
    }

    [Fact]
    public async Task A_hook_that_hangs_holds_up_its_device_alone_and_four_hang_at_once()
    {
        for (var number = 1; number <= HookQueue.MaxRunning + 1; number++)
            await HappenAsync($"a{number}", EventKinds.Attached);
        await HappenAsync("a1", EventKinds.Lost);
        Assert.Equal(["a1", "a2", "a3", "a4"], Attachments());
        await EndAsync(_runs.Items[1]);
        Assert.Equal(["a1", "a2", "a3", "a4", "a5"], Attachments());
        await EndAsync(_runs.Items[0]);
        Assert.Equal(("a1", "lost"), (Attachments()[5], _runs.Items[5].Event.Name));

        string[] Attachments() => [.. _runs.Items.Select(run => run.Event.Row.Attachment!)];
    }

    [Fact]
    public async Task Sixty_four_events_wait_and_the_others_are_dropped_and_counted()
    {
        await HappenAsync("a1", [.. Enumerable.Repeat(EventKinds.Lost, 1 + HookQueue.MaxWaiting + 3)]);
        for (var number = 0; number <= HookQueue.MaxWaiting; number++)
            await EndAsync(_runs.Items[number]);
        Assert.Equal(1 + HookQueue.MaxWaiting, _runs.Items.Length);
        await HappenAsync("a1", EventKinds.Detached);
        Assert.Equal("detached", _runs.Items[^1].Event.Name);
    }

    [Fact]
    public async Task What_is_nobodys_has_no_hooks()
    {
        await HappenAsync("a1", EventKinds.Adopted, EventKinds.AttachFailed, "something-new");
        Assert.Empty(_runs.Items);
    }

    [Fact]
    public async Task Hooks_that_could_not_be_run_hold_up_nothing()
    {
        await HappenAsync("a1", EventKinds.Attached, EventKinds.Lost);
        _runs.Items[0].End.SetException(new IOException("no disk"));
        await AwaitEndAsync(_runs.Items[0]);
        Assert.Equal(["attached", "lost"], _runs.Items.Select(run => run.Event.Name));
    }

    [Fact]
    public async Task New_options_hold_for_what_runs_next()
    {
        await HappenAsync("a1", EventKinds.Attached, EventKinds.Lost);
        _settings.Options = new HookOptions("/others", TimeSpan.FromSeconds(1));
        await EndAsync(_runs.Items[0]);
        Assert.Equal(["/hooks", "/others"], _runs.Items.Select(run => run.Options.Directory));
    }

    [Fact]
    public async Task What_runs_and_what_waits_is_taken_over_by_the_next_actor()
    {
        await HappenAsync("a1", EventKinds.Attached, EventKinds.Lost);
        Assert.True(await _hooks.GracefulStop(Patience));
        var settings = _settings;
        var next = Sys.ActorOf(Props.Create(() => new Hooks(settings)));
        await SettleAsync(next);
        Assert.Single(_runs.Items);
        _runs.Items[0].End.SetResult(new HookReport([], []));
        await AwaitConditionAsync(() => _runs.Items.Length == 2);
        Assert.Equal("lost", _runs.Items[1].Event.Name);
    }

    private async Task HappenAsync(string attachment, params string[] kinds)
    {
        foreach (var kind in kinds)
            Sys.EventStream.Publish(new EventRow(Samples.Time, "lab2", kind, "1-" + attachment[1..], Attachment: attachment, Peer: "lab1"));
        await SettleAsync(_hooks);
    }

    private async Task EndAsync(Run run)
    {
        run.End.SetResult(new HookReport([], []));
        await AwaitEndAsync(run);
    }

    // The actor hears of it from another thread.
    private async Task AwaitEndAsync(Run run)
    {
        await AwaitConditionAsync(() => !_settings.Queue.Running.Any(running => ReferenceEquals(running.Key, run.Event)));
        await SettleAsync(_hooks);
    }

    private sealed record Run(HookEvent Event, HookOptions Options, TaskCompletionSource<HookReport> End);

    /// <summary>A list that the actor adds to and the test reads.</summary>
    private sealed class ImmutableInterlockedList<T>
    {
        private ImmutableList<T> _items = [];

        public ImmutableArray<T> Items => [.. _items];

        public void Add(T item) => ImmutableInterlocked.Update(ref _items, items => items.Add(item));
    }
}
