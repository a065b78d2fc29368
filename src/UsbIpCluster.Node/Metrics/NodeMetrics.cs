using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>Why a device had to be attached again.</summary>
internal enum LossReason
{
    /// <summary>Its session ended, and it was there to be had again: a connection was lost.</summary>
    Connection,

    /// <summary>It was not there to be had: unplugged, held by another, or its node was gone.</summary>
    Absent,

    /// <summary>Somebody took it.</summary>
    Stolen,

    /// <summary>Its session ended while the daemon did not run.</summary>
    Unwatched,

    /// <summary>The actor of its session failed.</summary>
    Failure,
}

/// <summary>What a node counts, for as long as the daemon runs. From any thread. Nothing of it is on the way of a URB.</summary>
internal sealed class NodeMetrics
{
    private readonly Dictionary<LossReason, Histogram> _reattaches = Enum.GetValues<LossReason>().ToDictionary(reason => reason, _ => new Histogram());
    private long _leases;

    /// <summary>What was refused.</summary>
    public Refusals Refusals { get; } = new();

    /// <summary>How far the inventory is behind.</summary>
    public InventoryLag Lag { get; } = new(TimeProvider.System);

    /// <summary>What has happened, by <see cref="EventKinds"/>.</summary>
    public Tally Events { get; } = new(
        EventKinds.DeviceAdded,
        EventKinds.DeviceChanged,
        EventKinds.DeviceRemoved,
        EventKinds.NodeUp,
        EventKinds.NodeReachable,
        EventKinds.NodeUnreachable,
        EventKinds.NodeRemoved,
        EventKinds.BegunAnew,
        EventKinds.Attached,
        EventKinds.AttachFailed,
        EventKinds.Lost,
        EventKinds.Reattached,
        EventKinds.Adopted,
        EventKinds.Detached,
        EventKinds.Exported,
        EventKinds.Unexported,
        EventKinds.Leased,
        EventKinds.Released,
        EventKinds.SessionStarted,
        EventKinds.SessionEnded,
        EventKinds.Denied,
        EventKinds.Stolen,
        EventKinds.NameConflict,
        EventKinds.TlsExpires,
        EventKinds.TlsRenewed,
        EventKinds.TlsBroken);

    /// <summary>Leases that were granted.</summary>
    public long Leases => Volatile.Read(ref _leases);

    /// <summary>How long the device was away, each time that it was attached again.</summary>
    public IReadOnlyDictionary<LossReason, Histogram> Reattaches => _reattaches;

    /// <summary>A lease was granted.</summary>
    public void LeaseGranted() => Interlocked.Increment(ref _leases);

    /// <summary>A device is attached again.</summary>
    public void Reattached(LossReason reason, TimeSpan after) => _reattaches[reason].Observe(after);
}
