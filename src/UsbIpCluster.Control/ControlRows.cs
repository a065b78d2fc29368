using System.Text.Json.Serialization;

namespace UsbIpCluster.Control;

/// <summary>A device, as the inventory knows it. Stable within a major version; a field without a value is null.</summary>
/// <param name="Node">The node where it is plugged in; the host that was asked, for a plain USB/IP server.</param>
/// <param name="BusId">Its bus id there.</param>
/// <param name="Vid">idVendor, four lower-case hex digits.</param>
/// <param name="Pid">idProduct, four lower-case hex digits.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="Manufacturer">Its manufacturer.</param>
/// <param name="Product">Its product name.</param>
/// <param name="Class">Its class, by the names that selectors take, else two hex digits.</param>
/// <param name="Speed">low, full, high, wireless, super, super-plus, or unknown.</param>
/// <param name="Backend">Which exporter offers it: kernel, libusb, simulated; remote for a plain USB/IP server.</param>
/// <param name="State">One of <see cref="DeviceStates"/>: the last known.</param>
/// <param name="Holder">Who has it: the importing node and its attachment, or a plain client's address.</param>
/// <param name="Name">The name given to it at bind.</param>
/// <param name="Reachable">Whether the state is current.</param>
/// <param name="Epoch">How many leases of it there have been; never goes back. Null for a plain USB/IP server.</param>
/// <param name="User">The user who asked for it, as the holder's node says; null when nobody has it, or a plain client.</param>
public sealed record DeviceRow(
    string Node,
    [property: JsonPropertyName("busid")] string BusId,
    string Vid,
    string Pid,
    string? Serial,
    string? Manufacturer,
    string? Product,
    string Class,
    string Speed,
    string Backend,
    string State,
    string? Holder,
    string? Name,
    bool Reachable,
    ulong? Epoch,
    string? User);

/// <summary>A node of the cluster.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Address">Its cluster address, ADDR:PORT.</param>
/// <param name="Status">Its membership: joining, up, leaving, removed; draining when it is up and gives out no new leases.</param>
/// <param name="Reachable">Whether it answers now.</param>
/// <param name="Self">Whether it is the node that was asked.</param>
/// <param name="Devices">How many devices it has.</param>
/// <param name="Attachments">How many attachments it has.</param>
/// <param name="Version">The version of its daemon; null while unknown.</param>
/// <param name="Since">When its daemon started; of a node that can't be reached: since when it can't. Null while unknown.</param>
public sealed record NodeRow(
    string Node,
    string? Address,
    string Status,
    bool Reachable,
    bool Self,
    int Devices,
    int Attachments,
    string? Version,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset? Since);

/// <summary>An attachment of this node, or a port that somebody else attached.</summary>
/// <param name="Port">The port it has; null while it has none.</param>
/// <param name="Id">The attachment's id, which starts with <c>a</c>; null for a port that the stock tools attached.</param>
/// <param name="State">One of <see cref="AttachmentStates"/>.</param>
/// <param name="Selector">What it follows; null for a plain USB/IP server's device.</param>
/// <param name="Vid">idVendor of the device it has or had last, four lower-case hex digits.</param>
/// <param name="Pid">idProduct, four lower-case hex digits.</param>
/// <param name="Serial">The device's serial number.</param>
/// <param name="Product">The device's product name.</param>
/// <param name="Node">The exporting node, or the plain server's host.</param>
/// <param name="BusId">The device's bus id there.</param>
/// <param name="Endpoint">The exporter's TCP endpoint of the session, ADDR:PORT.</param>
/// <param name="LocalBusId">The device's bus id on this host, once it has one.</param>
/// <param name="Since">Since when it is in this state.</param>
/// <param name="Reattaches">How often it was attached again after a loss.</param>
/// <param name="LastError">Why the last attempt or session ended, one line.</param>
/// <param name="Rule">The id of the rule (<c>attach --all</c>) that made it; null when it was asked for by itself.</param>
/// <param name="All">Whether this is no attachment but a rule, which keeps every device attached that the selector matches.</param>
/// <param name="Devices">What programs on this host open to use it: files in /dev, a network adapter's name. The one that most want is
/// first, the USB device itself (<c>/dev/bus/usb/BBB/DDD</c>) last. Null while there is no device here.</param>
/// <param name="HeldBy">Whose end is its end; null when it stays until it is detached.</param>
public sealed record PortRow(
    int? Port,
    string? Id,
    string State,
    string? Selector,
    string? Vid,
    string? Pid,
    string? Serial,
    string? Product,
    string? Node,
    [property: JsonPropertyName("busid")] string? BusId,
    string? Endpoint,
    [property: JsonPropertyName("localBusid")] string? LocalBusId,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset? Since,
    int Reattaches,
    string? LastError,
    string? Rule = null,
    bool All = false,
    IReadOnlyList<string>? Devices = null,
    HeldByRow? HeldBy = null);

