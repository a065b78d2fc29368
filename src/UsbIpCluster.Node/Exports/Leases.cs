using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Serialization;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>From an importer to the exporter's node: may this attachment have that device?</summary>
/// <param name="BusId">The device.</param>
/// <param name="Holder">For whom.</param>
/// <param name="User">Who asked for the attachment, as the importer's node says; null when it does not know.</param>
/// <param name="Instead">
/// An attachment of the same node that is no more: what it still holds, this one takes over. Null when there is none.
/// </param>
/// <param name="Steal">Whether the device is to be taken from whoever holds it.</param>
internal sealed record RequestLease(
    BusId BusId,
    Holder Holder,
    [property: JsonRequired] string? User = null,
    [property: JsonRequired] AttachmentId? Instead = null,
    [property: JsonRequired] bool Steal = false) : INodeMessage
{
    /// <summary>How long the answer is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
}

/// <summary>The answer that lets the importer connect.</summary>
/// <param name="LeaseId">Named once, on the data connection, before <paramref name="Expiry"/> has passed.</param>
/// <param name="Epoch">Higher than that of every lease of the device before.</param>
/// <param name="BusId">The device.</param>
/// <param name="Endpoints">Where to connect, in order.</param>
/// <param name="Expiry">How long the lease waits for its connection.</param>
/// <param name="Secret">Lets the holder come back while the cluster is cut; goes to nobody else.</param>
internal sealed record LeaseGranted(
    LeaseId LeaseId,
    Epoch Epoch,
    BusId BusId,
    ImmutableArray<NetworkAddress> Endpoints,
    TimeSpan Expiry,
    ResumeSecret Secret) : INodeMessage;

/// <summary>Why a lease is refused.</summary>
internal enum LeaseRefusal
{
    /// <summary>No device of that bus id.</summary>
    NoSuchDevice,

    /// <summary>Its own driver has it.</summary>
    NotExported,

    /// <summary>Somebody else holds it.</summary>
    Busy,

    /// <summary>The policy of the device does not allow it.</summary>
    Denied,

    /// <summary>The node gives out no new leases.</summary>
    Draining,

    /// <summary>The exporter tried and could not.</summary>
    Failed,
}

/// <summary>The answer that says no.</summary>
/// <param name="Refusal">Why.</param>
/// <param name="Message">For the person who asked.</param>
/// <param name="HeldBy">Who holds the device; null when nobody does, or nobody with a lease.</param>
internal sealed record LeaseRefused(
    LeaseRefusal Refusal, string Message, [property: JsonRequired] Holder? HeldBy = null) : INodeMessage;

/// <summary>From the exporter to the node of an attachment that had a device: it was taken away on command, and is not to be fought for.</summary>
/// <param name="Exporter">Who says so.</param>
/// <param name="BusId">The device.</param>
/// <param name="Holder">Who had it.</param>
/// <param name="Epoch">Of the lease that is worthless now.</param>
/// <param name="By">Who has it now.</param>
/// <param name="User">For whom, as that node says.</param>
internal sealed record LeaseStolen(
    NodeName Exporter, BusId BusId, Holder Holder, Epoch Epoch, Holder By, string? User) : INodeMessage;

/// <summary>From an importer that has detached: the device need not be kept for it. A stale epoch says nothing.</summary>
internal sealed record ReleaseLease(BusId BusId, Holder Holder, Epoch Epoch) : INodeMessage;

/// <summary>A lease as the exporter keeps it.</summary>
/// <param name="Id">What the connection must name; null once it has been used, when the device is only kept for its holder.</param>
/// <param name="Holder">Who may use the device.</param>
/// <param name="Epoch">Which of the device's leases it is.</param>
/// <param name="User">For whom, as the holder's node says.</param>
/// <param name="Secret">Lets the holder resume.</param>
internal sealed record Lease(LeaseId? Id, Holder Holder, Epoch Epoch, string? User, ResumeSecret Secret);

/// <summary>A session that has the device.</summary>
/// <param name="User">The holder, or the address of a plain USB/IP client.</param>
/// <param name="Lease">The lease under which it was begun; null for a plain client.</param>
internal sealed record Session(string User, Lease? Lease)
{
    /// <summary>A session that was there before this daemon, and of which nothing is known.</summary>
    public static Session Unknown { get; } = new("unknown", null);

    /// <summary>The session of a lease's holder.</summary>
    public static Session Of(Lease lease) => new(lease.Holder.ToString(), lease);
}

/// <summary>What every device of this node needs to know of its node.</summary>
/// <param name="Node">This node.</param>
/// <param name="Endpoints">Where importers reach its USB/IP listener, in order.</param>
/// <param name="Rules">What the configuration exports at the start.</param>
/// <param name="State">What it must not forget.</param>
internal sealed record ExportSettings(
    NodeName Node, ImmutableArray<NetworkAddress> Endpoints, ImmutableArray<ExportRule> Rules, StateFolder State)
{
    // Made once, when the daemon starts: later the disk may be full or read-only, and devices still come and go.
    private readonly StateFolder _devices = State.Folder("devices");
    private readonly ConcurrentDictionary<BusId, StateFile<DeviceRecord>> _ledgers = new();

    /// <summary>
    /// What operators have bound, on the disk: one for the daemon, whose writes are carried out in order whatever becomes of the actors.
    /// </summary>
    public KeptExportsFile File { get; } = new(State);

    /// <summary>What is counted.</summary>
    public NodeMetrics Metrics { get; init; } = new();

    /// <summary>What the configuration exports now; the <see cref="ExportManager"/> is told of new rules.</summary>
    public ImmutableArray<ExportRule> Rules { get; set; } = Rules;

    /// <summary>Whether the node is being drained: until the daemon ends, whatever becomes of the actors.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Where what is kept of the device at a bus id is; one for the daemon, too.</summary>
    public StateFile<DeviceRecord> LedgerOf(BusId busId) =>
        _ledgers.GetOrAdd(busId, id => new StateFile<DeviceRecord>(_devices, $"{id}.json"));
}
