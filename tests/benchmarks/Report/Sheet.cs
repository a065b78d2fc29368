using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace UsbIpCluster.Benchmarks;

/// <summary>
/// What a benchmark has measured: a row for each case, and beside it what the machine itself needed for the same in the same run. The ratio
/// of the two says more than the figures, which are the machine's and the moment's.
/// </summary>
internal sealed class Sheet(params Column[] columns)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly List<Row> _rows = [];

    /// <summary>What the machine did meanwhile.</summary>
    public MachineLoad? Machine { get; set; }

    /// <summary>Adds a case.</summary>
    /// <param name="name">Which.</param>
    /// <param name="figures">A figure for each column; null where there is none.</param>
    /// <param name="limit">The limit that it is compared with.</param>
    public void Add(string name, IEnumerable<double?> figures, Row? limit = null) => _rows.Add(new Row("measured", name, [.. figures], limit));

    /// <summary>Adds a limit.</summary>
    public Row AddLimit(string name, IEnumerable<double?> figures) => Added(new Row("limit", name, [.. figures], null));

    /// <summary>Adds what is aimed at; null where nothing is.</summary>
    public void AddGoal(params IEnumerable<double?> figures) => _rows.Add(new Row("goal", "goal", [.. figures], null));

    /// <summary>A table for people.</summary>
    public string ToText()
    {
        List<string[]> lines = [["", .. columns.Select(column => column.Title)]];
        foreach (var row in _rows)
        {
            lines.Add([row.Title, .. columns.Zip(row.Figures, (column, figure) => column.Format(figure))]);
            if (row.Limit is { } limit)
                lines.Add([$"  times: {limit.Name}", .. Times(row).Select(times => times is null ? "" : $"x {times:F1}")]);
        }

        int[] widths = [.. Enumerable.Range(0, columns.Length + 1).Select(index => lines.Max(line => line[index].Length))];
        var text = new StringBuilder();
        foreach (var line in lines)
            text.AppendLine($"{line[0].PadRight(widths[0])}{string.Concat(line.Skip(1).Select((cell, index) => "  " + cell.PadLeft(widths[index + 1])))}".TrimEnd());
        return text.Append(Machine).AppendLine().ToString();
    }

    /// <summary>A file for programs.</summary>
    public Task WriteAsync(string path, Benchmark benchmark) => File.WriteAllTextAsync(path, new JsonObject
    {
        ["benchmark"] = benchmark.Name,
        ["shows"] = benchmark.Shows,
        ["time"] = DateTime.UtcNow,
        ["machine"] = JsonSerializer.SerializeToNode(Machine, JsonSerializerOptions.Web),
        ["units"] = Values(columns.Select(column => (JsonNode?)column.Unit)),
        ["rows"] = new JsonArray([.. _rows.Select(ToJson)]),
    }.ToJsonString(Indented) + "\n");

    private JsonObject ToJson(Row row)
    {
        var json = new JsonObject
        {
            ["kind"] = row.Kind,
            ["name"] = row.Name,
            ["figures"] = Values(row.Figures.Select(figure => (JsonNode?)figure)),
        };
        if (row.Limit is { } limit)
        {
            json["limit"] = limit.Name;
            json["times"] = Values(Times(row).Select(times => (JsonNode?)times));
        }

        return json;
    }

    // How many times the limit each figure is; a number of things that were counted is no figure to compare.
    private IEnumerable<double?> Times(Row row) => columns.Select((column, index) =>
        column.Unit.Length > 0 && row.Limit?.Figures[index] is { } limit and > 0 ? row.Figures[index] / limit : null);

    private JsonObject Values(IEnumerable<JsonNode?> values) =>
        new(columns.Zip(values, (column, value) => KeyValuePair.Create(column.Name, value)).Where(pair => pair.Value is not null));

    private Row Added(Row row)
    {
        _rows.Add(row);
        return row;
    }
}
