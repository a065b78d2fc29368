using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Logging.Abstractions;

namespace UsbIpCluster.Node.Tests;

/// <summary>The watchdog is fed while the actors answer, and not a moment longer.</summary>
public sealed class WatchdogTests : TestKit
{
    private const string Ping = "WATCHDOG=1";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task It_is_fed_while_the_actors_answer_and_not_while_one_of_them_hangs()
    {
        using var node = new ScriptedNode(Sys);
        using var systemd = Datagrams.InFileSystem();
        var log = new TestLog();
        var manager = ServiceManagerTests.Manager(systemd, "WATCHDOG_USEC=200000", $"WATCHDOG_PID={Environment.ProcessId}");
        await using var watchdog = Watchdog.Start(manager, node.Watcher, log);
        Assert.Equal([Ping, Ping, Ping], [systemd.Read(), systemd.Read(), systemd.Read()]);

        node.Hang();
        while (systemd.ReadWithin(Pace * 5) is not null)
        {
        }

        // Said once; before that, too, where the machine was too busy for an answer in time.
        await AwaitConditionAsync(() => log.Events.Contains("watchdog"), TimeSpan.FromSeconds(20), Pace);
        var said = log.Events.Count(name => name == "watchdog");
        Assert.Null(systemd.ReadWithin(Pace * 10));
        Assert.Equal(said, log.Events.Count(name => name == "watchdog"));

        node.GoOn();
        Assert.Equal(Ping, systemd.Read());
    }

    [Fact]
    public async Task Who_answers_again_is_heard_long_before_the_next_turn()
    {
        using var node = new ScriptedNode(Sys);
        using var systemd = Datagrams.InFileSystem();
        var looks = 0;
        var watcher = new NodeWatcher(() => Interlocked.Increment(ref looks) == 1 ? Task.FromCanceled<NodeLife>(new CancellationToken(true)) : Task.FromResult(node.Life));
        var manager = ServiceManagerTests.Manager(systemd, "WATCHDOG_USEC=90000000", $"WATCHDOG_PID={Environment.ProcessId}");
        await using var watchdog = Watchdog.Start(manager, watcher, NullLogger.Instance);
        Assert.Equal(Ping, systemd.ReadWithin(TimeSpan.FromSeconds(20)));
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task Nobody_is_told_who_does_not_look()
    {
        using var node = new ScriptedNode(Sys);
        using var systemd = Datagrams.InFileSystem();
        await using var watchdog = Watchdog.Start(ServiceManagerTests.Manager(systemd), node.Watcher, NullLogger.Instance);
        Assert.Null(watchdog);
    }

    [Fact]
    public async Task However_many_look_at_once_the_actors_are_asked_once_and_once_more_for_those_who_came_later()
    {
        using var node = new ScriptedNode(Sys);
        node.Hang();
        var looks = Enumerable.Range(0, 1000).Select(_ => node.Watcher.LookAsync(NodeWatcher.Patience)).ToArray();
        node.GoOn();
        Assert.All(await Task.WhenAll(looks), Assert.NotNull);
        Assert.Equal(2, node.Looks);
    }

    [Fact]
    public async Task Who_looks_is_told_nothing_from_before_he_did()
    {
        using var node = new ScriptedNode(Sys);
        node.Hang();
        var before = node.Watcher.LookAsync(NodeWatcher.Patience);
        await AwaitAssertAsync(() => Assert.Equal(1, node.Looks), TimeSpan.FromSeconds(20));
        node.Members = [.. node.Members, new MemberState("up", Reachable: true)];
        var after = node.Watcher.LookAsync(NodeWatcher.Patience);
        node.GoOn();
        Assert.Single((await before)!.Members.Members);
        Assert.Equal(2, (await after)!.Members.Members.Count);
        node.Members = [.. node.Members, new MemberState("up", Reachable: true)];
        Assert.Equal(3, (await node.Watcher.LookAsync(NodeWatcher.Patience))!.Members.Members.Count);
    }

    /// <summary>Others that look mustn't make a slow node look like one that hangs.</summary>
    [Fact]
    public async Task A_question_that_is_on_its_way_tells_that_the_actors_answer()
    {
        using var node = new ScriptedNode(Sys);
        node.Hang();
        var look = node.Watcher.LookAsync(NodeWatcher.Patience);
        await AwaitAssertAsync(() => Assert.Equal(1, node.Looks), TimeSpan.FromSeconds(20));
        var answers = node.Watcher.AnswersAsync(NodeWatcher.Patience);
        Assert.False(await node.Watcher.AnswersAsync(Pace));
        node.GoOn();
        Assert.True(await answers);
        Assert.NotNull(await look);
        Assert.Equal(1, node.Looks);
        Assert.True(await node.Watcher.AnswersAsync(NodeWatcher.Patience));
        Assert.Equal(2, node.Looks);
    }

    [Fact]
    public async Task A_node_that_begins_anew_for_good_does_not_answer()
    {
        var never = new TaskCompletionSource<NodeLife>();
        Assert.Null(await new NodeWatcher(() => never.Task).LookAsync(Pace));
    }
}
