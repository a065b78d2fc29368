namespace UsbIpCluster.Devices;

/// <summary>What went wrong with a device, a port or the kernel's USB/IP drivers, so that callers can decide without reading text.</summary>
public enum DeviceError
{
    /// <summary>A kernel module (usbip-host, vhci-hcd) is not loaded and could not be loaded.</summary>
    ModuleMissing,

    /// <summary>The process may not write the kernel's files.</summary>
    NoPermission,

    /// <summary>No device of that bus id, or it has gone in the meantime.</summary>
    NoSuchDevice,

    /// <summary>No port of that number, or nothing is attached there.</summary>
    NoSuchPort,

    /// <summary>The device is not bound for export.</summary>
    NotExported,

    /// <summary>The device is in use by another session, or bound already.</summary>
    Busy,

    /// <summary>Every port for devices of that speed is in use.</summary>
    NoFreePort,

    /// <summary>A file of the kernel or a reply of the peer has a format that this program does not know.</summary>
    UnexpectedFormat,

    /// <summary>The kernel refused, for a reason that only its error number tells.</summary>
    Refused,

    /// <summary>The peer could not be reached, or closed the connection.</summary>
    PeerLost,

    /// <summary>It was not done in time.</summary>
    TimedOut,
}

/// <summary>An operation on a device or a port failed. The message says what was tried and what the system said.</summary>
public sealed class DeviceException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="message">What was tried and what the system said.</param>
    /// <param name="hint">What the user can do about it; null when nothing is known to help.</param>
    /// <param name="innerException">The system's own exception.</param>
    public DeviceException(DeviceError error, string message, string? hint = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        Hint = hint;
    }

    /// <summary>What went wrong.</summary>
    public DeviceError Error { get; }

    /// <summary>What the user can do about it, one line.</summary>
    public string? Hint { get; }
}
