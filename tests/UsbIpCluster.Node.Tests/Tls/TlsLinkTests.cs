using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using UsbIpCluster.Certificates;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Node.Tests;

/// <summary>Both ends of a connection over loopback: who gets in, and what is said of who does not.</summary>
public sealed class TlsLinkTests : IDisposable
{
    private const string Address = "akka.tcp://usbipcluster@127.0.0.1:7240";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TestPki _pki = new();
    private readonly CancellationTokenSource _deadline = new(Patience);

    public void Dispose()
    {
        _deadline.Dispose();
        _pki.Dispose();
    }

    [Fact]
    public async Task Two_nodes_of_a_cluster_speak_and_the_one_that_connects_learns_who_answers()
    {
        var (server, client) = (Tls(_pki, "lab1"), Tls(_pki, "lab2"));
        var (accepted, connected) = await PairAsync(
            stream => Link(server).AcceptAsync(stream, _deadline.Token),
            stream => Link(client).ConnectAsync(stream, Address, _deadline.Token));
        await using var one = await accepted;
        await using var other = await connected;
        await other.WriteAsync("hello"u8.ToArray(), _deadline.Token);
        var buffer = new byte[5];
        await one.ReadExactlyAsync(buffer, _deadline.Token);
        Assert.Equal("hello", Encoding.ASCII.GetString(buffer));
        Assert.Equal([NodeName.Parse("lab1")], client.Names.At(Address)!.Value.AsEnumerable());
        Assert.Equal(SslProtocols.Tls13, ((SslStream)one).SslProtocol);
    }

    [Fact]
    public async Task Nobody_without_a_certificate_gets_in() => Assert.Equal("127.0.0.1 shows no certificate", await RefusedAsync(null));

    [Fact]
    public async Task Nobody_of_another_CA_gets_in()
    {
        using var other = new TestPki();
        Assert.Equal(
            "127.0.0.1 shows a certificate for lab2 that the cluster's CA has not issued",
            await RefusedAsync(Certificate(other.Issue("lab2"))));
    }

    [Fact]
    public async Task Nobody_who_signs_his_own_certificate_gets_in()
    {
        using var other = new TestPki();
        Assert.Equal(
            "127.0.0.1 shows a certificate without a node's name that the cluster's CA has not issued",
            await RefusedAsync(PemFile.ReadPair(other.Authority, other.PathOf("ca.key"))));
    }

