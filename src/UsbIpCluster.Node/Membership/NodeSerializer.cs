using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Akka.Actor;
using Akka.Serialization;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// The messages between nodes as bytes: UTF-8 JSON, generated at build time. The set is closed; a manifest that is not in it is refused.
/// No type name is ever on the wire.
/// <para>
/// Nodes of different minor versions are in one cluster, and who gets a message that it does not know refuses it and closes the link. So:
/// </para>
/// <list type="bullet">
/// <item>
/// A <b>field</b> that is added is a parameter with a default, and not <c>JsonRequired</c>. Who does not know it ignores it; where it is
/// missing, the default says what its sender did before there was such a field. It only ever adds: the fields that are there keep their
/// meaning, since older nodes go by them alone.
/// </item>
/// <item>
/// A <b>message</b> that is added has a manifest of its own and the next <see cref="Minor"/>. It is sent to a node whose entry says that
/// version or a later one (<see cref="NodeEntry.Wire"/>); any other, also one that has not said anything yet, is told the same in messages
/// that it understands.
/// </item>
/// <item>
/// A new <b>value</b> of a closed set, such as <see cref="DeviceState"/>, is refused like a new message, and goes by the same rule.
/// </item>
/// <item>Nothing is taken away or changed within a major version; another major version has another <see cref="Identifier"/>.</item>
/// </list>
/// </summary>
internal sealed class NodeSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The minor version of this set of messages. 0 had no <see cref="InventoryActor.Delta"/>.</summary>
    public const int Minor = Examinations;

    /// <summary>The first minor version with <see cref="InventoryActor.Delta"/>.</summary>
    public const int Deltas = 1;

    /// <summary>The first minor version with <see cref="Examine"/> and its answers.</summary>
    public const int Examinations = 2;

    private const int MaxEndpoints = 64;

    // What a message is made of is found out when the first of its kind comes or goes: for all of them it would cost every start.
    private static readonly (string Manifest, Type Type)[] Messages =
    [
        ("knock", typeof(MembershipActor.Knock)),
        ("knock-answer", typeof(MembershipActor.KnockAnswer)),
        ("announce", typeof(InventoryActor.Announce)),
        ("delta", typeof(InventoryActor.Delta)),
        ("digest", typeof(InventoryActor.Digest)),
        ("pull", typeof(InventoryActor.Pull)),
        ("request-lease", typeof(RequestLease)),
        ("lease-granted", typeof(LeaseGranted)),
        ("lease-refused", typeof(LeaseRefused)),
        ("release-lease", typeof(ReleaseLease)),
        ("lease-stolen", typeof(LeaseStolen)),
        ("examine", typeof(Examine)),
        ("examination-begun", typeof(ExaminationBegun)),
        ("examination-done", typeof(ExaminationDone)),
    ];

    /// <inheritdoc/>
    public override int Identifier => 3240;

    /// <summary>Writes and reads what the first peers send; see <see cref="Rehearsal"/>.</summary>
    public static void Rehearse(NodeEntry entry)
    {
        foreach (var message in (INodeMessage[])
        [
            new InventoryActor.Announce(entry),
            new InventoryActor.Delta(entry.Node, 0, 1, 0, Draining: false, entry.Devices.FirstOrDefault(), null),
            new InventoryActor.Digest([new InventoryActor.DigestLine(entry.Node, entry.Incarnation, entry.Version)]),
            new MembershipActor.Knock(Guid.Empty, entry.Address, new ClusterIdentity(entry.Since, Guid.Empty, entry.Address), KnowsYou: false),
        ])
        {
            var type = message.GetType();
            Read(JsonSerializer.SerializeToUtf8Bytes(message, JsonOf(type)), type);
        }
    }

    /// <inheritdoc/>
    public override string Manifest(object o) => Find(o.GetType()).Manifest;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, JsonOf(Find(obj.GetType()).Type));

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The manifest is unknown, or the bytes are no message of that kind.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        foreach (var message in Messages)
        {
            if (message.Manifest == manifest)
                return Read(bytes, message.Type);
        }

        throw new SerializationException($"'{manifest}' is no message of this cluster");
    }

    private static (string Manifest, Type Type) Find(Type type)
    {
        foreach (var message in Messages)
        {
            if (message.Type == type)
                return message;
        }

        throw new SerializationException($"{type.Name} is not sent between nodes");
    }

    private static JsonTypeInfo JsonOf(Type type) => NodeJson.Default.GetTypeInfo(type)!;

    private static object Read(byte[] bytes, Type type)
    {
        object? message;
        try
        {
            message = JsonSerializer.Deserialize(bytes, JsonOf(type));
        }
        catch (JsonException error)
        {
            throw new SerializationException($"a malformed {type.Name}: {error.Message}", error);
        }

        if (message is null)
            throw new SerializationException($"an empty {type.Name}");
        return WhatIsWrong(message) is { } wrong ? throw new SerializationException($"a {type.Name} {wrong}") : message;
    }

    // What the types of the fields do not say. Above all that a list has no null in it.
    private static string? WhatIsWrong(object message) => message switch
    {
        MembershipActor.Knock { From: var from, Cluster: var cluster } => WhatIsWrong(from, cluster),
        MembershipActor.KnockAnswer { From: var from, Cluster: var cluster } => WhatIsWrong(from, cluster),
        InventoryActor.Announce { Entry: var entry } => WhatIsWrong(entry),
        InventoryActor.Delta delta when delta.Version == 0 || !IsCount(delta.Incarnation, delta.Version) =>
            $"of {delta.Node} with numbers that can't be",
        InventoryActor.Digest { Lines: var lines } when lines.Contains(null!) => "with an empty line",
        RequestLease { User: { } user } when !ControlCaller.IsUser(user) => "of a user whose name can't be one",
        LeaseStolen { User: { } user } when !ControlCaller.IsUser(user) => "of a user whose name can't be one",
        LeaseGranted { Endpoints: var endpoints } when endpoints.Length > MaxEndpoints || endpoints.Contains(null!) =>
            "with an empty endpoint, or too many",
        ExaminationDone { Probes: var probes } when probes.Length > ExaminationDone.MaxProbes || probes.Any(IsWrong) =>
            "with a wrong line, or too many",
        _ => null,
    };

    private static string? WhatIsWrong(string from, ClusterIdentity? cluster) =>
        ClusterAddress.IsValid(from) && (cluster is null || ClusterAddress.IsValid(cluster.First)) ? null : "without a valid address";

    private static string? WhatIsWrong(NodeEntry entry)
    {
        if (!ClusterAddress.IsValid(entry.Address))
            return $"of {entry.Node} without a valid address";
        if (!IsCount(entry.Incarnation, entry.Version))
            return $"of {entry.Node} with numbers that can't be";
        if (entry.Endpoints is { } endpoints && (endpoints.Length > MaxEndpoints || endpoints.Contains(null!)))
            return $"of {entry.Node} with an empty endpoint, or too many";
        if (entry.Devices.Length > NodeEntry.MaxDevices || entry.Devices.Contains(null!))
            return $"of {entry.Node} with an empty device, or too many";
        return entry.Devices.DistinctBy(device => device.BusId).Count() < entry.Devices.Length
            ? $"of {entry.Node} with two devices of one bus id"
            : null;
    }

    private static bool IsWrong(Probe? probe) =>
        probe is null || probe.Failure?.Length > Probe.MaxFailure || !ClusterAddress.IsValid(probe.Target);

    private static bool IsCount(long incarnation, long version) =>
        incarnation >= 0 && incarnation <= NodeEntry.MaxIncarnation && version >= 0;
}
