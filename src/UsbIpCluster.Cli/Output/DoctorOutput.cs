using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Output;

/// <summary>
/// A report for people: groups under headings, a line for each check with its result as a word, and below it what to do. What is well
/// between many nodes is one line, unless more is asked for.
/// </summary>
internal static class DoctorOutput
{
    private const string Indent = "  ";
    private const int MarkWidth = 9;
    private const int NarrowestText = 30;

    /// <summary>Writes the report and, last, how it ends.</summary>
    public static void Write(Surroundings surroundings, DoctorReport report, bool verbose)
    {
        foreach (var group in report.Checks.GroupBy(row => GroupOf(row.Check)).OrderBy(group => Order(group.Key)))
        {
            surroundings.Out.WriteLine(Paint(surroundings, Style.Heading, SafeText.Of(group.Key)));
            foreach (var line in verbose ? group : group.GroupBy(row => row.Check).SelectMany(Fold))
                Write(surroundings, line);
        }

        var (errors, warnings) = (Count(report, DoctorResults.Error), Count(report, DoctorResults.Warning));
        surroundings.Out.WriteLine();
        surroundings.Out.WriteLine((errors, warnings) switch
        {
            (0, 0) => Paint(surroundings, Style.Good, "all is well"),
            (0, _) => Paint(surroundings, Style.Busy, $"nothing is wrong; {Counted(warnings, "warning")}"),
            _ => Paint(surroundings, Style.Bad, $"{Counted(errors, "error")}, {Counted(warnings, "warning")}"),
        });
    }

    // Of nodes there are many, of pairs of them many more.
    private static IEnumerable<DoctorRow> Fold(IGrouping<string, DoctorRow> rows)
    {
        DoctorRow[] well = [.. rows.Where(row => row.Result == DoctorResults.Ok)];
        return well.Length > 1 && WellOf(rows.Key, well.Length) is { } line
            ? [DoctorRow.Ok(rows.Key, well[0].Node, null, line), .. rows.Where(row => row.Result != DoctorResults.Ok)]
            : rows;
    }

    private static string? WellOf(string check, int count) => check switch
    {
        DoctorChecks.ReachCluster => $"{count} connections to cluster ports, each between two nodes, were made",
        DoctorChecks.ReachUsbIp => $"{count} connections to USB/IP ports, each between two nodes, were made",
        DoctorChecks.NodeAnswers => $"{count} other nodes answer",
        DoctorChecks.ClockSkew => $"the clocks of {count} other nodes agree with this one's",
        DoctorChecks.Seed => $"{count} seeds are in the cluster",
        _ => null,
    };

    private static void Write(Surroundings surroundings, DoctorRow row)
    {
        var style = row.Result switch
        {
            DoctorResults.Ok => Style.Good,
            DoctorResults.Warning => Style.Busy,
            _ => Style.Bad,
        };
        var mark = SafeText.Of(row.Result).PadRight(MarkWidth);
        Write(surroundings, Indent + Paint(surroundings, style, mark), SafeText.Of(row.What), Style.Plain);
        if (row.Hint is { } hint)
            Write(surroundings, Indent + new string(' ', MarkWidth), "-> " + SafeText.Of(hint), Style.Quiet);
    }

    // On a terminal whole words a line, under each other. Into a file or a pipe one line, which can be searched.
    private static void Write(Surroundings surroundings, string begin, string text, Style style)
    {
        var width = surroundings.OutIsTerminal
            ? Math.Max(surroundings.Width() - Indent.Length - MarkWidth, NarrowestText)
            : int.MaxValue;
        foreach (var line in Wrap(text, width))
        {
            surroundings.Out.WriteLine(begin + Paint(surroundings, style, line));
            begin = Indent + new string(' ', MarkWidth);
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && SafeText.WidthOf(line) + 1 + SafeText.WidthOf(word) > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }

    private static string Paint(Surroundings surroundings, Style style, string text) => surroundings.Coloured ? style.Paint(text) : text;

    private static int Count(DoctorReport report, string result) => report.Checks.Count(row => row.Result == result);

    private static string Counted(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static readonly (string Prefix, string Heading)[] Groups =
    [
        ("daemon.", "daemon"), ("kernel.", "kernel"), ("rights.", "rights"), ("usbip.", "USB/IP port"), ("state.", "state folder"),
        ("certificate.", "certificates"),
        ("settings.", "settings"),
        ("clock.", "clock"),
        ("cluster.", "cluster"),
        ("reach.", "reachability"),
    ];

    // A daemon that is newer than this command may have more groups.
    private static string GroupOf(string check) =>
        Groups.FirstOrDefault(group => check.StartsWith(group.Prefix, StringComparison.Ordinal)).Heading ?? check.Split('.')[0];

    private static int Order(string heading) =>
        Array.FindIndex(Groups, group => group.Heading == heading) is >= 0 and var at ? at : Groups.Length;
}
