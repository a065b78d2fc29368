using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>The bounds of one session. What goes beyond them is refused; nothing of a peer grows without one.</summary>
public sealed record UrbServerOptions
{
    /// <summary>The default bounds.</summary>
    public static UrbServerOptions Default { get; } = new();

    /// <summary>
    /// The longest transfer of one URB, in bytes; a longer one ends the session. 1 MiB is the most that Linux' storage drivers ask of a
    /// device (2048 sectors, drivers/usb/storage/scsiglue.c). At most <see cref="UrbHeader.MaxTransferLength"/>.
    /// </summary>
    public int MaxTransferLength { get; init; } = 1024 * 1024;

    /// <summary>How many URBs may be pending; a further one that can't be done at once is answered with -ENOMEM.</summary>
    public int MaxPendingUrbs { get; init; } = 1024;

    /// <summary>How many bytes of pending OUT transfers are held; a transfer beyond that is answered with -ENOMEM.</summary>
    public int MaxHeldBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Replies that have not been sent, in bytes, from which on no further URB is looked at until the peer has read.</summary>
    public int MaxUnsentBytes { get; init; } = 256 * 1024;

    /// <summary>How long a peer may take nothing of the replies that wait for it; kept by the kernel (SO_SNDTIMEO).</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(10);

    internal bool IsValid =>
        MaxTransferLength is > 0 and <= UrbHeader.MaxTransferLength
        && MaxPendingUrbs > 0
        && MaxHeldBytes >= 0
        && MaxUnsentBytes > 0
        && StallLimit >= TimeSpan.FromMilliseconds(1)
        && StallLimit <= TimeSpan.FromHours(1);
}
