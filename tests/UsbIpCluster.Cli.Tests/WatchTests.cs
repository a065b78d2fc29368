using System.Threading.Channels;
using UsbIpCluster.Cli.Watch;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

/// <summary><c>usbipc watch</c>, on a real terminal and off it.</summary>
public sealed class WatchTests
{
    private const string Entered = "\e[?1049h";
    private const string Left = "\e[?1049l";

    [Fact]
    public async Task It_shows_what_there_is_and_follows_what_changes_until_q()
    {
        await using var daemon = new Daemon();
        using var terminal = daemon.Watch(100, 30);
        await terminal.ShowsAsync("lab1", "1-1.2", "File-backed Storage", "available");
        await terminal.ShowsAsync("lab1: 2 nodes, 1 unreachable; 1 devices; 1 of 1 attached here");
        await terminal.ShowsAsync("a1", "attached", "12 min");
        await terminal.ShowsAsync("reattached", "812.3 ms");
        Assert.All(terminal.Screen, line => Assert.True(SafeText.WidthOf(line) <= 100, line));

        daemon.Devices = [Samples.Disk, Samples.Keyboard];
        daemon.Happen(new EventRow(Samples.Now, "lab22", EventKinds.DeviceAdded, "2-1"));
        await terminal.ShowsAsync("lab22", "2-1", "desk", "in-use");
        await terminal.ShowsAsync("device-added");

        daemon.Devices = [Samples.Disk with { State = DeviceStates.InUse, Holder = "lab22/a7" }, Samples.Keyboard];
        daemon.Happen(new EventRow(Samples.Now, "lab1", EventKinds.DeviceChanged, "1-1.2", State: DeviceStates.InUse));
        await terminal.ShowsAsync("1-1.2", "in-use", "lab22/a7");

        daemon.Ports = [Samples.Attached with { State = AttachmentStates.Lost, Reattaches = 7, LastError = "the cable" }];
        daemon.Happen(new EventRow(Samples.Now, "lab1", EventKinds.AttachmentChanged, State: AttachmentStates.Lost));
        await terminal.ShowsAsync("a1", "lost", "7", "the cable");
        Assert.DoesNotContain(terminal.Screen, line => line.Contains(EventKinds.AttachmentChanged, StringComparison.Ordinal));

        terminal.Type("q");
        Assert.Equal(0, await terminal.EndAsync());
        await EndsWithAsync(terminal, Left);
        Assert.Equal(2, terminal.Written.Split(Entered).Length);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_it_and_the_screen_is_what_it_was(string signal, int exitCode)
    {
        await using var daemon = new Daemon();
        using var terminal = daemon.Watch(80, 24);
        await terminal.ShowsAsync("1-1.2");
        terminal.Send(signal);
        Assert.Equal(exitCode, await terminal.EndAsync());
        await EndsWithAsync(terminal, Left);
        Assert.Contains("\e[?25h", terminal.Written);
        await EndsWithAsync(terminal, "\e[?1l\e>");
    }

    [Fact]
    public async Task Ctrl_C_ends_it()
    {
        await using var daemon = new Daemon();
        using var terminal = daemon.Watch(80, 24);
        await terminal.ShowsAsync("1-1.2");
        terminal.Type("\u0003");
        Assert.Equal(130, await terminal.EndAsync());
        await EndsWithAsync(terminal, Left);
    }

    [Fact]
    public async Task Ctrl_Z_stops_it_with_the_terminal_given_back_and_fg_goes_on()
    {
        await using var daemon = new Daemon();
        using var terminal = PseudoTerminal.StartShell(100, 24);
        terminal.TypeCommand("watch", "--socket", daemon.Path);
        await terminal.ShowsAsync("1-1.2");
        terminal.Type("\u001a");
        await StoppedAsync();
        await EndsWithAsync(terminal, Left);
        terminal.Type("echo $((6*7))\n");
        // What is typed is echoed again, perhaps before the shell says that it is there.
        await AnswersAsync("echo $((6*7))");
        await AnswersAsync("42\r\n");

        // In the background there is no terminal to be had.
        terminal.Type("bg; sleep 0.5; echo slept $((6*8))\n");
        await AnswersAsync("slept 48");
        await StoppedAsync();
        Assert.Equal(2, terminal.Written.Split(Entered).Length);

        daemon.Devices = [Samples.Disk, Samples.Keyboard];
        terminal.Type("fg\n");
        // Twice, where it comes to continue in the background only when it is in the foreground already.
        await Eventually.IsTrueAsync(() => terminal.Written.Split(Entered) is [_, _, .., var again] && again.Contains("\e[H", StringComparison.Ordinal));
        daemon.Happen(new EventRow(Samples.Now, "lab22", EventKinds.DeviceAdded, "2-1"));
        await terminal.ShowsAsync("lab22", "2-1", "desk");
        terminal.Type("q");
        await EndsWithAsync(terminal, Left);

        // What is typed before the terminal is the shell's again can be lost.
        await Eventually.IsTrueAsync(() => terminal.StateOfJob is null);
        terminal.Type("echo ended $?\n");
        await AnswersAsync("ended 0");

        Task StoppedAsync() => Eventually.IsTrueAsync(() => terminal.StateOfJob == 'T');

        Task AnswersAsync(string text) => Eventually.IsTrueAsync(() => terminal.Written.Split(Left)[^1].Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ctrl_Z_does_nothing_where_no_shell_could_continue_it()
    {
        await using var daemon = new Daemon();
        using var terminal = daemon.Watch(100, 24);
        await terminal.ShowsAsync("1-1.2");
        terminal.Type("\u001a");
        daemon.Devices = [Samples.Disk, Samples.Keyboard];
        daemon.Happen(new EventRow(Samples.Now, "lab22", EventKinds.DeviceAdded, "2-1"));
        await terminal.ShowsAsync("lab22", "2-1", "desk");
        Assert.DoesNotContain(Left, terminal.Written);
        terminal.Type("q");
        Assert.Equal(0, await terminal.EndAsync());
    }

    [Fact]
    public async Task A_list_leaves_the_terminals_keys_as_they_are()
    {
        await using var daemon = new Daemon();
        using var terminal = PseudoTerminal.Start(100, 24, "list", "--socket", daemon.Path);
        Assert.Equal(0, await terminal.EndAsync());
        await Eventually.IsTrueAsync(() => terminal.Written.Contains("1-1.2", StringComparison.Ordinal));
        Assert.DoesNotContain("\e[?1h", terminal.Written);
    }

    [Fact]
    public async Task It_fits_every_size_that_the_terminal_gets()
    {
        await using var daemon = new Daemon();
        using var terminal = daemon.Watch(80, 24);
        await terminal.ShowsAsync("1-1.2");
        foreach (var (width, height) in ((int, int)[])[(20, 5), (200, 60), (1, 1), (9, 2), (80, 3), (40, 12)])
            await FitsAsync(terminal, width, height);
        terminal.Resize(20, 5);
        await terminal.ShowsAsync("lab1", "1-1.2");
        terminal.Type("q");
        Assert.Equal(0, await terminal.EndAsync());

        static Task FitsAsync(PseudoTerminal terminal, int width, int height)
        {
            terminal.Resize(width, height);
            return terminal.ShowsAsync(
                screen => screen.Length == height && screen.All(line => SafeText.WidthOf(line) <= width), $"expected {height} lines of {width}");
        }
    }

    [Fact]
    public async Task A_line_of_the_full_width_has_its_last_cell()
    {
        const string title = "lab1: 2 nodes, 1 unreachable; 1 devices; 1 of 1 attached here";
        await using var daemon = new Daemon();
        using var terminal = daemon.Watch(title.Length, 24);
        await terminal.ShowsAsync(screen => screen[0] == title, $"expected {title}");
        terminal.Resize(title.Length, 1);
        await terminal.ShowsAsync(screen => screen is [title], $"expected {title}, and nothing else");
    }

    [Fact]
    public async Task Devices_scroll_and_are_filtered()
    {
        await using var daemon = new Daemon();
        daemon.Devices = [.. Enumerable.Range(100, 900).Select(number => Samples.Disk with { BusId = $"1-{number}", Serial = $"S{number}" })];
        using var terminal = daemon.Watch(100, 24);
        await terminal.ShowsAsync("1-100");
        terminal.Type("\e[B\e[B");
        await ShowsFirstAsync("1-102");
        terminal.Type("\e[A");
        await ShowsFirstAsync("1-101");
        terminal.Type("\e[6~");
        await terminal.ShowsAsync(screen => !FirstOf(screen).EndsWith("1-101", StringComparison.Ordinal), "expected another page");
        terminal.Type("\e[5~\e[5~");
        await ShowsFirstAsync("1-100");
        terminal.Type("\e[F");
        await terminal.ShowsAsync("1-999");
        terminal.Type("/s55");
        await terminal.ShowsAsync("/s55_");
        await ShowsFirstAsync("1-550");
        terminal.Type("q\u007f\r");
        await terminal.ShowsAsync("only /s55");
        terminal.Type("\e");
        await ShowsFirstAsync("1-100");
        terminal.Type("q");
        Assert.Equal(0, await terminal.EndAsync());

        Task ShowsFirstAsync(string busId) => terminal.ShowsAsync(screen => FirstOf(screen) == busId, $"expected {busId} first");
    }

    [Fact]
    public async Task A_daemon_that_goes_is_said_to_be_gone_and_followed_again_when_it_is_back()
    {
        var folder = Directory.CreateTempSubdirectory("usbipc-");
        var path = Path.Combine(folder.FullName, "control.sock");
        var daemon = new Daemon(path);
        using var terminal = daemon.Watch(100, 24);
        await terminal.ShowsAsync("1-1.2");
        await daemon.DisposeAsync();
        await terminal.ShowsAsync("; trying again");
        await terminal.ShowsAsync("1-1.2");
        await using (var next = new Daemon(path) { Devices = [Samples.Keyboard] })
        {
            await terminal.ShowsAsync("desk");
            Assert.DoesNotContain(terminal.Screen, line => line.Contains("trying again", StringComparison.Ordinal));
        }

        await terminal.ShowsAsync("; trying again");
        terminal.Type("q");
        Assert.Equal(0, await terminal.EndAsync());
        await EndsWithAsync(terminal, Left);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Without_a_daemon_it_ends_with_the_error_on_the_screen_from_before()
    {
        using var terminal = PseudoTerminal.Start(80, 24, "watch", "--socket", "/nonexistent/control.sock");
        Assert.Equal(5, await terminal.EndAsync());
        await Eventually.IsTrueAsync(() => terminal.Written.Split(Left)[^1].Contains("no daemon at /nonexistent/control.sock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_the_background_it_leaves_the_terminal_alone()
    {
        await using var daemon = new Daemon();
        using var terminal = PseudoTerminal.StartShell(100, 24);
        terminal.TypeCommand("watch", "--socket", daemon.Path, "&");
        await Eventually.IsTrueAsync(() => terminal.Written.Contains("watch needs the terminal's foreground", StringComparison.Ordinal));
        Assert.DoesNotContain(Entered, terminal.Written);
    }

    [Fact]
    public async Task Without_a_terminal_it_says_what_to_do_instead() => Assert.Equal(
        new CommandRun(2, "", "usbipc: watch needs a terminal\nwithout one: usbipc events --follow\n"), await CommandRun.AloneAsync("watch"));

    [Fact]
    public async Task In_JSON_it_is_the_stream_of_events()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Events = (request, _) => Task.FromResult(
            new EventStream([Samples.Reattached], request is { Follow: true, Steps: false } ? new[] { Samples.Reattached }.ToAsyncEnumerable() : null));
        var (watch, events) = (await CommandRun.OfAsync(daemon, "watch", "--json"), await CommandRun.OfAsync(daemon, "events", "--follow", "--json"));
        Assert.Equal((events.Out, 2), (watch.Out, watch.Lines.Length));
    }

    [Theory]
    [InlineData(24, 3, 500, 2, 50)]
    [InlineData(24, 100, 0, 100, 0)]
    [InlineData(5, 3, 3, 3, 3)]
    [InlineData(3, 3, 3, 3, 3)]
    [InlineData(1, 3, 3, 3, 3)]
    [InlineData(100, 3, 3, 3, 3)]
    public void A_screen_is_filled_and_not_more(int height, int nodes, int devices, int ports, int events)
    {
        var state = new WatchState
        {
            Rows = new WatchInput.Rows(
                [.. Enumerable.Repeat(Samples.Lab1, nodes)], [.. Enumerable.Repeat(Samples.Disk, devices)], [.. Enumerable.Repeat(Samples.Attached, ports)]),
            Events = [.. Enumerable.Repeat(Samples.Reattached, events)],
        };
        var plan = WatchPlan.Of(state, height);
        Assert.Equal(height, 1 + plan.Nodes + plan.Devices + plan.Ports + plan.Events + plan.Keys);
        Assert.InRange(plan.Devices, Math.Min(height - 1 - plan.Keys, 4), height);
        Assert.True(plan is { Nodes: >= 0, Ports: >= 0, Events: >= 0 } && plan.Nodes <= nodes + 1 && plan.Ports <= ports + 1 && plan.Events <= events + 1);
    }

    [Fact]
    public void Scrolling_ends_with_a_full_last_page()
    {
        var state = new WatchState { Rows = new WatchInput.Rows([], [.. Enumerable.Repeat(Samples.Disk, 10)], []) }.OnPageOf(4);
        Assert.Equal(6, state.After(new WatchInput.KeyPressed(ConsoleKey.End, '\0')).Scroll);
        Assert.Equal(4, state.After(new WatchInput.KeyPressed(ConsoleKey.PageDown, '\0')).Scroll);
        Assert.Equal(0, state.After(new WatchInput.KeyPressed(ConsoleKey.UpArrow, '\0')).Scroll);
        Assert.Equal(0, state.After(new WatchInput.KeyPressed(ConsoleKey.End, '\0')).OnPageOf(20).Scroll);
        var fewer = state.After(new WatchInput.KeyPressed(ConsoleKey.End, '\0')).After(new WatchInput.Rows([], [Samples.Disk], []));
        Assert.Equal(0, fewer.Scroll);
    }

    [Fact]
    public void The_events_that_are_kept_are_the_last()
    {
        var state = Enumerable.Range(0, 200).Aggregate(
            new WatchState(), (state, number) => state.After(new WatchInput.Happened(Samples.Reattached with { Kind = $"e{number}" })));
        Assert.Equal((WatchState.KeptEvents, "e199"), (state.Events.Count, state.Events[^1].Kind));
    }

    private static string FirstOf(string[] screen)
    {
        var heading = Array.FindIndex(screen, line => line.StartsWith("NODE ", StringComparison.Ordinal) && line.Contains("BUSID", StringComparison.Ordinal));
        return heading < 0 || heading + 1 >= screen.Length ? "" : screen[heading + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1) ?? "";
    }

    private static Task EndsWithAsync(PseudoTerminal terminal, string sequence) =>
        Eventually.IsTrueAsync(() => terminal.Written.LastIndexOf(sequence, StringComparison.Ordinal) > terminal.Written.LastIndexOf("\e[H", StringComparison.Ordinal));

    /// <summary>A daemon whose rows change, and that says so.</summary>
    private sealed class Daemon : IAsyncDisposable
    {
        private readonly TestDaemon _daemon;
        private readonly List<ChannelWriter<EventRow>> _followers = [];

        public Daemon(string? path = null)
        {
            _daemon = new TestDaemon(options => path is null ? options : options with { Path = path });
            Path = path ?? _daemon.Path;
            _daemon.Handler.Nodes = (_, _) => Rows(Samples.Lab1, Samples.Lab22);
            _daemon.Handler.List = (_, _) => Rows(Devices);
            _daemon.Handler.Port = (_, _) => Rows(Ports);
            _daemon.Handler.Events = (request, token) =>
            {
                Assert.True(request is { Follow: true, Steps: true });
                var later = Channel.CreateUnbounded<EventRow>();
                lock (_followers)
                    _followers.Add(later.Writer);
                return Task.FromResult(new EventStream([Samples.Reattached], later.Reader.ReadAllAsync(token)));
            };
        }

        public string Path { get; }

        public DeviceRow[] Devices { get; set; } = [Samples.Disk];

        // Ages are told by the command's own clock.
        public PortRow[] Ports { get; set; } = [Samples.Attached with { Since = DateTimeOffset.UtcNow.AddMinutes(-12.5) }];

        public PseudoTerminal Watch(int width, int height) => PseudoTerminal.Start(width, height, "watch", "--socket", Path);

        public void Happen(EventRow row)
        {
            lock (_followers)
                Assert.All(_followers, follower => Assert.True(follower.TryWrite(row)));
        }

        public ValueTask DisposeAsync() => _daemon.DisposeAsync();
    }
}
