using System.Collections;
using System.Text.Json.Nodes;
using UsbIpCluster.Node;

namespace UsbIpCluster.Documents.Tests;

/// <summary>The table of configuration keys in docs/operations.md, and the manual page, say what the daemon reads.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private const string Document = "docs/operations.md";
    private const string Nonsense = "?";

    private static readonly IReadOnlyDictionary<string, (string Default, string Allowed)> Table = ReadTable();

    private readonly string _folder = Directory.CreateTempSubdirectory("usbipcluster-documents-").FullName;

    public static TheoryData<string> Keys => [.. Table.Keys];

    public static TheoryData<string> WithDefault =>
        [.. Table.Keys.Where(key => Table[key].Default.Length > 0 && !key.Contains("[]", StringComparison.Ordinal))];

    public static TheoryData<string> WithValue => [.. Table.Keys.Where(key => Table[key].Allowed.Length > 0)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_key_is_in_the_table_and_every_key_of_the_table_is_one()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(new JsonObject { ["nobodysKey"] = "x" }));
        var keys = error.Message.Split("the keys are ")[1].Split(", ");
        Assert.Contains("cluster.seeds", keys);
        Assert.Equal(keys.Order(), Table.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(WithDefault))]
    public void The_default_of_the_table_is_what_holds_without_the_key(string key) =>
        Assert.Equal(Describe(Read([])), Describe(Read(With(key, JsonNode.Parse(Quoted(Table[key].Default))!))));

    [Theory]
    [MemberData(nameof(WithValue))]
    public void What_is_allowed_is_what_the_daemon_says(string key)
    {
        var value = key.StartsWith("exports[]", StringComparison.Ordinal)
            ? With("exports", new JsonArray(new JsonObject { ["match"] = "1-1", [key.Split('.')[1]] = Nonsense }))
            : With(key, Nonsense);
        var error = Assert.Throws<ConfigurationException>(() => Read(value));
        Assert.Equal(error.Message.Split("; allowed: ")[1], Table[key].Allowed);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Every_key_is_in_the_manual_page(string key) =>
        Assert.Contains($"\n.It Va {key}\n", Repository.Read("docs/man/usbipcd.json.5"), StringComparison.Ordinal);

    private NodeOptions Read(JsonObject configuration)
    {
        var file = Path.Combine(_folder, "usbipcd.json");
        File.WriteAllText(file, configuration.ToJsonString());
        return OptionsReader.Read(file, []);
    }

    private static JsonObject With(string key, JsonNode value) => key.Split('.', 2) is [var outer, var inner]
        ? new JsonObject { [outer] = With(inner, value) }
        : new JsonObject { [key] = value };

    // Lists stand there as they are written in the file, other values without quotes.
    private static string Quoted(string text) => text.StartsWith('[') && text.EndsWith(']') ? text : $"\"{text}\"";

    private static string Describe(NodeOptions options) =>
        string.Join('\n', typeof(NodeOptions).GetProperties().Select(property => $"{property.Name}: {Describe(property.GetValue(options))}"));

    private static string Describe(object? value) => value is IEnumerable list and not string ? string.Join(", ", list.Cast<object>()) : $"{value}";

    private static Dictionary<string, (string Default, string Allowed)> ReadTable() => Repository.Read(Document).Split('\n')
        .SkipWhile(line => !line.StartsWith("| key | default | allowed |", StringComparison.Ordinal))
        .Skip(2)
        .TakeWhile(line => line.StartsWith('|'))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .ToDictionary(cells => cells[1].Trim('`'), cells => (cells[2].Trim('`'), cells[3]));
}
