using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// Who may come in to one device: what its policy says, and whether the node is being drained. Says no, and tells of it once.
/// </summary>
/// <param name="device">The device's full name.</param>
/// <param name="node">The device's node.</param>
/// <param name="tell">Told who was denied, and the message, the first time.</param>
internal sealed class Doorkeeper(string device, NodeName node, Action<string, string> tell)
{
    /// <summary>How long somebody whose address was denied gets no lease again: it would only keep the device from others.</summary>
    public static readonly TimeSpan Penalty = TimeSpan.FromSeconds(60);

    private const int MaxPenalties = 256;

    private readonly SaidOnce _denied = new();
    private readonly Dictionary<string, (DateTimeOffset Until, string Message)> _penalties = new(StringComparer.Ordinal);
    private Access _access = Access.Open;

    /// <summary>The device's policy.</summary>
    public Access Access
    {
        get => _access;
        set
        {
            if (!value.Equals(_access))
                _penalties.Clear();
            _access = value;
        }
    }

    /// <summary>Whether the node gives out no new leases.</summary>
    public bool Draining { get; set; }

    /// <summary>Whether the device is exported only for as long as its holder has it.</summary>
    public bool Withdrawn { get; set; }

    /// <summary>Why somebody gets no lease; null when nothing speaks against it. A drain ends nothing that is there.</summary>
    public LeaseRefused? Refuses(RequestLease request, bool isHolder, DateTimeOffset now)
    {
        var who = Describe(request.Holder.Node, request.User);
        if (Access.ForLease(request.Holder.Node, request.User, null) == Verdict.Denied)
            return new LeaseRefused(LeaseRefusal.Denied, Deny(who));
        if (_penalties.TryGetValue(who, out var penalty) && now < penalty.Until)
            return new LeaseRefused(LeaseRefusal.Denied, penalty.Message);
        if (Withdrawn && !isHolder)
            return new LeaseRefused(LeaseRefusal.NotExported, $"{device} is not exported any more");
        return Draining && !isHolder
            ? new LeaseRefused(LeaseRefusal.Draining, $"{node} is being drained and gives out no new leases")
            : null;
    }

    /// <summary>Lets a plain client in; when not, it has been told.</summary>
    public bool Admits(ImportRequest request)
    {
        if (Access.ForPlainClient(request.Peer.Address) && !Draining && !Withdrawn)
            return true;
        if (!Draining && !Withdrawn)
            Deny($"the plain client {request.Peer.Address}");
        request.Refuse(OpStatus.Na);
        return false;
    }

    /// <summary>Lets a lease's holder in: only now is the address known from which the session comes. When not, it has been told.</summary>
    public bool Admits(ImportRequest request, Lease lease, DateTimeOffset now)
    {
        if (Access.ForLease(lease.Holder.Node, lease.User, request.Peer.Address) == Verdict.Allowed)
            return true;
        var who = Describe(lease.Holder.Node, lease.User);
        if (_penalties.Count >= MaxPenalties)
            _penalties.Clear();
        _penalties[who] = (now + Penalty, Deny($"{who} at {request.Peer.Address}"));
        request.Refuse(OpStatus.Na);
        return false;
    }

    // Without the attachment: each attempt of a person is a new one.
    private static string Describe(NodeName node, string? user) => user is null ? node.Value : $"{node} ({user})";

    private string Deny(string who)
    {
        var message = $"{device} is not for {who}";
        if (_denied.IsFirst(who))
            tell(who, message);
        return message;
    }
}
