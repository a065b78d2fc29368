using System.Collections.Immutable;
using System.Runtime.Serialization;
using System.Text;
using System.Text.Json.Nodes;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class NodeSerializerTests : TestKit
{
    private readonly NodeSerializer _serializer;

    public NodeSerializerTests() => _serializer = new NodeSerializer((ExtendedActorSystem)Sys);

    public static TheoryData<int> EachMessage => [.. Enumerable.Range(0, NodeMessages.All.Length)];

    [Fact]
    public void The_set_of_messages_is_closed_and_has_all_of_them()
    {
        var types = typeof(INodeMessage).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(INodeMessage)));
        Assert.Equal(
            types.OrderBy(type => type.Name),
            NodeMessages.All.Select(message => message.GetType()).Distinct().OrderBy(type => type.Name));
    }

    [Fact]
    public void No_two_kinds_of_messages_share_a_manifest()
    {
        var manifests = NodeMessages.All.DistinctBy(message => message.GetType()).Select(message => _serializer.Manifest(message)).ToArray();
        Assert.Equal(manifests, manifests.Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(EachMessage))]
    public void A_message_arrives_as_it_was_sent(int index)
    {
        var message = NodeMessages.All[index];
        var bytes = _serializer.ToBinary(message);
        var read = _serializer.FromBinary(bytes, _serializer.Manifest(message));
        Assert.IsType(message.GetType(), read);
        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(_serializer.ToBinary(read)));
    }

    [Fact]
    public void A_device_arrives_with_everything_that_is_known_of_it()
    {
        var sent = (InventoryActor.Announce)NodeMessages.All[0];
        var read = Assert.IsType<InventoryActor.Announce>(RoundTrip(sent)).Entry;
        Assert.Equal(sent.Entry.Devices.ToArray(), read.Devices.ToArray());
        Assert.Equal(sent.Entry, read with { Devices = sent.Entry.Devices, Endpoints = sent.Entry.Endpoints });
    }

    [Fact]
    public void A_lease_arrives_with_its_secret_and_every_endpoint()
    {
        var sent = NodeMessages.All.OfType<LeaseGranted>().Single();
        var read = Assert.IsType<LeaseGranted>(RoundTrip(sent));
        Assert.Equal(sent.Endpoints.ToArray(), read.Endpoints.ToArray());
        Assert.Equal(sent, read with { Endpoints = sent.Endpoints });
    }

    [Fact]
    public void No_type_name_is_on_the_wire() => Assert.All(NodeMessages.All, message =>
    {
        var name = message.GetType().Name;
        Assert.DoesNotContain(name, _serializer.Manifest(message), StringComparison.Ordinal);
        Assert.DoesNotContain("$type", Encoding.UTF8.GetString(_serializer.ToBinary(message)), StringComparison.Ordinal);
    });

    [Fact]
    public void A_field_that_this_version_does_not_know_is_ignored() =>
        Assert.IsType<InventoryActor.Pull>(Read("pull", """{ "since": [1, 2, { "x": null }] }"""));

    [Theory]
    [MemberData(nameof(EachMessage))]
    public void A_field_that_a_later_version_adds_is_ignored_wherever_it_is(int index)
    {
        var (manifest, document) = Document(index);
        var later = document.DeepClone().AsObject();
        foreach (var path in Fields(document).Where(path => Find(document, path) is JsonObject).Prepend([]))
            ((JsonObject)Find(later, path)!)["later"] = JsonNode.Parse("""{ "list": [1, "2", { "x": null }] }""");
        Assert.Equal(document.ToJsonString(), Document((INodeMessage)Read(manifest, later.ToJsonString())).ToJsonString());
    }

    [Fact]
    public void A_field_that_an_older_version_does_not_have_is_what_it_did_before()
    {
        var (manifest, document) = Document(0);
        document["entry"]!.AsObject().Remove("wire");
        document["entry"]!.AsObject().Remove("endpoints");
        document.Remove("question");
        var announce = Assert.IsType<InventoryActor.Announce>(Read(manifest, document.ToJsonString()));
        Assert.Equal((0, null, Guid.Empty), (announce.Entry.Wire, announce.Entry.Endpoints, announce.Question));
        Assert.Equal(new InventoryActor.Pull(Guid.Empty), Read("pull", "{}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Announce")]
    [InlineData("pull ")]
    [InlineData("System.String, mscorlib")]
    public void An_unknown_manifest_is_refused(string manifest) =>
        Assert.Throws<SerializationException>(() => _serializer.FromBinary("{}"u8.ToArray(), manifest));

    [Fact]
    public void What_is_not_sent_between_nodes_has_no_manifest_and_no_bytes()
    {
        Assert.Throws<SerializationException>(() => _serializer.Manifest(new InventoryActor.GetView()));
        Assert.Throws<SerializationException>(() => _serializer.ToBinary("text"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("\"pull\"")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{ 'a': 1 }")]
    [InlineData("\u0000")]
    public void What_is_no_json_object_is_refused(string json) => AssertRefused("pull", json);

    [Fact]
    public void Bytes_that_are_no_text_are_refused() => Assert.Throws<SerializationException>(
        () => _serializer.FromBinary([(byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}'], "lease-refused"));

    [Fact]
    public void A_deeply_nested_message_is_refused() =>
        AssertRefused("digest", $$"""{ "lines": {{new string('[', 10_000)}}{{new string(']', 10_000)}} }""");

    [Theory]
    [MemberData(nameof(EachMessage))]
    public void Every_field_must_be_there(int index)
    {
        var (manifest, document) = Document(index);
        // But for the parts of a class triple, which are 0 then, and for what came with a later minor version.
        foreach (var path in Fields(document).Where(path => !IsTriple(path) && !IsLater(manifest, path)))
            AssertRefused(manifest, Changed(document, path, (parent, name) => parent.Remove(name)), string.Join('.', path));
    }

    [Theory]
    [MemberData(nameof(EachMessage))]
    public void No_field_that_a_message_needs_may_be_null(int index)
    {
        var (manifest, document) = Document(index);
        foreach (var path in Fields(document).Where(path => !IsOptional(path)))
            AssertRefused(manifest, Changed(document, path, (parent, name) => parent[name] = null), string.Join('.', path));
    }

    [Theory]
    [MemberData(nameof(EachMessage))]
    public void A_field_without_a_value_is_null(int index)
    {
        var (manifest, document) = Document(index);
        foreach (var path in Fields(document).Where(IsOptional))
            Read(manifest, Changed(document, path, (parent, name) => parent[name] = null));
    }

    [Theory]
    [MemberData(nameof(EachMessage))]
    public void No_item_of_a_list_may_be_null(int index)
    {
        var (manifest, document) = Document(index);
        foreach (var path in Fields(document).Where(path => Find(document, path) is JsonArray))
            AssertRefused(manifest, Changed(document, path, (parent, name) => ((JsonArray)parent[name]!).Add(null)), string.Join('.', path));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("true")]
    [InlineData("1.5")]
    [InlineData("-99999999999999999999999999")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"-- no value --\"")]
    public void A_field_of_another_kind_is_refused(string json)
    {
        for (var index = 0; index < NodeMessages.All.Length; index++)
        {
            var (manifest, document) = Document(index);
            foreach (var path in Fields(document).Where(path => !Takes(Find(document, path), json)))
                AssertRefused(manifest, Replaced(document, path, json), string.Join('.', path));
        }
    }

    [Theory]
    [InlineData("knock", "from", "\"lab1:7240\"")]
    [InlineData("knock", "cluster.first", "\"lab1\"")]
    [InlineData("knock-answer", "from", "\"\"")]
    [InlineData("knock-answer", "cluster.formedAt", "\"tomorrow\"")]
    [InlineData("knock-answer", "cluster.id", "\"1\"")]
    [InlineData("lease-refused", "refusal", "99")]
    [InlineData("lease-refused", "refusal", "\"2\"")]
    [InlineData("announce", "entry.devices.0.state", "3")]
    [InlineData("announce", "entry.devices.0.speed", "\"high, low\"")]
    [InlineData("announce", "entry.devices.0.vendorId", "65536")]
    [InlineData("announce", "entry.devices.0.busId", "\"../1\"")]
    [InlineData("announce", "entry.devices.0.interfaces.0.class", "256")]
    [InlineData("announce", "entry.node", "\"lab 1\"")]
    [InlineData("announce", "entry.incarnation", "-1")]
    [InlineData("announce", "entry.incarnation", "3155378976000000000")]
    [InlineData("announce", "entry.version", "-1")]
    [InlineData("announce", "question", "\"1\"")]
    [InlineData("delta", "incarnation", "3155378976000000000")]
    [InlineData("delta", "version", "0")]
    [InlineData("delta", "version", "-9223372036854775808")]
    [InlineData("delta", "put.state", "\"Lost\"")]
    [InlineData("delta", "put.busId", "\"../1\"")]
    [InlineData("delta", "gone", "\"a/b\"")]
    [InlineData("announce", "entry.since", "\"tomorrow\"")]
    [InlineData("announce", "entry.endpoints", "[null]")]
    [InlineData("announce", "entry.endpoints", "[\"lab1\"]")]
    [InlineData("examine", "within", "\"soon\"")]
    [InlineData("examination-done", "probes.0", "null")]
    [InlineData("examination-done", "probes.0.door", "\"Window\"")]
    [InlineData("examination-done", "probes.0.target", "\"lab1:7240\"")]
    [InlineData("digest", "lines.0.node", "\"\"")]
    [InlineData("lease-granted", "leaseId", "\"00\"")]
    [InlineData("lease-granted", "epoch", "\"-1\"")]
    [InlineData("lease-granted", "epoch", "\"18446744073709551616\"")]
    [InlineData("lease-granted", "endpoints.0", "\"lab1\"")]
    [InlineData("lease-granted", "endpoints.0", "\"lab1:65536\"")]
    [InlineData("lease-granted", "expiry", "\"soon\"")]
    [InlineData("request-lease", "holder.attachment", "\"a0\"")]
    [InlineData("release-lease", "holder.node", "\"a/b\"")]
    public void A_value_that_is_none_is_refused(string manifest, string path, string json)
    {
        var document = NodeMessages.All.Where(message => _serializer.Manifest(message) == manifest).Select(Document).First();
        AssertRefused(manifest, Replaced(document, path.Split('.'), json));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lab1:7240")]
    [InlineData("akka.tcp://")]
    [InlineData("akka.tcp://usbipcluster")]
    [InlineData("akka.tcp://usbipcluster@lab1")]
    [InlineData("akka.tcp://usbipcluster@lab1:0")]
    [InlineData("akka.tcp://usbipcluster@lab1:-1")]
    [InlineData("akka.tcp://usbipcluster@lab1:65536")]
    [InlineData("akka.tcp://other@lab1:7240")]
    [InlineData("akka.tcp://usbipcluster@:7240")]
    [InlineData("akka.tcp://usbipcluster@lab1:7240/user/node")]
    [InlineData("akka.tcp://usbipcluster@lab1:7240\n")]
    [InlineData("akka.tcp://usbipcluster@la b1:7240")]
    [InlineData("http://usbipcluster@lab1:7240")]
    [InlineData("akka.tcp://usbipcluster@[fd00::1:7240")]
    public void An_entry_whose_address_is_none_is_refused(string address) =>
        Assert.Throws<SerializationException>(() => RoundTrip(new InventoryActor.Announce(Samples.Node("lab1") with { Address = address })));

    [Theory]
    [InlineData("akka.tcp://usbipcluster@lab1:7240")]
    [InlineData("akka.tcp://usbipcluster@10.0.0.1:1")]
    [InlineData("akka.tcp://usbipcluster@[fd00::1]:65535")]
    public void An_entry_has_the_address_of_a_node(string address) =>
        Assert.Equal(address, Assert.IsType<InventoryActor.Announce>(
            RoundTrip(new InventoryActor.Announce(Samples.Node("lab1") with { Address = address }))).Entry.Address);

    [Fact]
    public void An_entry_has_4096_devices_at_most()
    {
        var entry = Samples.Node("lab1", [.. Enumerable.Range(0, 4096).Select(number => Samples.Entry($"1-{number}"))]);
        RoundTrip(new InventoryActor.Announce(entry));
        var more = entry with { Devices = entry.Devices.Add(Samples.Entry("2-1")) };
        Assert.Throws<SerializationException>(() => RoundTrip(new InventoryActor.Announce(more)));
    }

    [Fact]
    public void An_entry_names_no_device_twice() => Assert.Throws<SerializationException>(
        () => RoundTrip(new InventoryActor.Announce(Samples.Node("lab1", Samples.Entry("1-1"), Samples.Entry("1-1")))));

    [Fact]
    public void A_lease_names_64_endpoints_at_most()
    {
        var lease = NodeMessages.All.OfType<LeaseGranted>().Single();
        ImmutableArray<NetworkAddress> most = [.. Enumerable.Range(1, 64).Select(port => new NetworkAddress("lab1", port))];
        RoundTrip(lease with { Endpoints = most });
        Assert.Throws<SerializationException>(() => RoundTrip(lease with { Endpoints = most.Add(new NetworkAddress("lab1", 65)) }));
    }

    private object RoundTrip(INodeMessage message) => _serializer.FromBinary(_serializer.ToBinary(message), _serializer.Manifest(message));

    private object Read(string manifest, string json) => _serializer.FromBinary(Encoding.UTF8.GetBytes(json), manifest);

    private void AssertRefused(string manifest, string json, string what = "")
    {
        var thrown = Record.Exception(() => Read(manifest, json));
        Assert.True(thrown is SerializationException, $"{manifest} {what}: {(thrown is null ? "was taken" : thrown.ToString())}: {json}");
    }

    private (string Manifest, JsonObject Document) Document(int index) =>
        (_serializer.Manifest(NodeMessages.All[index]), Document(NodeMessages.All[index]));

    private JsonObject Document(INodeMessage message) => JsonNode.Parse(_serializer.ToBinary(message))!.AsObject();

    private static string Changed(JsonObject document, string[] path, Action<JsonObject, string> change)
    {
        var copy = document.DeepClone().AsObject();
        change((JsonObject)Find(copy, path[..^1])!, path[^1]);
        return copy.ToJsonString();
    }

    // Not every text that a peer can send is a node that could be put into the document.
    private static string Replaced(JsonObject document, string[] path, string json)
    {
        const string Here = "-- here --";
        var copy = document.DeepClone().AsObject();
        if (Find(copy, path[..^1]) is JsonArray list)
            list[int.Parse(path[^1])] = Here;
        else
            ((JsonObject)Find(copy, path[..^1])!)[path[^1]] = Here;
        return copy.ToJsonString().Replace($"\"{Here}\"", json, StringComparison.Ordinal);
    }

    private static JsonNode? Find(JsonNode document, string[] path) => path.Aggregate(
        (JsonNode?)document, (node, name) => node is JsonArray list ? list[int.Parse(name)] : node![name]);

    /// <summary>The path of every field, through objects and lists.</summary>
    private static IEnumerable<string[]> Fields(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Fields(field.Value).Select(rest => (string[])[field.Key, .. rest]).Prepend([field.Key])),
        JsonArray items => items.SelectMany((item, index) => Fields(item).Select(rest => (string[])[index.ToString(), .. rest])),
        _ => [],
    };

    private static bool IsTriple(string[] path) => path is [.., "class" or "subClass" or "protocol"];

    private static bool IsLater(string manifest, string[] path) => (manifest, path) is
        ("announce" or "pull", ["question"]) or ("announce", ["entry", "wire" or "endpoints"]);

    private static bool IsOptional(string[] path) =>
        path is ["entry", "devices", _, "serial" or "manufacturer" or "product" or "holder" or "name" or "user"]
            or ["entry", "endpoints"]
            or ["probes", _, "failure"]
            or ["put", "serial" or "manufacturer" or "product" or "holder" or "name" or "user"]
            or ["user" or "instead" or "heldBy" or "cluster" or "put" or "gone"];

    private static bool Takes(JsonNode? value, string json) => value switch
    {
        JsonObject => json == "{}",
        JsonArray => json == "[]",
        // Free texts take every text, and what has none can have one.
        JsonValue truth when truth.TryGetValue<bool>(out _) => json == "true",
        JsonValue text when !text.TryGetValue<string>(out _) => false,
        _ => json == "\"-- no value --\"",
    };
}
