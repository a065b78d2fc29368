using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Control.Rpc;

namespace UsbIpCluster.Control.Tests;

/// <summary>The short way reads and writes what the serializer does.</summary>
public sealed class ShortWayTests
{
    private static readonly string?[] Texts =
        [null, "", "1-1.4", "a \"quoted\" \\ text\n\t\u0001\u007f", "Ä, 漢字, 😀", new string('x', 5000), "\u2028\ufeff\ud83d\ude00/<>&'"];

    private static readonly DeviceRow Device =
        new("lab1", "1-1", "0525", "a4a5", "S", "M", "P", "hid", "high", "kernel", "available", "lab2/a1", "name", true, 7, "alice");

    [Fact]
    public void It_reads_what_the_serializer_writes()
    {
        IReadOnlyList<DeviceRow> rows =
        [
            .. from text in Texts
               from epoch in new ulong?[] { null, 0, ulong.MaxValue }
               let given = text ?? ""
               select new DeviceRow(given, given, given, given, text, text, text, given, given, given, given, text, text, epoch is null, epoch, text),
        ];
        Assert.Equal(rows, ShortWay.ReadDevices(JsonSerializer.SerializeToUtf8Bytes(rows, ControlJson.Default.IReadOnlyListDeviceRow)));
        Assert.Empty(ShortWay.ReadDevices("[]"u8));
    }

    [Fact]
    public void It_writes_what_the_serializer_reads()
    {
        TableForm?[] forms = [null, new TableForm(), new TableForm(80, Coloured: true), new TableForm(ushort.MaxValue, Verbose: true)];
        foreach (var request in from text in Texts from other in Texts from form in forms select new ListParams(text, text is null, other, form))
            Assert.Equal(request, Sent(ControlMethods.List, ShortWay.Request(7, request)).Deserialize(ControlJson.Default.ListParams));
        foreach (var form in forms)
        {
            Assert.Equal(new PortParams(form), Sent("port", ShortWay.Request(7, new PortParams(form))).Deserialize(ControlJson.Default.PortParams));
            Assert.Equal(new NodesParams(form), Sent("nodes", ShortWay.Request(7, new NodesParams(form))).Deserialize(ControlJson.Default.NodesParams));
        }
    }

    /// <summary>A daemon that knows no tables refuses what it does not know.</summary>
    [Fact]
    public void Who_wants_rows_says_nothing_of_tables()
    {
        ITableParams[] all = [new ListParams("x", true, "y"), new NodesParams(), new PortParams()];
        Assert.All(all, each => Assert.False(Encoding.UTF8.GetString(ShortWay.Request(7, each).Span).Contains("table", StringComparison.Ordinal)));
        Assert.DoesNotContain("table", JsonSerializer.Serialize(new ListParams(), ControlJson.Default.ListParams), StringComparison.Ordinal);
        Assert.Equal("{}", JsonSerializer.Serialize(new NodesParams(), ControlJson.Default.NodesParams));
        Assert.Equal("{}", JsonSerializer.Serialize(new PortParams(), ControlJson.Default.PortParams));
    }

    [Theory]
    [InlineData("")]
    [InlineData("NODE  BUSID\nlab1  1-1\n")]
    [InlineData("\e[1mNODE\e[0m\n\"a\\b\"\nÄ 漢字…\n")]
    [InlineData("\",\"leftOut\":[]}}")]
    [InlineData("\\\"\\\\")]
    public void A_table_is_read_as_the_daemon_writes_it(string text)
    {
        Assert.Equal(text, ShortWay.ReadTable(Answer(7, new TableText(text, [])), 7)?.Text);
        Assert.Equal(text, ShortWay.ReadTable(Answer(long.MaxValue, new TableText(text, [])), long.MaxValue)?.Text);
    }

    [Fact]
    public void What_is_no_table_of_the_usual_kind_is_left_to_the_serializer()
    {
        var answer = Encoding.UTF8.GetString(Answer(7, new TableText("a\n", [])));
        string[] others =
        [
            "", "{}", answer[..^1], answer + " ", " " + answer, answer.Replace("2.0", "2.1", StringComparison.Ordinal),
            answer.Replace("\"a", "\"\"a", StringComparison.Ordinal), answer.Replace("\\n", "\\t", StringComparison.Ordinal),
            answer.Replace("\\n", "\n", StringComparison.Ordinal), answer.Replace("\\n", "\t", StringComparison.Ordinal),
            answer.Replace("\\n", "\e", StringComparison.Ordinal), answer.Replace("\\n", "\\", StringComparison.Ordinal), answer.Replace("\\n", "\\u001", StringComparison.Ordinal),
            answer.Replace("[]", "[\"CLASS\"]", StringComparison.Ordinal),
        ];
        Assert.All(others, line => Assert.Null(ShortWay.ReadTable(Encoding.UTF8.GetBytes(line), 7)));
        Assert.Null(ShortWay.ReadTable(Encoding.UTF8.GetBytes(answer), 8));
        byte[] broken = [.. Encoding.UTF8.GetBytes(answer)];
        broken[answer.IndexOf('a', StringComparison.Ordinal)] = 0xff;
        Assert.Null(ShortWay.ReadTable(broken, 7));
        for (var end = 0; end < answer.Length; end++)
            Assert.Null(ShortWay.ReadTable(Encoding.UTF8.GetBytes(answer[..end]), 7));
    }

