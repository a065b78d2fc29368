namespace UsbIpCluster.Control.Display;

/// <summary>Which columns a table shows, and how wide each is.</summary>
public sealed class TableLayout
{
    /// <summary>Between two columns.</summary>
    public const int Gap = 2;

    // Less of a product's name tells nothing; a vendor and product id, the longest of what is looked up by, has nine.
    private const int LeastOfShrinking = 8;
    private const int LeastOfOthers = 10;
    private const int LeastOfAll = 4;

    private List<Place> _columns = [];
    private readonly List<string> _leftOut = [];

    /// <summary>A column's place.</summary>
    /// <param name="Index">Which of the table's it is.</param>
    /// <param name="Column">The column.</param>
    /// <param name="Width">Its width in columns of the terminal.</param>
    public readonly record struct Place(int Index, Column Column, int Width);

    /// <summary>The columns that are shown, from the left.</summary>
    public IReadOnlyList<Place> Columns => _columns;

    /// <summary>The headings of those for which there is no room.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Adds a column on the right.</summary>
    /// <param name="index">Which of the table's it is.</param>
    /// <param name="column">The column.</param>
    /// <param name="width">The width that it needs.</param>
    public void Add(int index, Column column, int width) => _columns.Add(new Place(index, column, width));

    /// <summary>Makes it no wider than the terminal.</summary>
    public void Fit(int available)
    {
        available = Math.Max(1, available);
        while (true)
        {
            var fitted = _columns.ToArray();
            if (TryShrink(fitted, available, LeastOfShrinking, all: false) || TryShrink(fitted, available, LeastOfOthers, all: true))
            {
                _columns = [.. fitted];
                return;
            }

            var least = _columns.Count - 1;
            for (var i = least - 1; i >= 0; i--)
            {
                if (_columns[i].Column.Rank > _columns[least].Column.Rank)
                    least = i;
            }

            if (_columns[least].Column.Rank == 0 && TryShrink(fitted, available, _columns.Count == 1 ? 1 : LeastOfAll, all: true))
            {
                _columns = [.. fitted];
                return;
            }

            _leftOut.Add(_columns[least].Column.Heading);
            _columns.RemoveAt(least);
        }
    }

    /// <summary>Takes what is too much from the widest, column by column, down to a least width; whether that was enough.</summary>
    private static bool TryShrink(Place[] places, int available, int least, bool all)
    {
        for (var excess = places.Sum(place => place.Width) + (Gap * (places.Length - 1)) - available; excess > 0; excess--)
        {
            var widest = -1;
            for (var i = 0; i < places.Length; i++)
            {
                if ((all || places[i].Column.Shrinks) && places[i].Width > least && (widest < 0 || places[i].Width > places[widest].Width))
                    widest = i;
            }

            if (widest < 0)
                return false;
            places[widest] = places[widest] with { Width = places[widest].Width - 1 };
        }

        return true;
    }
}
