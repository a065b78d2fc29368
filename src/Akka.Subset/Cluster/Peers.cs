namespace Akka.Cluster;

/// <summary>
/// Which members can be reached from here. A heartbeat brings back the newest one that its sender got from us, so what is known is when
/// we last sent something that arrived and was answered: both ways work. Times are of this node's monotonic clock.
/// </summary>
internal sealed class Peers(SubsetClusterSettings settings)
{
    // No message waits for so long, on any connection.
    private static readonly TimeSpan LatestHeartbeat = TimeSpan.FromMinutes(1);

    private readonly Dictionary<UniqueAddress, Peer> _peers = [];
    private TimeSpan? _lastTick;

    public IEnumerable<UniqueAddress> All => _peers.Keys;

    public bool Contains(UniqueAddress member) => _peers.ContainsKey(member);

    public bool IsReachable(UniqueAddress member) => !_peers.TryGetValue(member, out var peer) || peer.Reachable;

    /// <summary>
    /// Whom to ask for a sign of life. Who has just been answered is not: the one of two that asks first goes on asking, and what it brings
    /// back answers the other.
    /// </summary>
    public UniqueAddress[] Due(TimeSpan now) => Those(peer => now - peer.SentAt > settings.HeartbeatInterval * 0.75);

    /// <summary>
    /// Who has been asked lately and owes the answer. Not for long: a connection with four packets under way is no thin one for TCP, and
    /// waits longer and longer.
    /// </summary>
    public UniqueAddress[] Owing(TimeSpan now) =>
        Those(peer => peer.Reachable && peer.AliveAt < peer.AskedAt && now - peer.AskedAt < settings.AnswerTime * 2.5);

    /// <summary>Notes that a heartbeat goes to a member now; returns what it brings back.</summary>
    public long Send(UniqueAddress member, HeartbeatKind kind, TimeSpan now)
    {
        var peer = _peers[member];
        if (kind == HeartbeatKind.Question)
            peer.AskedAt = now;
        if (kind != HeartbeatKind.Repetition)
            peer.SentAt = now;
        return peer.Heard;
    }

    /// <summary>Watches these members and no others.</summary>
    public void Keep(IEnumerable<UniqueAddress> members, TimeSpan now)
    {
        var kept = members.ToHashSet();
        foreach (var gone in _peers.Keys.Where(member => !kept.Contains(member)).ToArray())
            _peers.Remove(gone);
        foreach (var member in kept)
            _peers.TryAdd(member, new Peer { AliveAt = now, SentAt = now - settings.HeartbeatInterval });
    }

    /// <summary>
    /// Whether it is the newest of its sender: not one that came late, or a second time. A clock that goes back further than any that is late
    /// has begun anew (a machine that was put back), or what came before was wrong.
    /// </summary>
    public bool IsNews(UniqueAddress from, ClusterMessage.Heartbeat beat) =>
        _peers.TryGetValue(from, out var peer) && (beat.Sent > peer.Heard || beat.Sent < peer.Heard - LatestHeartbeat.Ticks);

    /// <summary>Takes a heartbeat; true when its sender can be reached again.</summary>
    public bool Heard(UniqueAddress from, ClusterMessage.Heartbeat beat, TimeSpan now)
    {
        var peer = _peers[from];
        if (IsNews(from, beat))
            peer.Heard = beat.Sent;
        var echo = TimeSpan.FromTicks(beat.Echo);
        if (echo > peer.AliveAt && echo <= now)
            peer.AliveAt = echo;
        if (peer.Reachable || now - peer.AliveAt > settings.AcceptablePause)
            return false;
        return peer.Reachable = true;
    }

    /// <summary>Looks at the clock; those that can no longer be reached since the last look.</summary>
    public UniqueAddress[] Missing(TimeSpan now)
    {
        // A node that was itself held up (a paused machine, a busy one) has not listened, so the others get that time, too.
        var heldUp = now - (_lastTick ?? now) - settings.HeartbeatInterval;
        foreach (var peer in _peers.Values.Where(_ => heldUp > settings.HeartbeatInterval))
            peer.AliveAt = TimeSpan.FromTicks(Math.Min((peer.AliveAt + heldUp).Ticks, now.Ticks));
        _lastTick = now;

        var missing = Those(peer => peer.Reachable && now - peer.AliveAt > settings.AcceptablePause);
        foreach (var member in missing)
            _peers[member].Reachable = false;
        return missing;
    }

    private UniqueAddress[] Those(Func<Peer, bool> condition) => [.. _peers.Where(peer => condition(peer.Value)).Select(peer => peer.Key)];

    private sealed class Peer
    {
        public TimeSpan AliveAt { get; set; }

        /// <summary>When it was asked last, but for repetitions.</summary>
        public TimeSpan AskedAt { get; set; }

        public TimeSpan SentAt { get; set; }

        public long Heard { get; set; }

        public bool Reachable { get; set; } = true;
    }
}
