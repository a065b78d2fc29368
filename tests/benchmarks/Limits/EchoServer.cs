using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Benchmarks;

/// <summary>
/// The least that a peer can be: a process that gives back each frame, over TCP alone or with mutual TLS 1.3 around it. One connection.
/// </summary>
internal sealed class EchoServer : IAsyncDisposable
{
    /// <summary>The argument that makes this program one; the files of its TLS follow, if it has TLS.</summary>
    public const string Role = "echo-server";

    private readonly Process _process;

    private EchoServer(Process process, Stream stream) => (_process, Stream) = (process, stream);

    /// <summary>The connection to it.</summary>
    public Stream Stream { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>What it does, until its connection ends.</summary>
    public static async Task<int> RunAsync(string[] files)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        var socket = await listener.AcceptSocketAsync();
        await using var stream = await SecureAsync(socket, files, async (secured, identity) =>
            await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ServerCertificateContext = identity.Context,
                ClientCertificateRequired = true,
                CertificateChainPolicy = identity.Trust.PolicyFor(CertificateRole.Client),
            }));
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer) is var length && length > 0)
            await stream.WriteAsync(buffer.AsMemory(0, length));
        return 0;
    }

    /// <summary>Starts one and connects to it.</summary>
    /// <param name="files">The certificate that both ends show; null for no TLS.</param>
    /// <param name="cancelled">Gives up.</param>
    public static async Task<EchoServer> StartAsync(TlsFiles? files, CancellationToken cancelled)
    {
        string[] arguments = files is null ? [] : [files.Authority, files.Certificate, files.Key];
        var process = Command.Launch(Command.Start(Environment.ProcessPath!, [Role, .. arguments]));
        var port = int.Parse(await process.StandardOutput.ReadLineAsync(cancelled) ?? throw new InvalidOperationException("the echo server has ended"));
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, cancelled);
        return new EchoServer(process, await SecureAsync(socket, arguments, (secured, identity) =>
            secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    // Its certificate is for a node, not for this address: as between nodes, the CA decides.
                    TargetHost = "",
                    RemoteCertificateValidationCallback = (_, _, _, errors) => errors is SslPolicyErrors.None or SslPolicyErrors.RemoteCertificateNameMismatch,
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ClientCertificateContext = identity.Context,
                    CertificateChainPolicy = identity.Trust.PolicyFor(CertificateRole.Server),
                },
                cancelled)));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        SystemCalls.Send(_process.Id, Signal.Kill);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<Stream> SecureAsync(Socket socket, string[] files, Func<SslStream, NodeIdentity, Task> authenticate)
    {
        socket.NoDelay = true;
        var connection = new NetworkStream(socket, ownsSocket: true);
        if (files is not [var authority, var certificate, var key])
            return connection;
        var identity = NodeIdentity.Load(
            new TlsFiles(authority, certificate, key), NodeName.Parse(Path.GetFileNameWithoutExtension(certificate)), DateTimeOffset.UtcNow);
        var secured = new SslStream(connection);
        await authenticate(secured, identity);
        return secured;
    }
}
