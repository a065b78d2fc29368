using System.Collections.Immutable;
using System.Text.Json.Serialization;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>What the state folder keeps of a device that is exported, or was: <c>devices/BUSID.json</c>.</summary>
/// <param name="VendorId">idVendor of the device that the rest is about.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Serial">iSerial's string, when it has one.</param>
/// <param name="Epoch">Of the last lease of any device at that bus id.</param>
/// <param name="Lease">Who holds the device, or may come back to it; null when nobody.</param>
/// <param name="Rule">The rule that exports the device, or did when it was bound; null when none. The first form did not have it.</param>
internal sealed record DeviceRecord(
    ushort VendorId, ushort ProductId, string? Serial, Epoch Epoch, LeaseRecord? Lease, RuleRecord? Rule = null);

/// <summary>What a rule of the configuration says of a device that it exports, as text.</summary>
internal sealed record RuleRecord(string? Name, ImmutableArray<string> Allow, ImmutableArray<string> Deny);

/// <summary>A lease without its id, which is only good for a moment.</summary>
/// <param name="Holder">Who holds it.</param>
/// <param name="User">For whom.</param>
/// <param name="Secret">Lets the holder resume.</param>
internal sealed record LeaseRecord(Holder Holder, string? User, ResumeSecret Secret);

/// <summary>What the state folder keeps of <c>usbipc bind</c> and <c>unbind</c>: <c>exports.json</c>, oldest first.</summary>
internal sealed record KeptExports(ImmutableArray<KeptExportLine> Exports);

/// <summary>A <see cref="KeptExport"/> as text.</summary>
internal sealed record KeptExportLine(
    string Match, bool Export, string? Name, ImmutableArray<string>? Allow, ImmutableArray<string>? Deny, bool Protected, bool All = false);

/// <summary>What the state folder keeps of this node's attachments: <c>attachments.json</c>.</summary>
/// <param name="LastId">The number of the last one; no later one has it again.</param>
/// <param name="Version">Which form it has. The first had no number, and only the last id.</param>
/// <param name="Rules">What <c>attach --all</c> asked for.</param>
/// <param name="Attachments">What is to be attached.</param>
internal sealed record KeptAttachments(
    uint LastId,
    int Version = 1,
    ImmutableArray<KeptRuleLine>? Rules = null,
    ImmutableArray<KeptAttachmentLine>? Attachments = null)
{
    /// <summary>The last form that this program knows.</summary>
    public const int CurrentVersion = 3;

    /// <summary>The form without holds, which is written as long as there are none: an earlier program understands it.</summary>
    public const int WithoutHolds = 2;
}

/// <summary>An <see cref="AttachmentRule"/> as text.</summary>
internal sealed record KeptRuleLine(AttachmentId Id, string Match, string? User, ImmutableArray<string> Except);

/// <summary>An attachment: its plan, and what lets it go on where it was. It is of a device that matches, or of one of a plain server.</summary>
internal sealed record KeptAttachmentLine(
    AttachmentId Id,
    string? Match,
    NetworkAddress? Server,
    BusId? BusId,
    bool Once,
    string? User,
    AttachmentId? Rule,
    int Reattaches,
    AttachedDevice? Device,
    KeptLeaseLine? Lease,
    KeptSessionLine? Session,
    KeptHoldLine? Hold = null);

/// <summary>A <see cref="HeldLease"/> without its id, which is only good for a moment.</summary>
internal sealed record KeptLeaseLine(
    NodeName Exporter, string Address, BusId BusId, Epoch Epoch, ImmutableArray<NetworkAddress> Endpoints, ResumeSecret Secret);

/// <summary>A <see cref="PortSession"/>.</summary>
internal sealed record KeptSessionLine(int Port, string Host, string Service, BusId BusId, uint DeviceId);

/// <summary>An <see cref="AttachmentHold"/>. Without a process it was a connection, which ended with the daemon.</summary>
internal sealed record KeptHoldLine(Guid Key, int? Process, ulong Start, string? Boot);

/// <summary>What the state folder keeps of the cluster: where the members were, <c>members.json</c>.</summary>
internal sealed record KeptMembers(ImmutableArray<NetworkAddress> Members);

/// <summary>The JSON of the state folder, indented: people look at it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(NodeNameJson), typeof(BusIdJson), typeof(AttachmentIdJson), typeof(EpochJson), typeof(ResumeSecretJson),
        typeof(NetworkAddressJson)])]
[JsonSerializable(typeof(DeviceRecord))]
[JsonSerializable(typeof(KeptExports))]
[JsonSerializable(typeof(KeptAttachments))]
[JsonSerializable(typeof(KeptMembers))]
internal sealed partial class StateJson : JsonSerializerContext;