/// <summary>Who holds an attachment.</summary>
/// <param name="ProcessId">The process; null when it is one that the daemon can't see, and its connection to the daemon counts.</param>
/// <param name="User">Its user.</param>
public sealed record HeldByRow([property: JsonPropertyName("pid")] int? ProcessId, string? User);

/// <summary>Something that happened. The fields after the kind are there when the kind has them, and absent otherwise.</summary>
/// <param name="Time">When the daemon that was asked learnt of it: a uevent's arrival, an inventory change's arrival.</param>
/// <param name="Node">The node it is about: where the device is plugged in, or whose attachment it is.</param>
/// <param name="Kind">What happened, one of <see cref="EventKinds"/>.</param>
/// <param name="BusId">The device's bus id at its exporter.</param>
/// <param name="Device">The device in words: <c>NODE/BUSID vid:pid product</c> or as much of it as is known.</param>
/// <param name="Port">The port.</param>
/// <param name="Attachment">The attachment's id.</param>
/// <param name="State">The state it came to.</param>
/// <param name="Holder">Who holds or held the device.</param>
/// <param name="Reason">Why, one line.</param>
/// <param name="DurationMs">How long it took, in milliseconds: for <see cref="EventKinds.Reattached"/>, from the loss to being usable.</param>
/// <param name="Vid">idVendor of the device, four lower-case hex digits.</param>
/// <param name="Pid">idProduct, four lower-case hex digits.</param>
/// <param name="Serial">The device's serial number.</param>
/// <param name="Product">The device's product name.</param>
/// <param name="LocalBusId">The bus id of an attached device on the node that attached it.</param>
/// <param name="Peer">The other end: an attachment's exporter, or whoever holds the device; a node, or a plain client's or server's address.</param>
/// <param name="User">For whom the device is or was held, as the holder's node says.</param>
public sealed record EventRow(
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset Time,
    string Node,
    string Kind,
    [property: JsonPropertyName("busid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? BusId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Device = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Port = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Attachment = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? State = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Holder = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DurationMs = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Vid = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pid = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Serial = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Product = null,
    [property: JsonPropertyName("localBusid"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LocalBusId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Peer = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? User = null);

/// <summary>A node at a glance.</summary>
/// <param name="Daemon">Which daemon this is.</param>
/// <param name="Cluster">Its place in the cluster.</param>
/// <param name="Exports">What it offers.</param>
/// <param name="Attachments">What it has attached.</param>
/// <param name="Problems">What is not as it should be, the worst first; empty when all is well.</param>
public sealed record StatusRow(
    VersionRow Daemon, ClusterStatusRow Cluster, ExportStatusRow Exports, AttachmentStatusRow Attachments, IReadOnlyList<ProblemRow> Problems);

/// <summary>A node's place in the cluster.</summary>
/// <param name="Address">Its cluster address, ADDR:PORT.</param>
/// <param name="Status">Its membership, as in <see cref="NodeRow"/>.</param>
/// <param name="Nodes">How many nodes are known, this one included.</param>
/// <param name="Reachable">How many of them answer, this one included.</param>
/// <param name="CertificateEnds">When its certificate ends, or that of the CA; null when the cluster has no TLS.</param>
public sealed record ClusterStatusRow(
    string Address,
    string Status,
    int Nodes,
    int Reachable,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset? CertificateEnds);

/// <summary>What a node offers.</summary>
/// <param name="Exporters">Its exporters: kernel, libusb, simulated.</param>
/// <param name="Listen">Where it serves USB/IP, ADDR:PORT.</param>
/// <param name="Devices">How many devices it has.</param>
/// <param name="Exported">How many of them are exported.</param>
/// <param name="InUse">How many of those somebody has, or may come back to.</param>
/// <param name="Draining">Whether it gives out no new leases.</param>
public sealed record ExportStatusRow(IReadOnlyList<string> Exporters, string Listen, int Devices, int Exported, int InUse, bool Draining);

/// <summary>What a node has attached.</summary>
/// <param name="HostController">Its host controller: kernel, simulated; null when nothing can be attached.</param>
/// <param name="Attachments">How many attachments it has.</param>
/// <param name="Attached">How many of them are usable now.</param>
/// <param name="Rules">How many rules (<c>attach --all</c>) it has.</param>
/// <param name="Others">How many ports other programs have attached.</param>
public sealed record AttachmentStatusRow(string? HostController, int Attachments, int Attached, int Rules, int Others);

/// <summary>Something that is not as it should be.</summary>
/// <param name="What">What, one line.</param>
/// <param name="Hint">What to do, one line; null when nothing can be said.</param>
public sealed record ProblemRow(string What, string? Hint);

/// <summary>Which daemon answers.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Node">Its node's name.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="Runtime">The runtime it runs on.</param>
/// <param name="Usbip">The USB/IP protocol version that it speaks.</param>
/// <param name="Since">When it started.</param>
public sealed record VersionRow(
    string Version,
    string Node,
    [property: JsonPropertyName("pid")] int ProcessId,
    string Runtime,
    string Usbip,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset Since);
