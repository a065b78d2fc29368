using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Node;

/// <summary>
/// Mutual TLS 1.3 around a connection between two nodes. Whatever the other end shows has to be of the cluster's CA, in both directions;
/// sessions are never resumed, so that every connection is judged by the certificates of its own time.
/// </summary>
/// <param name="tls">This node's identity.</param>
/// <param name="clock">What certificates' dates are compared with.</param>
internal sealed class TlsLink(ClusterTls tls, TimeProvider clock)
{
    private const byte HandshakeRecord = 0x16;

    /// <summary>Secures a connection that was accepted.</summary>
    /// <exception cref="AuthenticationException">The other end is refused; the message names it and says why.</exception>
    /// <exception cref="IOException">The connection ended before it was decided.</exception>
    public async Task<Stream> AcceptAsync(NetworkStream connection, CancellationToken deadline)
    {
        var peer = PeerOf(connection);
        await RequireHandshakeAsync(connection.Socket, peer, deadline);
        var identity = tls.Current;
        string? wrong = null;
        var options = new SslServerAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ServerCertificateContext = identity.Context,
            ClientCertificateRequired = true,
            CertificateChainPolicy = identity.Trust.PolicyFor(CertificateRole.Client),
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, shown, _, _) =>
                (wrong = identity.Trust.WhyNoNode(shown as X509Certificate2, CertificateRole.Client, clock.GetUtcNow())) is null,
        };
        return await SecureAsync(
            connection, stream => stream.AuthenticateAsServerAsync(options, deadline), reason => $"{peer} {wrong ?? Failure(reason)}");
    }

    /// <summary>Secures a connection to the node at an address, and remembers for whom the certificate is that it shows.</summary>
    /// <exception cref="AuthenticationException">The other end is refused; the message says why.</exception>
    /// <exception cref="IOException">The connection ended before it was decided: as it does when the other end speaks no TLS.</exception>
    public async Task<Stream> ConnectAsync(NetworkStream connection, string address, CancellationToken deadline)
    {
        var identity = tls.Current;
        string? wrong = null;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "",
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = identity.Context,
            CertificateChainPolicy = identity.Trust.PolicyFor(CertificateRole.Server),
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, shown, _, _) =>
                (wrong = identity.Trust.WhyNoNode(shown as X509Certificate2, CertificateRole.Server, clock.GetUtcNow())) is null,
        };
        var secured = await SecureAsync(
            connection, stream => stream.AuthenticateAsClientAsync(options, deadline), reason => $"it {wrong ?? Failure(reason)}");
        tls.Names.Learn(ClusterAddress.Place(address), NodeCertificate.NamesOf((X509Certificate2)secured.RemoteCertificate!));
        return secured;
    }

    private static async Task<SslStream> SecureAsync(
        NetworkStream connection, Func<SslStream, Task> authenticate, Func<Exception, string> explain)
    {
        var secured = new SslStream(connection, leaveInnerStreamOpen: false);
        try
        {
            await authenticate(secured);
            return secured;
        }
        catch (Exception error)
        {
            await secured.DisposeAsync();
            if (error is OperationCanceledException or IOException or ObjectDisposedException)
                throw;

            // What reads a certificate may throw more than its documents say; the other end has shown it.
            throw new AuthenticationException(explain(error), error);
        }
    }

    // Looked at without being taken: what does not even begin as TLS can be named for what it is.
    private static async Task RequireHandshakeAsync(Socket socket, IPAddress peer, CancellationToken deadline)
    {
        var first = new byte[1];
        if (await socket.ReceiveAsync(first, SocketFlags.Peek, deadline) == 0)
            throw new IOException($"{peer} ended the connection without a word");
        if (first[0] == HandshakeRecord)
            return;
        // A frame of a node without TLS begins with its length, which needs no more than three bytes.
        throw new AuthenticationException(first[0] == 0
            ? $"{peer} speaks without TLS: has that node cluster.tls in its configuration?"
            : $"{peer} speaks something else than TLS");
    }

    private static IPAddress PeerOf(NetworkStream connection)
    {
        var address = ((IPEndPoint)connection.Socket.RemoteEndPoint!).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static string Failure(Exception error) => $"does not complete a TLS 1.3 handshake: {error.GetBaseException().Message}";
}
