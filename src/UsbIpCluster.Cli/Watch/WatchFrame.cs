using Spectre.Console;
using Spectre.Console.Rendering;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;
using Look = UsbIpCluster.Control.Display.Style;

namespace UsbIpCluster.Cli.Watch;

/// <summary>
/// Draws a state with Spectre.Console, to lines: what there is in short, the nodes, the devices, what is attached here, the last events, and
/// which keys there are.
/// </summary>
internal sealed class WatchFrame(Surroundings surroundings)
{
    // Below that there is room for a line of it, and for no table.
    private const int LeastWidth = 10;

    /// <summary>The lines; and the state, scrolled so that the page is full.</summary>
    public (IReadOnlyList<string> Lines, WatchState State) Draw(WatchState state, int width, int height)
    {
        var plan = WatchPlan.Of(state, height);
        state = state.OnPageOf(plan.Devices - 1);
        var devices = state.Devices;
        var now = surroundings.Clock.GetUtcNow();
        List<Layout> parts = [Part(1, Title(state, width))];
        if (width >= LeastWidth)
        {
            Add(plan.Nodes, () => ToRenderable(Tables.Of(state.Rows.Nodes, now), width, 0, plan.Nodes));
            Add(plan.Devices, () => ToRenderable(Tables.Of(devices, verbose: false), width, state.Scroll, plan.Devices));
            Add(plan.Ports, () => ToRenderable(Tables.Of(state.Rows.Ports, verbose: false, now), width, 0, plan.Ports));
            Add(plan.Events, () => Events(state, width, plan.Events));
            Add(plan.Keys, () => Keys(state, devices.Count, width));
        }

        return (Render(new Layout("all").SplitRows([.. parts]), width, height), state);

        void Add(int lines, Func<IRenderable> draw)
        {
            if (lines > 0)
                parts.Add(Part(lines, draw()));
        }
    }

    private static Layout Part(int lines, IRenderable content) => new Layout(content).Size(lines);

    private Text Title(WatchState state, int width)
    {
        if (state.Trouble is { } trouble)
            return Line($"{trouble}; trying again", Look.Bad, width);
        var unreachable = state.Rows.Nodes.Count(node => !node.Reachable);
        PortRow[] attachments = [.. state.Rows.Ports.Where(port => !port.All)];
        var attached = attachments.Count(port => port.State == AttachmentStates.Attached);
        return Line(
            $"{state.Rows.Nodes.FirstOrDefault(node => node.Self)?.Node ?? "usbipc"}: {state.Rows.Nodes.Count} nodes"
            + (unreachable > 0 ? $", {unreachable} unreachable" : "")
            + $"; {state.Rows.Devices.Count} devices; {attached} of {attachments.Length} attached here",
            unreachable > 0 || attached < attachments.Length ? Look.Busy : Look.Good,
            width);
    }

    private Text Keys(WatchState state, int devices, int width)
    {
        var shown = devices > state.Page ? $"{state.Scroll + 1}-{state.Scroll + state.Page} of {devices}  " : "";
        return state switch
        {
            { IsFiltering: true } => Line($"/{state.Filter}_  Enter keeps it, Esc shows all", Look.Plain, width),
            { Filter.Length: > 0 } => Line($"q quits  {shown}only /{state.Filter}, Esc shows all", Look.Quiet, width),
            _ => Line($"q quits  {shown}arrows, PgUp, PgDn scroll  / filters", Look.Quiet, width),
        };
    }

    private Rows Events(WatchState state, int width, int lines) => new(state.Events
        .Skip(Math.Max(0, state.Events.Count - lines + 1))
        .Select(row => Line(Words.Of(row, surroundings.Clock.LocalTimeZone), Look.Plain, width))
        .Prepend(Line("EVENTS", Look.Heading, width)));

    /// <summary>A heading, and as many rows from one on as there are lines for.</summary>
    private Spectre.Console.Table ToRenderable(Control.Display.Table table, int width, int first, int lines)
    {
        var layout = table.Fit(width);
        var rendered = new Spectre.Console.Table().NoBorder();
        foreach (var place in layout.Columns)
        {
            var column = new TableColumn(ToText(SafeText.Cut(place.Column.Heading, place.Width), Look.Heading)).Width(place.Width).NoWrap();
            column.Alignment = place.Column.Right ? Justify.Right : Justify.Left;
            column.Padding = new Padding(0, 0, place == layout.Columns[^1] ? 0 : TableLayout.Gap, 0);
            rendered.AddColumn(column);
        }

        foreach (var row in table.Rows.Skip(first).Take(lines - 1))
            rendered.AddRow(layout.Columns.Select(place => ToText(SafeText.Cut(row[place.Index].Shown, place.Width), row[place.Index].Style)));
        return rendered;
    }

    private Text Line(string text, Look look, int width) => ToText(SafeText.Cut(SafeText.Of(text), width), look);

    private Text ToText(string text, Look look) => new(text, surroundings.Coloured ? StyleOf(look) : null) { Overflow = Overflow.Crop };

    private static Spectre.Console.Style StyleOf(Look look) => look switch
    {
        Look.Good => new Spectre.Console.Style(Color.Green),
        Look.Busy => new Spectre.Console.Style(Color.Olive),
        Look.Bad => new Spectre.Console.Style(Color.Maroon),
        Look.Quiet => new Spectre.Console.Style(decoration: Decoration.Dim),
        Look.Heading => new Spectre.Console.Style(decoration: Decoration.Bold),
        _ => Spectre.Console.Style.Plain,
    };

    private string[] Render(Layout layout, int width, int height)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = surroundings.Coloured ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new Paper(writer, width, height),
        });
        console.Write(layout);
        var lines = writer.ToString().Split('\n');
        return [.. lines.Take(height), .. Enumerable.Repeat("", Math.Max(0, height - lines.Length))];
    }

    /// <summary>What a frame is drawn on: of the terminal's size, and no terminal.</summary>
    private sealed record Paper(TextWriter Writer, int Width, int Height) : IAnsiConsoleOutput
    {
        public bool IsTerminal => true;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }
}
