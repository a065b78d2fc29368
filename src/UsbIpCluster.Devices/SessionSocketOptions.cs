namespace UsbIpCluster.Devices;

/// <summary>
/// When a session's TCP connection counts as lost. Set on both ends before the hand-over; the kernel keeps them. The stock tools leave
/// a dead peer unnoticed for two hours, or for ever.
/// </summary>
/// <param name="UserTimeout">TCP_USER_TIMEOUT: how long sent data may stay unacknowledged.</param>
/// <param name="KeepAliveIdle">TCP_KEEPIDLE: silence before the first probe, whole seconds.</param>
/// <param name="KeepAliveInterval">TCP_KEEPINTVL: between probes, whole seconds.</param>
/// <param name="KeepAliveProbes">TCP_KEEPCNT: unanswered probes until the connection is lost.</param>
public sealed record SessionSocketOptions(
    TimeSpan UserTimeout,
    TimeSpan KeepAliveIdle,
    TimeSpan KeepAliveInterval,
    int KeepAliveProbes)
{
    /// <summary>
    /// 8 s, and probes after 3 s, every 2 s, three of them: a cut of 5 s heals by itself (the last retransmission before 8 s comes after 6 s), and
    /// a dead peer is noticed in under 10 s, what the kernel needs afterwards to reset the device included.
    /// </summary>
    public static SessionSocketOptions Default { get; } =
        new(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), 3);
}
