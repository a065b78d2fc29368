using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>Who got no for an answer, by why. From any thread.</summary>
internal sealed class Refusals
{
    private const string UnknownLease = "unknown-lease";
    private const string TurnedAway = "turned-away";

    /// <summary>Requests for leases.</summary>
    public Tally Leases { get; } = new("no-such-device", "not-exported", "busy", "denied", "draining", "failed");

    /// <summary>Imports on the USB/IP port.</summary>
    public Tally Imports { get; } = new("no-such-device", "busy", "denied", "failed", UnknownLease);

    /// <summary>Connections to the USB/IP port that ended before they had said what they want.</summary>
    public Tally Connections { get; } = new(TurnedAway);

    /// <summary>A lease was refused.</summary>
    public void Lease(LeaseRefusal refusal) => Leases.Add(refusal switch
    {
        LeaseRefusal.NoSuchDevice => "no-such-device",
        LeaseRefusal.NotExported => "not-exported",
        LeaseRefusal.Busy => "busy",
        LeaseRefusal.Denied => "denied",
        LeaseRefusal.Draining => "draining",
        _ => "failed",
    });

    /// <summary>An import was refused.</summary>
    public void Import(OpStatus status) => Imports.Add(status switch
    {
        OpStatus.NoDev => "no-such-device",
        OpStatus.DevBusy => "busy",
        OpStatus.Na => "denied",
        _ => "failed",
    });

    /// <summary>A connection was closed without an answer to its import.</summary>
    public void Dropped() => Imports.Add(UnknownLease);

    /// <summary>A connection was closed before it had asked for anything.</summary>
    public void Closed() => Connections.Add(TurnedAway);
}
