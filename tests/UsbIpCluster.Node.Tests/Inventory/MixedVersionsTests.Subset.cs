using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Akka.Actor;
using Akka.Cluster;
using Akka.Serialization;
using Akka.Subset;
using Akka.TestKit.Xunit2;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// Two nodes' memberships and inventories, each in a system of its own, over TCP: lab1 is of this version, lab2 of an older or later minor
/// one.
/// </summary>
public sealed class MixedVersionsTests : TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(20);

    private readonly List<VersionedNode> _nodes = [];

    /// <summary>What a node's serializer knows.</summary>
    public enum Dialect
    {
        /// <summary>The messages and fields before <see cref="InventoryActor.Delta"/>.</summary>
        Older,

        /// <summary>Those of this version.</summary>
        Present,

        /// <summary>Also fields of which this version has never heard.</summary>
        Later,
    }

    [Theory]
    [InlineData(Dialect.Older)]
    [InlineData(Dialect.Present)]
    [InlineData(Dialect.Later)]
    public async Task Nodes_of_different_minor_versions_are_one_cluster_and_hear_of_each_others_changes(Dialect dialect)
    {
        var (lab1, lab2) = await MeetAsync(dialect);
        foreach (var (writer, reader) in new[] { (lab1, lab2), (lab2, lab1) })
        {
            foreach (var change in (object[])
            [
                new InventoryActor.LocalDevice(Samples.Entry("1-2")),
                new InventoryActor.LocalDevice(Samples.Entry("1-1")),
                new InventoryActor.LocalDevice(Samples.Entry("1-2", DeviceState.Leased, "lab1/a1")),
                new InventoryActor.LocalDeviceGone(BusId.Parse("1-1")),
                new InventoryActor.LocalAttachments(3),
                new InventoryActor.LocalDraining(true),
            ])
            {
                writer.Inventory.Tell(change, ActorRefs.NoSender);
                await AwaitAssertAsync(
                    async () => AssertSame(await writer.EntryOfAsync(writer.Name), await reader.EntryOfAsync(writer.Name)), Soon, Often);
            }

            Assert.Equal(6, (await reader.EntryOfAsync(writer.Name))!.Version);
        }

        // What was not told at once would only have come with a digest.
        var deltas = dialect == Dialect.Older ? 0 : 6;
        Assert.All([lab1, lab2], node => Assert.Equal(deltas, node.Received.GetValueOrDefault("delta")));
        Assert.Equal(dialect == Dialect.Older ? 0 : NodeSerializer.Minor, (await lab2.EntryOfAsync(lab1.Name))!.Wire);
        AssertUndisturbed();
    }

    [Fact]
    public async Task A_message_that_an_older_version_does_not_know_would_close_its_link()
    {
        var (lab1, lab2) = await MeetAsync(Dialect.Older);
        var delta = new InventoryActor.Delta(lab1.Name, 1, 1, 0, Draining: false, Samples.Entry("1-1"), Gone: null);
        lab1.Select(lab2).Tell(delta, lab1.Inventory);
        await AwaitAssertAsync(
            () => Assert.Equal((1, 1), (lab2.Statistics.Unknown, lab2.Statistics.Refused)), Soon, Often);
    }

    [Fact]
    public async Task A_member_that_speaks_for_another_one_is_left_out_and_said_once()
    {
        var (lab1, lab2) = await MeetAsync(Dialect.Present);
        var other = Samples.Node("lab3") with { Address = "akka.tcp://usbipcluster@127.0.0.1:1" };
        for (var version = 1; version <= 3; version++)
            lab2.Select(lab1).Tell(new InventoryActor.Announce(other with { Version = version }), lab2.Inventory);

        // What it says of itself comes after that.
        lab2.Inventory.Tell(new InventoryActor.LocalAttachments(1), ActorRefs.NoSender);
        await AwaitAssertAsync(async () => Assert.Equal(1, (await lab1.EntryOfAsync(lab2.Name))?.Attachments), Soon, Often);
        Assert.Null(await lab1.EntryOfAsync(other.Node));
        Assert.Single(lab1.Own.Entries, entry => entry.Message.Contains($"the node at {lab2.Address} speaks for lab3", StringComparison.Ordinal));
        AssertUndisturbed();
    }

    [Fact]
    public async Task A_member_whose_answer_is_still_to_come_is_out_of_date_whatever_else_it_says()
    {
        var (lab1, lab2) = await MeetAsync(Dialect.Present);

        // It tells of two changes, the ones before are lost, and who is asked for them does not answer.
        for (var version = 3; version <= 4; version++)
        {
            var delta = new InventoryActor.Delta(lab2.Name, 1, version, 0, Draining: false, Put: null, Gone: null);
            lab2.Select(lab1).Tell(delta, lab2.Silent);
        }

        // What comes after that has been heard, so they have, too.
        lab2.Inventory.Tell(new InventoryActor.LocalAttachments(1), ActorRefs.NoSender);
        await AwaitAssertAsync(async () => Assert.Equal(1, (await lab1.EntryOfAsync(lab2.Name))?.Attachments), Soon, Often);
        Assert.NotEqual(TimeSpan.Zero, lab1.Lag.Longest);
    }

    protected override void AfterAll()
    {
        Task.WaitAll([.. _nodes.Select(node => node.System.Terminate())], Soon);
        base.AfterAll();
    }

    private async Task<(VersionedNode Lab1, VersionedNode Lab2)> MeetAsync(Dialect dialect)
    {
        var lab1 = await VersionedNode.StartAsync(Samples.Lab1, Dialect.Present, null);
        _nodes.Add(lab1);
        var lab2 = await VersionedNode.StartAsync(Samples.Lab2, dialect, ClusterAddress.Place(lab1.Address));
        _nodes.Add(lab2);
        await AwaitAssertAsync(
            async () =>
            {
                Assert.NotNull(await lab1.EntryOfAsync(lab2.Name));
                Assert.NotNull(await lab2.EntryOfAsync(lab1.Name));
            },
            Soon,
            Often);
        return (lab1, lab2);
    }

    private void AssertUndisturbed() => Assert.All(_nodes, node =>
    {
        Assert.Equal((0, 0), (node.Statistics.Unknown, node.Statistics.Refused));
        Assert.DoesNotContain(node.Log, line => line.StartsWith("No connection", StringComparison.Ordinal));
        Assert.DoesNotContain(node.Log, line => line.EndsWith("again", StringComparison.Ordinal));
    });

    private static void AssertSame(NodeEntry? said, NodeEntry? known)
    {
        Assert.NotNull(said);
        Assert.NotNull(known);
        Assert.Equal(said.Devices.ToArray(), known.Devices.ToArray());
        Assert.Equal(said with { Devices = [], Wire = 0 }, known with { Devices = [], Wire = 0 });
    }

    private sealed class VersionedNode
    {
        private VersionedNode(NodeName name, Dialect dialect)
        {
            Name = name;
            System = SubsetSystem.Create(ClusterAddress.SystemName, new SubsetSettings
            {
                Log = (_, _, text, _) => Log.Enqueue(text),
                Remote = new SubsetRemoteSettings
                {
                    Listen = new IPEndPoint(IPAddress.Loopback, 0),
                    Serializers = [system => Details(new DialectSerializer(system, dialect, Received))],
                },
            });
            System.LogTo(Own);
            Address = Cluster.Get(System).SelfAddress.ToString();
        }

        public NodeName Name { get; }

        public ActorSystem System { get; }

        public string Address { get; }

        public IActorRef Inventory { get; private set; } = ActorRefs.Nobody;

        /// <summary>An actor of this node that answers nothing.</summary>
        public IActorRef Silent { get; private set; } = ActorRefs.Nobody;

        /// <summary>What the inventory knows to be missing.</summary>
        public InventoryLag Lag { get; } = new(TimeProvider.System);

        /// <summary>What the actor system says.</summary>
        public ConcurrentQueue<string> Log { get; } = [];

        /// <summary>What its actors say.</summary>
        public TestLog Own { get; } = new();

        /// <summary>How many messages have come, by manifest.</summary>
        public ConcurrentDictionary<string, int> Received { get; } = [];

        public SubsetRemoteStatistics Statistics => SubsetSystem.RemoteStatistics(System);

        public static async Task<VersionedNode> StartAsync(NodeName name, Dialect dialect, NetworkAddress? seed)
        {
            var node = new VersionedNode(name, dialect);
            var stage = new Stage(node.System);
            var link = new ClusterLink(node.System);
            var settings = new MembershipSettings(seed is null ? [] : [seed], new KnownMembersFile(TempState.New()), TimeSpan.FromHours(1));
            var self = Samples.Node(name.Value) with { Address = node.Address, Version = 0, Wire = dialect == Dialect.Older ? 0 : NodeSerializer.Minor };
            ClusterAim? aim = null;
            Action<NewBeginning> beginAnew = beginning => node.Log.Enqueue($"begins again: {beginning.Reason}");
            var membership = await stage.AddAsync(Props.Create(() => new MembershipActor(settings, link, aim, beginAnew)), "membership");
            var names = new PeerNames();
            var lag = node.Lag;
            node.Inventory = await stage.AddAsync(Props.Create(() => new InventoryActor(self, membership, names, lag)), "inventory");
            node.Silent = await stage.AddAsync(Props.Create(() => new Mute()), "silent");
            return node;
        }

        public async Task<NodeEntry?> EntryOfAsync(NodeName node) =>
            (await Inventory.Ask<InventoryActor.Changed>(new InventoryActor.GetView(), Soon)).View.Nodes.GetValueOrDefault(node)?.Entry;

        private static SerializerDetails Details(Serializer serializer) =>
            SerializerDetails.Create("node", serializer, [typeof(INodeMessage)]);

        /// <summary>The inventory of another node, from here.</summary>
        public ActorSelection Select(VersionedNode other) => System.ActorSelection($"{other.Address}/user/node/inventory");
    }

    private sealed class Mute : ReceiveActor
    {
        public Mute() => ReceiveAny(_ => { });
    }

    /// <summary>What another version writes and reads, by what this one does.</summary>
    private sealed class DialectSerializer(ExtendedActorSystem system, Dialect dialect, ConcurrentDictionary<string, int> received)
        : SerializerWithStringManifest(system)
    {
        // As they were; later ones are not to be added here.
        private static readonly ImmutableHashSet<string> Older =
        [
            "knock", "knock-answer", "announce", "digest", "pull",
            "request-lease", "lease-granted", "lease-refused", "release-lease", "lease-stolen",
        ];

        private readonly NodeSerializer _present = new(system);

        public override int Identifier => _present.Identifier;

        public override string Manifest(object o) => Known(_present.Manifest(o));

        public override byte[] ToBinary(object obj) => Translate(_present.ToBinary(obj), _present.Manifest(obj));

        public override object FromBinary(byte[] bytes, string manifest)
        {
            received.AddOrUpdate(manifest, 1, (_, count) => count + 1);
            return _present.FromBinary(dialect == Dialect.Older ? Translate(bytes, manifest) : bytes, Known(manifest));
        }

        private string Known(string manifest) => dialect != Dialect.Older || Older.Contains(manifest)
            ? manifest
            : throw new SerializationException($"'{manifest}' is no message of this version");

        private byte[] Translate(byte[] bytes, string manifest)
        {
            var message = JsonNode.Parse(bytes)!.AsObject();
            switch (dialect)
            {
                case Dialect.Older:
                    if (manifest is "pull" or "announce")
                        message.Remove("question");
                    message["entry"]?.AsObject().Remove("wire");
                    message["entry"]?.AsObject().Remove("endpoints");
                    break;
                case Dialect.Later:
                    AddTo(message);
                    break;
            }

            return JsonSerializer.SerializeToUtf8Bytes(message);
        }

        private static void AddTo(JsonNode? node)
        {
            if (node is JsonArray list)
            {
                foreach (var item in list)
                    AddTo(item);
            }
            else if (node is JsonObject fields)
            {
                foreach (var (_, value) in fields.ToArray())
                    AddTo(value);
                fields["later"] = JsonNode.Parse("""{ "list": [1, "2", { "x": null }] }""");
            }
        }
    }
}
