using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>Somebody at a cluster port who speaks TLS, believes everything, and shows what it likes.</summary>
internal static class TlsStranger
{
    /// <summary>Connects and says something; the certificate that the daemon has shown, once the daemon has closed it.</summary>
    /// <param name="from">Where the stranger is.</param>
    /// <param name="to">The daemon's host.</param>
    /// <param name="shown">What it shows; null for nothing.</param>
    public static async Task<X509Certificate2> VisitAsync(NetworkNamespace from, LabHost to, X509Certificate2? shown)
    {
        using var deadline = new CancellationTokenSource(Until.Patience);
        await using var stream = new SslStream(new NetworkStream(await from.ConnectAsync(to.Cluster), ownsSocket: true));
        X509Certificate2? seen = null;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "",
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = shown is null ? null : SslStreamCertificateContext.Create(shown, null, offline: true),
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                seen = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData());
                return true;
            },
        };
        try
        {
            await stream.AuthenticateAsClientAsync(options, deadline.Token);
            await stream.WriteAsync(new byte[] { 0, 0, 0, 1, 99 }, deadline.Token);
            while (await stream.ReadAsync(new byte[256], deadline.Token) > 0)
            {
                // A node's answer is of no interest.
            }
        }
        catch (Exception error) when (error is IOException or AuthenticationException)
        {
            // Shown the door, with an alert or without.
        }

        return seen!;
    }
}
