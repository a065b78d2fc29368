using System.Text;

namespace UsbIpCluster.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Heading">Its heading.</param>
/// <param name="Right">Aligned to the right, as numbers are.</param>
/// <param name="Shrinks">Shortened first when the terminal is too narrow.</param>
/// <param name="Optional">Left out when every cell is empty.</param>
internal sealed record Column(string Heading, bool Right = false, bool Shrinks = false, bool Optional = false);

/// <summary>A cell: text from anywhere, made safe here.</summary>
internal readonly record struct Cell
{
    /// <summary>Creates a cell.</summary>
    public Cell(string? text, Style style = Style.Plain)
    {
        Text = SafeText.Of(text);
        Style = style;
    }

    /// <summary>What it shows; may be empty.</summary>
    public string Text { get; }

    /// <summary>Its colour.</summary>
    public Style Style { get; }

    public static implicit operator Cell(string? text) => new(text);

    public static implicit operator Cell(int number) => new(number.ToString());
}

/// <summary>Rows under headings, in columns as wide as they must be; on a terminal no wider than it.</summary>
internal sealed class Table(params Column[] columns)
{
    private const int Narrowest = 8;
    private const int Gap = 2;

    private readonly List<Cell[]> _rows = [];

    /// <summary>Adds a row, one cell a column.</summary>
    public void Add(params Cell[] cells) => _rows.Add(cells);

    /// <summary>Writes headings and rows.</summary>
    public void Write(Surroundings surroundings)
    {
        var shown = Enumerable.Range(0, columns.Length).Where(i => !columns[i].Optional || _rows.Exists(row => row[i].Text.Length > 0)).ToArray();
        var widths = shown.Select(i => Math.Max(columns[i].Heading.Length, _rows.Max(row => SafeText.WidthOf(Shown(row[i]))))).ToArray();
        if (surroundings.OutIsTerminal)
            Fit(shown, widths, surroundings.Width());
        WriteRow(surroundings, shown, widths, columns.Select(column => new Cell(column.Heading, Style.Heading)).ToArray());
        foreach (var row in _rows)
            WriteRow(surroundings, shown, widths, row);
    }

    /// <summary>Takes what is too much from the columns that shrink, the widest first.</summary>
    private void Fit(int[] shown, int[] widths, int available)
    {
        for (var excess = widths.Sum() + (Gap * (widths.Length - 1)) - available; excess > 0; excess--)
        {
            var widest = -1;
            for (var i = 0; i < shown.Length; i++)
            {
                if (columns[shown[i]].Shrinks && widths[i] > Narrowest && (widest < 0 || widths[i] > widths[widest]))
                    widest = i;
            }

            if (widest < 0)
                return;
            widths[widest]--;
        }
    }

    private void WriteRow(Surroundings surroundings, int[] shown, int[] widths, Cell[] cells)
    {
        var line = new StringBuilder();
        for (var i = 0; i < shown.Length; i++)
        {
            var cell = cells[shown[i]];
            var text = SafeText.Cut(Shown(cell), widths[i]);
            var padding = new string(' ', widths[i] - SafeText.WidthOf(text));
            var painted = surroundings.Coloured ? cell.Style.Paint(text) : text;
            var last = i == shown.Length - 1;
            line.Append(columns[shown[i]].Right ? padding + painted : last ? painted : painted + padding);
            if (!last)
                line.Append(' ', Gap);
        }

        surroundings.Out.WriteLine(line.ToString());
    }

    private static string Shown(Cell cell) => cell.Text.Length == 0 ? "-" : cell.Text;
}
