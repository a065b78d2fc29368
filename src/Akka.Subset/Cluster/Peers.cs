using Akka.Actor;

namespace Akka.Cluster;

/// <summary>
/// Which members can be reached from here. A heartbeat brings back the newest one that its sender got from us, so what is known is when
/// we last sent something that arrived and was answered: both ways work. Times are of this node's monotonic clock.
/// </summary>
internal sealed class Peers(TimeSpan pause, TimeSpan interval)
{
    private readonly Dictionary<UniqueAddress, Peer> _peers = [];
    private TimeSpan _lastTick;

    public IEnumerable<UniqueAddress> All => _peers.Keys;

    public bool Contains(UniqueAddress member) => _peers.ContainsKey(member);

    public bool IsReachable(UniqueAddress member) => !_peers.TryGetValue(member, out var peer) || peer.Reachable;

    /// <summary>What the next heartbeat to a member brings back.</summary>
    public long EchoFor(UniqueAddress member) => _peers[member].Heard;

    /// <summary>Watches these members and no others.</summary>
    public void Keep(IEnumerable<UniqueAddress> members, TimeSpan now)
    {
        var kept = members.ToHashSet();
        foreach (var gone in _peers.Keys.Where(member => !kept.Contains(member)).ToArray())
            _peers.Remove(gone);
        foreach (var member in kept)
            _peers.TryAdd(member, new Peer { AliveAt = now });
    }

    /// <summary>Takes a heartbeat; true when its sender can be reached again.</summary>
    public bool Heard(UniqueAddress from, ClusterMessage.Heartbeat beat, TimeSpan now)
    {
        var peer = _peers[from];
        peer.Heard = beat.Sent;
        var echo = TimeSpan.FromTicks(beat.Echo);
        if (echo > peer.AliveAt && echo <= now)
            peer.AliveAt = echo;
        if (peer.Reachable || now - peer.AliveAt > pause)
            return false;
        return peer.Reachable = true;
    }

    /// <summary>Looks at the clock; those that can no longer be reached since the last look.</summary>
    public UniqueAddress[] Missing(TimeSpan now)
    {
        // A node that was itself held up (a paused machine, a busy one) has not listened, so the others get that time, too.
        var heldUp = now - _lastTick - interval;
        foreach (var peer in _peers.Values.Where(_ => heldUp > interval))
            peer.AliveAt += heldUp;
        _lastTick = now;

        var missing = _peers.Where(peer => peer.Value.Reachable && now - peer.Value.AliveAt > pause).Select(peer => peer.Key).ToArray();
        foreach (var member in missing)
            _peers[member].Reachable = false;
        return missing;
    }

    private sealed class Peer
    {
        public TimeSpan AliveAt { get; set; }

        public long Heard { get; set; }

        public bool Reachable { get; set; } = true;
    }
}