    [Fact]
    public void Rows_are_taken_as_they_are()
    {
        var row = JsonSerializer.Serialize(Device, ControlJson.Default.DeviceRow);
        Assert.Equal([row, "{}", """{ "a": [{}, "]"] }"""], ShortWay.SplitRows(Encoding.UTF8.GetBytes($$"""[{{row}},{},{ "a": [{}, "]"] } ]""")));
        Assert.Empty(ShortWay.SplitRows("[]"u8));
        Assert.All(
            ["", "{}", "null", "[", "[1]", "[[]]", $"[{row}", $"[{row}}}", $"[{row}] 1", row, "[{]", "[{},]"],
            json => Assert.ThrowsAny<JsonException>(() => ShortWay.SplitRows(Encoding.UTF8.GetBytes(json))));
    }

    [Fact]
    public void Fields_may_come_in_any_order_and_those_of_a_newer_daemon_are_left_out()
    {
        var row = JsonSerializer.SerializeToNode(Device, ControlJson.Default.DeviceRow)!.AsObject();
        var turned = new JsonObject(row.Reverse().Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())))
        {
            ["newer"] = new JsonObject { ["node"] = "another" },
        };
        Assert.Equal([Device], ShortWay.ReadDevices(Encoding.UTF8.GetBytes(new JsonArray(turned).ToJsonString())));
    }

    [Fact]
    public void What_the_serializer_refuses_it_refuses()
    {
        var whole = JsonSerializer.Serialize(Device, ControlJson.Default.DeviceRow);
        var row = JsonNode.Parse(whole)!.AsObject();
        List<string> wrong = ["", "{}", "null", "7", "[", "[1]", "[[]]", $"[{whole}", $"[{whole}}}", $"[{whole}] 1", whole];
        foreach (var (name, value) in row)
        {
            wrong.Add(Without(name));
            wrong.Add(With(name, new JsonObject()));
            wrong.Add(With(name, new JsonArray(1)));
            wrong.Add(With(name, value!.GetValueKind() == JsonValueKind.String ? 1 : "1"));
            if (name is not ("serial" or "manufacturer" or "product" or "holder" or "name" or "epoch" or "user"))
                wrong.Add(With(name, null));
        }

        wrong.Add(With("epoch", -1));
        wrong.Add(With("epoch", 1.5));
        wrong.Add(With("epoch", 1e30));
        Assert.All(wrong, json =>
        {
            Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize(json, ControlJson.Default.IReadOnlyListDeviceRow) ?? throw new JsonException());
            Assert.ThrowsAny<JsonException>(() => ShortWay.ReadDevices(Encoding.UTF8.GetBytes(json)));
        });

        // The serializer takes this one, and would give a row that is none.
        Assert.ThrowsAny<JsonException>(() => ShortWay.ReadDevices("[null]"u8));

        string Without(string name)
        {
            var less = row.DeepClone().AsObject();
            less.Remove(name);
            return new JsonArray(less).ToJsonString();
        }

        string With(string name, JsonNode? value)
        {
            var other = row.DeepClone().AsObject();
            other[name] = value;
            return new JsonArray(other).ToJsonString();
        }
    }

    [Fact]
    public void Every_text_of_a_request_arrives()
    {
        for (var first = 0; first < 0x10000; first += 64)
        {
            var text = string.Concat(Enumerable.Range(first, 64).Select(value => (char)value).Where(character => !char.IsSurrogate(character)));
            Assert.All(Arrived(text), arrived => Assert.Equal(text, arrived));
        }

        Assert.All(Arrived("\ud800"), arrived => Assert.Equal("\ufffd", arrived));
        Assert.All(Arrived("a\udc00b"), arrived => Assert.Equal("a\ufffdb", arrived));
    }

    // By both ways.
    private static string[] Arrived(string text) =>
    [
        Sent("method", JsonRpc.Request(7, "method", writer => writer.WriteStringValue(text))).GetValue<string>(),
        Sent(ControlMethods.List, ShortWay.Request(7, new ListParams(text)))["selector"]!.GetValue<string>(),
    ];

    // The params of a request.
    private static JsonNode Sent(string method, ReadOnlyMemory<byte> line)
    {
        // One message a line, so a line's end must never be in one.
        Assert.Equal(line.Length - 1, line.Span.IndexOf((byte)'\n'));
        var request = JsonNode.Parse(line.Span)!;
        Assert.Equal(("2.0", 7, method), (request["jsonrpc"]!.GetValue<string>(), request["id"]!.GetValue<int>(), request["method"]!.GetValue<string>()));
        return request["params"]!;
    }

    private static byte[] Answer(long id, TableText table)
    {
        var number = JsonSerializer.SerializeToElement(id);
        var line = JsonRpc.Result(number, writer => JsonSerializer.Serialize(writer, table, ControlJson.Default.TableText));
        return line.Span.TrimEnd((byte)'\n').ToArray();
    }
}
