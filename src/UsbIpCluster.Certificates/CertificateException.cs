namespace UsbIpCluster.Certificates;

/// <summary>A certificate or a key can't be used. The message names the file and says what is wrong with it, the hint what to do.</summary>
public sealed class CertificateException(string message, string hint, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What to do about it, one line.</summary>
    public string Hint { get; } = hint;
}
