using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace UsbIpCluster.Node.Tests;

/// <summary>Whatever the bytes: a message that can be worked with, or the one exception. The seed makes every run the same.</summary>
public sealed class NodeSerializerFuzzTests : TestKit
{
    private const int Seed = 3240;
    private const int Rounds = 6_000;

    private static readonly string[] Pieces =
    [
        "null", "{}", "[]", "[null]", "\"\"", "true", "-1", "1e400", "18446744073709551616", "\"\\ud800\"", "\"a\\u0000b\"", ",", ":", "}", "{", "]",
        "\"lab1\"", "\"NaN\"", "\"akka.tcp://usbipcluster@lab1:7240\"", "\"entry\":", "\"$type\":\"System.Object\"",
    ];

    private readonly NodeSerializer _serializer;

    public NodeSerializerFuzzTests() => _serializer = new NodeSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public void Changed_bytes_are_survived() => Survives((bytes, random) =>
    {
        for (var times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
            bytes[random.Next(bytes.Count)] = (byte)random.Next(256);
    });

    [Fact]
    public void Removed_bytes_are_survived() => Survives((bytes, random) =>
    {
        var start = random.Next(bytes.Count);
        bytes.RemoveRange(start, random.Next(Math.Min(40, bytes.Count - start)) + 1);
    });

    [Fact]
    public void Inserted_pieces_of_json_are_survived() => Survives((bytes, random) =>
        bytes.InsertRange(random.Next(bytes.Count + 1), Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)])));

    [Fact]
    public void Values_that_are_something_else_are_survived() => Survives((bytes, random) =>
    {
        // From a colon to the next comma or bracket is, mostly, a value.
        var colon = bytes.IndexOf((byte)':', random.Next(bytes.Count));
        var end = colon < 0 ? -1 : bytes.FindIndex(colon, each => each is (byte)',' or (byte)'}' or (byte)']');
        if (end < 0)
            return;
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
    });

    [Fact]
    public void Messages_under_the_manifest_of_another_are_survived()
    {
        foreach (var message in NodeMessages.All)
        {
            foreach (var other in NodeMessages.All)
                Survives(_serializer.ToBinary(message), _serializer.Manifest(other));
        }
    }

    private void Survives(Action<List<byte>, Random> damage)
    {
        var random = new Random(Seed);
        for (var round = 0; round < Rounds; round++)
        {
            var message = NodeMessages.All[round % NodeMessages.All.Length];
            var bytes = new List<byte>(_serializer.ToBinary(message));
            damage(bytes, random);
            Survives([.. bytes], _serializer.Manifest(message));
        }
    }

    private void Survives(byte[] bytes, string manifest)
    {
        try
        {
            Use(_serializer.FromBinary(bytes, manifest));
        }
        catch (SerializationException)
        {
            // What is to be thrown, and nothing else.
        }
        catch (Exception error)
        {
            Assert.Fail($"{manifest}: {Encoding.UTF8.GetString(bytes)}: {error}");
        }
    }

    /// <summary>What the actors do with a message, as far as they do it without looking at it first.</summary>
    private void Use(object message)
    {
        _serializer.ToBinary(message);
        switch (message)
        {
            case InventoryActor.Announce { Entry: var entry }:
                var before = Samples.View("self", Samples.Node("self"));
                var after = Samples.View("self", Samples.Node("self"), entry);
                Assert.NotNull(InventoryEvents.Between(before, after, Samples.Time).ToArray());
                Assert.NotNull(after.Devices.Select(Rows.Of).ToArray());
                Assert.NotNull(after.Find(Samples.Selector("class=hid,product=*")));
                Assert.NotNull(ClusterAddress.Place(entry.Address).Host);
                break;
            case InventoryActor.Delta delta:
                var changed = delta.ApplyTo(Samples.Node(delta.Node.Value, Samples.Entry("1-1"), Samples.Entry("2-1")));
                Assert.Equal(changed.Devices, changed.Devices.OrderBy(device => device.BusId.Value, StringComparer.Ordinal));
                Assert.NotNull(changed.Devices.Select(device => Rows.Of(Samples.Device(delta.Node.Value, device))).ToArray());
                break;
            case InventoryActor.Digest digest:
                Assert.All(digest.Lines, line => Assert.NotEqual("", line.Node.Value));
                break;
            case LeaseGranted granted:
                Assert.All(granted.Endpoints, endpoint => Assert.NotEqual("", endpoint.ToString()));
                break;
        }
    }
}
