using System.Runtime.CompilerServices;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

/// <summary>Tables on terminals of different widths: nothing is wider than the terminal, and nothing is shortened away from one.</summary>
public sealed class TableTests
{
    private static readonly DeviceRow[] Devices =
    [
        Samples.Disk with
        {
            Node = "lab-in-the-basement-of-building-17",
            Product = "Ultra-Fast Portable Solid State Drive with a Very Long Marketing Name",
            Serial = "S4EVNX0R123456A-00000000000000000000000000000042",
            Manufacturer = "Semiconductors of Somewhere, Incorporated",
        },
        Samples.Keyboard with { Product = "キーボード（日本語配列）ワイヤレス", Name = "desk-of-the-night-shift", User = "alexandra.longname" },
        Samples.Disk with { Node = "lab3", BusId = "3-1.4.2", Product = "Cafe\u0301 🖨 printer", Serial = "😀-1" },
    ];

    private static readonly PortRow[] Ports =
    [
        Samples.Attached with { Product = Devices[0].Product, Serial = Devices[0].Serial, Node = Devices[0].Node, Endpoint = "[2001:db8:17::42]:3240" },
        Samples.Waiting with
        {
            Selector = "product=Ultra-Fast*,class=mass-storage", State = AttachmentStates.BackingOff, Node = "lab3", BusId = "3-1.4.2",
            LastError = "lab3 did not answer the request for a lease within 5 s; it is unreachable since 03:01",
        },
    ];

    private static readonly NodeRow[] Nodes =
    [
        Samples.Lab1 with { Node = "lab-in-the-basement-of-building-17", Address = "[2001:db8:17:1234:5678:9abc:def0:42]:7240" },
        Samples.Lab22,
    ];

    public static TheoryData<string, int> Widths
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var line in (string[])["list", "list -v", "port", "port -v", "nodes", "drain"])
            {
                foreach (var width in (int[])[1, 5, 20, 40, 55, 79, 80, 81, 120, 200])
                    data.Add(line, width);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public async Task No_line_is_wider_than_the_terminal(string line, int width)
    {
        var run = await RunAsync(line, width);
        Assert.All(run.Lines, each => Assert.True(SafeText.WidthOf(each) <= width, each));
        Assert.InRange(run.Lines.Length, 2, 4);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("list -v")]
    [InlineData("port -v")]
    [InlineData("nodes")]
    [InlineData("drain")]
    public async Task Away_from_a_terminal_every_column_is_there_and_whole(string line)
    {
        var run = await RunAsync(line, width: null);
        Assert.DoesNotContain("…", run.Out);
        Assert.DoesNotContain("no room", run.Error);
        Assert.Contains(line is "nodes" ? Nodes[0].Address! : line is "port -v" ? Ports[1].LastError! : Devices[0].Product!, run.Out);
    }

    /// <summary>The tables as they are in the files of <c>Golden</c>; with USBIPC_GOLDEN=write in the environment they are written there.</summary>
    [Theory]
    [InlineData("list", 40)]
    [InlineData("list", 80)]
    [InlineData("list", 200)]
    [InlineData("list -v", 80)]
    [InlineData("list -v", 200)]
    [InlineData("port", 40)]
    [InlineData("port", 80)]
    [InlineData("port", 200)]
    [InlineData("port -v", 80)]
    [InlineData("port -v", 200)]
    [InlineData("nodes", 40)]
    [InlineData("nodes", 80)]
    [InlineData("nodes", 200)]
    [InlineData("drain", 80)]
    [InlineData("drain", 200)]
    public async Task A_table_is_what_it_was(string line, int width)
    {
        var run = await RunAsync(line, width);
        var file = GoldenFile($"{line.Replace(" ", "", StringComparison.Ordinal)}-{width}.txt");
        var text = run.Out + string.Concat(run.ErrorLines.Where(error => error.StartsWith("no room", StringComparison.Ordinal)).Select(error => error + "\n"));
        if (Environment.GetEnvironmentVariable("USBIPC_GOLDEN") == "write")
            await File.WriteAllTextAsync(file, text);
        Assert.Equal(await File.ReadAllTextAsync(file), text);
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("漢字", 4)]
    [InlineData("한국", 4)]
    [InlineData("ｆｕｌｌ", 8)]
    [InlineData("ﾊﾝｶｸ", 4)]
    [InlineData("e\u0301a\u0308\u0323", 2)]
    [InlineData("😀🚀🥶", 6)]
    [InlineData("⚡⌚", 4)]
    [InlineData("\u1112\u1161\u11ab", 2)]
    [InlineData("Ω→™é", 4)]
    public void A_text_takes_as_many_columns_as_a_terminal_gives_it(string text, int width) => Assert.Equal(width, SafeText.WidthOf(text));

    [Theory]
    [InlineData("漢字漢字", 5, "漢字…")]
    [InlineData("漢字漢字", 4, "漢…")]
    [InlineData("e\u0301e\u0301e\u0301", 2, "e\u0301…")]
    [InlineData("😀😀", 2, "…")]
    [InlineData("word and more", 6, "word…")]
    [InlineData("whole", 5, "whole")]
    public void A_text_is_cut_between_characters_and_never_wider(string text, int width, string expected) => Assert.Equal(expected, SafeText.Cut(text, width));

    private static async Task<CommandRun> RunAsync(string line, int? width)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Devices);
        daemon.Handler.Port = (_, _) => Rows(Ports);
        daemon.Handler.Nodes = (_, _) => Rows(Nodes);
        daemon.Handler.Drain = (_, _) => Rows(Devices);
        return await CommandRun.OfAsync(
            daemon,
            surroundings => width is { } columns
                ? surroundings with { OutIsTerminal = true, Width = () => columns, Variable = name => name == "NO_COLOR" ? "1" : surroundings.Variable(name) }
                : surroundings,
            line.Split(' '));
    }

    private static string GoldenFile(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);
}