    [Fact]
    public async Task Nobody_gets_in_with_a_certificate_of_the_CA_that_is_for_no_node()
    {
        using var authority = PemFile.ReadPair(_pki.Authority, _pki.PathOf("ca.key"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=printer", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var issued = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1]);
        using var certificate = issued.CopyWithPrivateKey(key);
        Assert.Equal("127.0.0.1 shows a certificate without a node's name", await RefusedAsync(certificate));
    }

    [Fact]
    public async Task Nobody_whose_certificate_has_expired_gets_in()
    {
        using var old = new TestPki(DateTimeOffset.UtcNow.AddDays(-400));
        var expired = Certificate(old.Issue("lab2", DateTimeOffset.UtcNow.AddDays(-400)));
        Assert.StartsWith(
            "127.0.0.1 shows a certificate for lab2 that has expired on 20", await RefusedAsync(expired, old), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_gets_in_with_an_older_TLS() =>
        Assert.StartsWith(
            "127.0.0.1 does not complete a TLS 1.3 handshake: ",
            await RefusedAsync(Certificate(_pki.Issue("lab2")), protocols: SslProtocols.Tls12),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("\0\0\0\u0005\0AKSB", "127.0.0.1 speaks without TLS: has that node cluster.tls in its configuration?")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "127.0.0.1 speaks something else than TLS")]
    [InlineData("\u0016GET / HTTP/1.1\r\n\r\n", "127.0.0.1 does not complete a TLS 1.3 handshake")]
    public async Task What_is_no_TLS_is_named_for_what_it_is(string said, string reason)
    {
        var (accepted, connected) = await PairAsync(
            stream => Link(Tls(_pki, "lab1")).AcceptAsync(stream, _deadline.Token),
            async stream =>
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(said), _deadline.Token);
                return stream;
            });
        await using var stranger = await connected;
        Assert.StartsWith(reason, (await Assert.ThrowsAsync<AuthenticationException>(() => accepted)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_is_ended_by_the_deadline()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var (accepted, connected) = await PairAsync(
            stream => Link(Tls(_pki, "lab1")).AcceptAsync(stream, soon.Token), stream => Task.FromResult<Stream>(stream));
        await using var stranger = await connected;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepted);
    }

    [Fact]
    public async Task A_node_does_not_speak_to_a_server_of_another_CA()
    {
        using var other = new TestPki();
        var client = Tls(_pki, "lab2");
        var (accepted, connected) = await PairAsync(
            stream => Link(Tls(other, "lab1")).AcceptAsync(stream, _deadline.Token),
            stream => Link(client).ConnectAsync(stream, Address, _deadline.Token));
        Assert.Equal(
            "it shows a certificate for lab1 that the cluster's CA has not issued",
            (await Assert.ThrowsAsync<AuthenticationException>(() => connected)).Message);
        await Assert.ThrowsAnyAsync<Exception>(() => accepted);
        Assert.Null(client.Names.At(Address));
    }

    [Fact]
    public async Task A_new_certificate_is_shown_to_the_next_one_who_connects()
    {
        var server = Tls(_pki, "lab1");
        Assert.Equal(server.Current.Certificate.SerialNumber, await SerialAsync());
        var before = server.Current.Certificate.SerialNumber;
        _pki.Issue("lab1");
        Assert.IsType<TlsLook.Renewed>(server.Look(DateTimeOffset.UtcNow));
        Assert.Equal(server.Current.Certificate.SerialNumber, await SerialAsync());
        Assert.NotEqual(before, server.Current.Certificate.SerialNumber);

        async Task<string> SerialAsync()
        {
            var (accepted, connected) = await PairAsync(
                stream => Link(server).AcceptAsync(stream, _deadline.Token),
                stream => Link(Tls(_pki, "lab2")).ConnectAsync(stream, Address, _deadline.Token));
            await using var one = await accepted;
        await using var other = await connected;
            return ((X509Certificate2)((SslStream)other).RemoteCertificate!).SerialNumber;
        }
    }

    /// <summary>Connects with a certificate, or none, and believes everything; why it was refused.</summary>
    private async Task<string> RefusedAsync(X509Certificate2? certificate, TestPki? pki = null, SslProtocols protocols = SslProtocols.Tls13)
    {
        var link = Link(Tls(pki ?? _pki, "lab1"));
        var context = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true);
        var (accepted, connected) = await PairAsync(stream => link.AcceptAsync(stream, _deadline.Token), async stream =>
        {
            var secured = new SslStream(stream);
            await secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "",
                    EnabledSslProtocols = protocols,
                    ClientCertificateContext = context,
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
                },
                _deadline.Token);
            return secured;
        });
        var error = await Assert.ThrowsAsync<AuthenticationException>(() => accepted);
        await Task.WhenAny(connected);
        return error.Message;
    }

    private static async Task<(Task<Stream> Accepted, Task<Stream> Connected)> PairAsync(
        Func<NetworkStream, Task<Stream>> accept, Func<NetworkStream, Task<Stream>> connect)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint);
        var server = await listener.AcceptSocketAsync();
        return (accept(new NetworkStream(server, ownsSocket: true)), connect(new NetworkStream(client, ownsSocket: true)));
    }

    private static ClusterTls Tls(TestPki pki, string node) =>
        ClusterTls.Load(pki.Issue(node), NodeName.Parse(node), DateTimeOffset.UtcNow);

    private static TlsLink Link(ClusterTls tls) => new(tls, TimeProvider.System);

    private static X509Certificate2 Certificate(TlsFiles files) => PemFile.ReadPair(files.Certificate, files.Key);
}
