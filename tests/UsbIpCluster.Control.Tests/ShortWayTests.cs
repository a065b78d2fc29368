using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    public void It_writes_what_the_serializer_writes()
    {
        foreach (var request in from text in Texts from other in Texts select new ListParams(text, text is null, other))
        {
            var line = JsonNode.Parse(JsonRpc.Request(1, ControlMethods.List, writer => ShortWay.Write(writer, request)).Span)!;
            Assert.Equal(request, line["params"].Deserialize(ControlJson.Default.ListParams));
        }
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
            Assert.Equal(text, Arrived(text));
        }

        Assert.Equal("\ufffd", Arrived("\ud800"));
        Assert.Equal("a\ufffdb", Arrived("a\udc00b"));
    }

    private static string Arrived(string text)
    {
        var line = JsonRpc.Request(1, "method", writer => writer.WriteStringValue(text)).Span;
        // One message a line, so a line's end must never be in one.
        Assert.Equal(line.Length - 1, line.IndexOf((byte)'\n'));
        return JsonNode.Parse(line)!["params"]!.GetValue<string>();
    }
}
