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
/// <param name="Since">Since when it is what status and reachable say.</param>
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
    bool All = false);

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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DurationMs = null);

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
