namespace UsbIpCluster.Node;

/// <summary>The daemon can't start. The message says why, the hint what to do.</summary>
internal sealed class StartException(string message, string hint, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What to do about it, one line.</summary>
    public string Hint { get; } = hint;
}
