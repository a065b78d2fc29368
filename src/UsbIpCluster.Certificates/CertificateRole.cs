namespace UsbIpCluster.Certificates;

/// <summary>The end of a connection at which a certificate is shown.</summary>
public enum CertificateRole
{
    /// <summary>The end that accepted.</summary>
    Server,

    /// <summary>The end that connected.</summary>
    Client,
}
