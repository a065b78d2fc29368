using System.Text.Json;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

public sealed class ListTests
{
    [Theory]
    [InlineData("list", null, false, null)]
    [InlineData("list -l", null, true, null)]
    [InlineData("list --local", null, true, null)]
    [InlineData("list serial=X", "serial=X", false, null)]
    [InlineData("list 0525:a4a5 -l", "0525:a4a5", true, null)]
    [InlineData("list -r host", null, false, "host")]
    [InlineData("list --remote=[::1]:3240", null, false, "[::1]:3240")]
    [InlineData("list @x", "@x", false, null)]
    public async Task It_is_parsed_to_what_the_daemon_is_asked(string line, string? selector, bool local, string? remote)
    {
        await using var daemon = new TestDaemon();
        ListParams? asked = null;
        daemon.Handler.List = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new ListParams(selector, local, remote, new TableForm()), asked);
    }

    /// <summary>A name alone goes without the parser, and must be what the parser would have made of it.</summary>
    [Theory]
    [InlineData("list")]
    [InlineData("port")]
    [InlineData("nodes")]
    public async Task A_name_alone_is_the_command_with_its_defaults(string name)
    {
        Assert.NotNull(Listings.Find(name));
        await using var daemon = new TestDaemon();
        var asked = new List<object>();
        daemon.Handler.List = (request, _) => Note(request, Samples.Disk, Samples.Keyboard);
        daemon.Handler.Port = (request, _) => Note(request, Samples.Attached, Samples.Waiting);
        daemon.Handler.Nodes = (request, _) => Note(request, Samples.Lab1, Samples.Lab22);
        var alone = await CommandRun.OfAsync(daemon, name);
        var parsed = await CommandRun.OfAsync(daemon, name, "--timeout", "60s");
        Assert.Equal((0, "", alone.Out), (alone.ExitCode, alone.Error, parsed.Out));
        Assert.Equal(2, asked.Count);
        Assert.Equal(asked[0], asked[1]);

        Task<IReadOnlyList<T>> Note<T>(object request, params T[] rows)
        {
            asked.Add(request);
            return Rows(rows);
        }
    }

    [Theory]
    [InlineData("list -r host -l")]
    [InlineData("list -r host 1-1")]
    [InlineData("list -r")]
    [InlineData("list 1-1 1-2")]
    [InlineData("list --frob")]
    public async Task It_is_refused(string line)
    {
        var run = await CommandRun.AloneAsync(line.Split(' '));
        Assert.Equal((2, 2), (run.ExitCode, run.ErrorLines.Length));
    }

    [Fact]
    public async Task The_table_is_aligned()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk, Samples.Keyboard);
        var run = await CommandRun.OfAsync(daemon, "list");
        Assert.Equal(
            """
            NODE   BUSID  ID         NAME  PRODUCT              SERIAL  STATE                 HOLDER
            lab1   1-1.2  0525:a4a5  -     File-backed Storage  S-1     available             -
            lab22  2-1    046d:c31c  desk  -                    -       in-use (unreachable)  lab1/a1 (alice)

            """,
            run.Out);
    }

    [Fact]
    public async Task A_holder_without_a_user_stands_alone()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Keyboard with { Holder = "10.0.0.7", User = null });
        Assert.EndsWith("in-use (unreachable)  10.0.0.7", (await CommandRun.OfAsync(daemon, "list")).Lines[1]);
    }

    [Fact]
    public async Task What_a_terminal_would_act_on_is_stripped_from_names_holders_and_users()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(
            Samples.Keyboard with { Name = "\e[2Jdesk", Holder = "lab1\r/a1", User = "al\nice\u202e\u009b1m" });
        var run = await CommandRun.OfAsync(daemon, "list");
        Assert.Equal(2, run.Lines.Length);
        Assert.EndsWith("  [2Jdesk  -        -       in-use (unreachable)  lab1/a1 (alice1m)", run.Lines[1]);
    }

    [Fact]
    public async Task Columns_that_nothing_has_are_left_out()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk);
        var run = await CommandRun.OfAsync(daemon, "list");
        Assert.Equal("NODE  BUSID  ID         PRODUCT              SERIAL  STATE", run.Lines[0]);
    }

    [Fact]
    public async Task Verbose_adds_columns()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk);
        var run = await CommandRun.OfAsync(daemon, "list", "-v");
        Assert.EndsWith("MANUFACTURER  CLASS         SPEED  BACKEND", run.Lines[0]);
        Assert.EndsWith("Netchip       mass-storage  high   kernel", run.Lines[1]);
    }

    [Fact]
    public async Task On_a_narrow_terminal_the_product_is_shortened_to_its_width()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk);
        var run = await CommandRun.OfAsync(daemon, NarrowTerminal, "list");
        Assert.All(run.Lines, line => Assert.True(line.Length <= 55, line));
        Assert.Contains("File-ba", run.Lines[1]);
        Assert.Contains("…", run.Lines[1]);
    }

    [Fact]
    public async Task Away_from_a_terminal_nothing_is_shortened()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk with { Product = new string('x', 500) });
        var run = await CommandRun.OfAsync(daemon, surroundings => surroundings with { Width = () => 50 }, "list");
        Assert.Contains(new string('x', 500), run.Out);
    }

    [Fact]
    public async Task States_are_coloured_on_a_terminal_only_and_without_NO_COLOR()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk);
        var terminal = await CommandRun.OfAsync(daemon, surroundings => surroundings with { OutIsTerminal = true }, "list");
        var pipe = await CommandRun.OfAsync(daemon, "list");
        var noColour = await CommandRun.OfAsync(
            daemon,
            surroundings => surroundings with { OutIsTerminal = true, Variable = name => name == "NO_COLOR" ? "1" : surroundings.Variable(name) },
            "list");
        var dumb = await CommandRun.OfAsync(
            daemon,
            surroundings => surroundings with { OutIsTerminal = true, Variable = name => name == "TERM" ? "dumb" : surroundings.Variable(name) },
            "list");
        Assert.Contains("\e[32mavailable\e[0m", terminal.Out);
        Assert.All([pipe, noColour, dumb], run => Assert.DoesNotContain('\e', run.Out));
    }

    [Fact]
    public async Task Wide_characters_keep_the_columns_aligned()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk with { Product = "漢字" }, Samples.Disk with { Product = "e\u0301abc" });
        var run = await CommandRun.OfAsync(daemon, "list");
        Assert.EndsWith("漢字     S-1     available", run.Lines[1]);
        Assert.EndsWith("e\u0301abc     S-1     available", run.Lines[2]);
    }

    [Theory]
    [InlineData("\e]0;title\a\e[31mred", "]0;title[31mred")]
    [InlineData("a\r\nb\tc\u007f\u009b2J", "abc2J")]
    [InlineData("\u202eevil\u2066", "evil")]
    public async Task What_a_terminal_would_act_on_is_stripped_from_device_text(string product, string printed)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk with { Product = product });
        var run = await CommandRun.OfAsync(daemon, "list");
        Assert.Equal(2, run.Lines.Length);
        Assert.Equal(["lab1", "1-1.2", "0525:a4a5", printed, "S-1", "available"], run.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_printed_as_a_replacement() => Assert.Equal("a\ufffdb", SafeText.Of("a" + (char)0xd800 + "b"));

    [Fact]
    public async Task JSON_is_an_array_with_one_row_a_line_that_reads_back()
    {
        await using var daemon = new TestDaemon();
        var wild = Samples.Disk with { Product = "\e[31m\u009b\"é" };
        daemon.Handler.List = (_, _) => Rows(wild, Samples.Keyboard);
        var run = await CommandRun.OfAsync(daemon, surroundings => surroundings with { OutIsTerminal = true }, "list", "--json");
        Assert.Equal(4, run.Lines.Length);
        Assert.Equal([wild, Samples.Keyboard], JsonSerializer.Deserialize(run.Out, ControlJson.Default.IReadOnlyListDeviceRow));
        Assert.DoesNotContain(run.Out, c => c is '\e' or '\u009b');
    }

    [Theory]
    [InlineData("list", "no devices; plug one in, or see which hosts are up: usbipc nodes")]
    [InlineData("list -l", "no devices on this node; plug one in")]
    [InlineData("list 1-9", "no device matches 1-9; see all: usbipc list")]
    [InlineData("list -r h", "h exports no devices")]
    public async Task Nothing_found_is_said_beside_the_output_and_is_no_error(string line, string said)
    {
        await using var daemon = new TestDaemon();
        Assert.Equal(new CommandRun(0, "", said + "\n"), await CommandRun.OfAsync(daemon, line.Split(' ')));
    }

    [Fact]
    public async Task Nothing_found_is_an_empty_array_in_JSON_and_nothing_else()
    {
        await using var daemon = new TestDaemon();
        var run = await CommandRun.OfAsync(daemon, "list", "--json");
        Assert.Equal(("", 0), (run.Error, JsonSerializer.Deserialize(run.Out, ControlJson.Default.IReadOnlyListDeviceRow)!.Count));
    }

    private static Surroundings NarrowTerminal(Surroundings surroundings) => surroundings with
    {
        OutIsTerminal = true,
        Width = () => 55,
        Variable = name => name == "NO_COLOR" ? "1" : surroundings.Variable(name),
    };
}
