namespace UsbIpCluster.Control;

/// <summary>
/// Why the daemon did not do what it was asked. The number is the JSON-RPC error code and the command's exit code.
/// </summary>
public enum ControlError
{
    /// <summary>It was tried and failed: a module missing, not root, the kernel said no.</summary>
    Failed = 1,

    /// <summary>The request is wrong, or its selector is malformed or ambiguous.</summary>
    Usage = 2,

    /// <summary>No such device, port, attachment or node.</summary>
    NotFound = 3,

    /// <summary>It is there and can't be had: busy, reserved, not exported, denied; or no permission on the socket.</summary>
    Unavailable = 4,

    /// <summary>No daemon at the socket.</summary>
    NoDaemon = 5,

    /// <summary>It was not done in time.</summary>
    TimedOut = 6,
}

/// <summary>The names that scripts see.</summary>
public static class ControlErrors
{
    /// <summary>The error's name in JSON output: failed, usage, notFound, unavailable, noDaemon, timedOut.</summary>
    public static string Code(this ControlError error) => error switch
    {
        ControlError.Usage => "usage",
        ControlError.NotFound => "notFound",
        ControlError.Unavailable => "unavailable",
        ControlError.NoDaemon => "noDaemon",
        ControlError.TimedOut => "timedOut",
        _ => "failed",
    };

    /// <summary>The command's exit code for the error.</summary>
    public static int ExitCode(this ControlError error) => (int)error;
}

/// <summary>
/// A request failed, for a reason that its sender is told. Thrown by the daemon's handler, and by the client for what the daemon said.
/// </summary>
public sealed class ControlException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">One line: what was tried and what came of it.</param>
    /// <param name="hint">One line: what to do about it.</param>
    /// <param name="candidates">What an ambiguous selector matches, one line each.</param>
    /// <param name="innerException">The system's own exception.</param>
    public ControlException(
        ControlError error, string message, string? hint = null, IReadOnlyList<string>? candidates = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        Hint = hint;
        Candidates = candidates ?? [];
    }

    /// <summary>Why.</summary>
    public ControlError Error { get; }

    /// <summary>What to do about it, one line; null when nothing is known to help.</summary>
    public string? Hint { get; }

    /// <summary>What an ambiguous selector matches; empty otherwise.</summary>
    public IReadOnlyList<string> Candidates { get; }
}
