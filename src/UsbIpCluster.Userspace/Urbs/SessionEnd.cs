namespace UsbIpCluster.Userspace;

/// <summary>Why a session ended.</summary>
internal enum SessionEndReason
{
    /// <summary>The peer closed the connection.</summary>
    PeerClosed,

    /// <summary>The connection was reset, or timed out.</summary>
    ConnectionLost,

    /// <summary>The peer sent something that no importer sends.</summary>
    BadInput,

    /// <summary>The peer did not read its replies.</summary>
    PeerStalled,

    /// <summary>The exporter took the device back.</summary>
    Released,

    /// <summary>The device was unplugged.</summary>
    Unplugged,

    /// <summary>The connection was cut on purpose.</summary>
    Cut,

    /// <summary>The device's own code failed.</summary>
    DeviceFailed,
}

/// <summary>Why a session ended, and in what words.</summary>
internal sealed record SessionEnd(SessionEndReason Reason, string Text);
