using System.Text;

namespace UsbIpCluster.Control.Display;

/// <summary>A column of a table.</summary>
/// <param name="Heading">Its heading.</param>
/// <param name="Right">Aligned to the right, as numbers are.</param>
/// <param name="Shrinks">Shortened first when the terminal is too narrow.</param>
/// <param name="Optional">Left out when every cell is empty.</param>
/// <param name="Rank">0 for what a row can't do without; of the others the highest is left out first when there is no room for all.</param>
public sealed record Column(string Heading, bool Right = false, bool Shrinks = false, bool Optional = false, int Rank = 0);

/// <summary>A cell: text from anywhere, made safe here.</summary>
public readonly record struct Cell
{
    /// <summary>Creates a cell.</summary>
    public Cell(string? text, Style style = Style.Plain)
    {
        Style = style;
        Text = SafeText.Of(text, out var width);
        Width = width == 0 ? Shown.Length : width;
    }

    /// <summary>What it shows; may be empty.</summary>
    public string Text { get; }

    /// <summary>Its colour.</summary>
    public Style Style { get; }

    /// <summary>What stands in the table: a dash where there is nothing.</summary>
    public string Shown => Text.Length == 0 ? "-" : Text;

    /// <summary>How many columns of a terminal that takes.</summary>
    public int Width { get; }

    public static implicit operator Cell(string? text) => new(text);

    public static implicit operator Cell(int number) => new(number.ToString());
}

/// <summary>
/// Rows under headings, in columns as wide as they must be; on a terminal no wider than it, so that no line is wrapped. What is too much is
/// taken from the columns that shrink, then from all that are long, then whole columns are left out, and said to be.
/// </summary>
public sealed class Table(params Column[] columns)
{
    private readonly List<Cell[]> _rows = [];

    /// <summary>The rows, each with a cell for every column.</summary>
    public IReadOnlyList<Cell[]> Rows => _rows;

    /// <summary>Adds a row, one cell a column.</summary>
    public void Add(params Cell[] cells) => _rows.Add(cells);

    /// <summary>Writes headings and rows, one a line.</summary>
    /// <returns>The headings of the columns that there was no room for.</returns>
    public IReadOnlyList<string> Write(TextWriter writer, TableForm form)
    {
        var layout = Fit(form.Width);
        var line = new StringBuilder();
        WriteLine(writer, line, layout, Array.ConvertAll(columns, column => new Cell(column.Heading, Style.Heading)), form.Coloured);
        foreach (var row in _rows)
            WriteLine(writer, line, layout, row, form.Coloured);
        return layout.LeftOut;
    }

    /// <summary>The columns that are shown, and how wide each is.</summary>
    /// <param name="width">No row is wider; null: as wide as they must be.</param>
    public TableLayout Fit(int? width)
    {
        var layout = new TableLayout();
        for (var i = 0; i < columns.Length; i++)
        {
            var (widest, isEmpty) = (columns[i].Heading.Length, true);
            foreach (var row in _rows)
            {
                widest = Math.Max(widest, row[i].Width);
                isEmpty &= row[i].Text.Length == 0;
            }

            if (!isEmpty || !columns[i].Optional)
                layout.Add(i, columns[i], widest);
        }

        if (width is { } available)
            layout.Fit(available);
        return layout;
    }

    private static void WriteLine(TextWriter writer, StringBuilder line, TableLayout layout, Cell[] cells, bool coloured)
    {
        line.Clear();
        for (var i = 0; i < layout.Columns.Count; i++)
        {
            var place = layout.Columns[i];
            var cell = cells[place.Index];
            var (text, width) = (cell.Shown, cell.Width);
            if (width > place.Width)
            {
                text = SafeText.Cut(text, place.Width);
                width = SafeText.WidthOf(text);
            }

            var padding = place.Width - width;
            var last = i == layout.Columns.Count - 1;
            if (place.Column.Right)
                line.Append(' ', padding);
            line.Append(coloured ? cell.Style.Paint(text) : text);
            if (!last)
                line.Append(' ', TableLayout.Gap + (place.Column.Right ? 0 : padding));
        }

        writer.WriteLine(line);
    }
}
