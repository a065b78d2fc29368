namespace UsbIpCluster.Control;

/// <summary>The states of a device.</summary>
public static class DeviceStates
{
    /// <summary>It belongs to its own driver on its node.</summary>
    public const string Unbound = "unbound";

    /// <summary>Exported, and free.</summary>
    public const string Available = "available";

    /// <summary>Promised to a holder that has not connected yet, or kept for one that was lost.</summary>
    public const string Leased = "leased";

    /// <summary>A session has it.</summary>
    public const string InUse = "in-use";

    /// <summary>Its session is being ended.</summary>
    public const string Releasing = "releasing";

    /// <summary>Its driver reports an error.</summary>
    public const string Faulted = "faulted";
}

/// <summary>The states of an attachment.</summary>
public static class AttachmentStates
{
    /// <summary>No device matches now.</summary>
    public const string Waiting = "waiting";

    /// <summary>It asks the device's node for a lease.</summary>
    public const string Leasing = "leasing";

    /// <summary>It connects to the exporter.</summary>
    public const string Connecting = "connecting";

    /// <summary>It asks the exporter for the device.</summary>
    public const string Importing = "importing";

    /// <summary>The socket is handed over; the host has not finished enumerating the device.</summary>
    public const string Enumerating = "enumerating";

    /// <summary>The device is usable.</summary>
    public const string Attached = "attached";

    /// <summary>The session has ended without a detach.</summary>
    public const string Lost = "lost";

    /// <summary>An attempt failed; the next one comes by itself.</summary>
    public const string BackingOff = "backing-off";

    /// <summary>It is being ended.</summary>
    public const string Detaching = "detaching";

    /// <summary>It ended, and is not tried again.</summary>
    public const string Failed = "failed";
}

/// <summary>The kinds of events. A client takes one that it does not know for what it says.</summary>
public static class EventKinds
{
    /// <summary>A device is new in the inventory.</summary>
    public const string DeviceAdded = "device-added";

    /// <summary>A device differs from what was known: its state, its name.</summary>
    public const string DeviceChanged = "device-changed";

    /// <summary>A device is gone.</summary>
    public const string DeviceRemoved = "device-removed";

    /// <summary>A node is a member of the cluster.</summary>
    public const string NodeUp = "node-up";

    /// <summary>A node answers again.</summary>
    public const string NodeReachable = "node-reachable";

    /// <summary>A node does not answer.</summary>
    public const string NodeUnreachable = "node-unreachable";

    /// <summary>A node has left the cluster.</summary>
    public const string NodeRemoved = "node-removed";

    /// <summary>A node's row differs from what was known: its membership, its attachments, its drain. For who asks for steps.</summary>
    public const string NodeChanged = "node-changed";

    /// <summary>An attachment of this node came to another state, or is gone. For who asks for steps.</summary>
    public const string AttachmentChanged = "attachment-changed";

    /// <summary>This node's actors begin anew, to be in another cluster or in theirs again; the reason says why. No session ends.</summary>
    public const string BegunAnew = "begun-anew";

    /// <summary>A device was attached here for the first time; duration from the command to being usable.</summary>
    public const string Attached = "attached";

    /// <summary>An attempt to attach failed.</summary>
    public const string AttachFailed = "attach-failed";

    /// <summary>A session ended without a detach.</summary>
    public const string Lost = "lost";

    /// <summary>A device was attached again; duration from the loss to being usable.</summary>
    public const string Reattached = "reattached";

    /// <summary>A port that still lived when the daemon started is looked after again.</summary>
    public const string Adopted = "adopted";

    /// <summary>A device was detached on command.</summary>
    public const string Detached = "detached";

    /// <summary>A local device is exported.</summary>
    public const string Exported = "exported";

    /// <summary>A local device is exported no longer.</summary>
    public const string Unexported = "unexported";

    /// <summary>A local device has got a holder.</summary>
    public const string Leased = "leased";

    /// <summary>A local device has its holder no longer.</summary>
    public const string Released = "released";

    /// <summary>A local device was given to an importer.</summary>
    public const string SessionStarted = "session-started";

    /// <summary>An importer's session with a local device ended.</summary>
    public const string SessionEnded = "session-ended";

    /// <summary>A local device was asked for by somebody who may not have it; told once for each who, which and why.</summary>
    public const string Denied = "denied";

    /// <summary>A device was taken from its holder on command.</summary>
    public const string Stolen = "stolen";

    /// <summary>A local device and another one have the same name.</summary>
    public const string NameConflict = "name-conflict";

    /// <summary>The node's certificate ends soon; told daily.</summary>
    public const string TlsExpires = "tls-expires";

    /// <summary>The node uses new certificate files.</summary>
    public const string TlsRenewed = "tls-renewed";

    /// <summary>The node has new certificate files that can't be used, and uses those from before.</summary>
    public const string TlsBroken = "tls-broken";
}
