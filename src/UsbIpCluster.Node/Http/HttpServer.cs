using System.Net;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace UsbIpCluster.Node;

/// <summary>
/// Serves <see cref="Pages"/> by HTTP/1.1: Kestrel without a host, since there is nothing to be configured or injected. A client costs at
/// most one of <see cref="MaxConnections"/>, for <see cref="Patience"/>, with little memory; more than that, and slower ones, are closed.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    /// <summary>Connections at a time; one more is closed at once.</summary>
    public const int MaxConnections = 64;

    /// <summary>The longest request line, in bytes.</summary>
    public const int MaxRequestLine = 1024;

    /// <summary>The longest head of a request, in bytes.</summary>
    public const int MaxHead = 8 * 1024;

    /// <summary>How long a client may take to send the head of a request, and how long its connection may then be idle.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int BufferSize = 16 * 1024;
    private const int MaxHeaders = 32;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;

    private HttpServer(KestrelServer server) => _server = server;

    /// <summary>Starts it.</summary>
    /// <exception cref="IOException">The address can't be served.</exception>
    public static async Task<HttpServer> StartAsync(IPEndPoint listen, Pages pages)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxConcurrentUpgradedConnections = 0;
        options.Limits.MaxRequestLineSize = MaxRequestLine;
        options.Limits.MaxRequestHeadersTotalSize = MaxHead;
        options.Limits.MaxRequestHeaderCount = MaxHeaders;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.MaxRequestBufferSize = BufferSize;
        options.Limits.RequestHeadersTimeout = Patience;
        options.Limits.KeepAliveTimeout = Patience;
        options.Listen(listen, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportOptions { IOQueueCount = 1, Backlog = MaxConnections, MaxReadBufferSize = BufferSize };
        var server = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(transport), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
        try
        {
            await server.StartAsync(new Application(pages), CancellationToken.None);
            return new HttpServer(server);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(StopTimeout);
        await _server.StopAsync(deadline.Token);
        _server.Dispose();
    }

    private sealed class Application(Pages pages) : IHttpApplication<IFeatureCollection>
    {
        private static readonly Page NotAllowed = new(405, "GET and HEAD are answered here\n");

        public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public void DisposeContext(IFeatureCollection context, Exception? exception)
        {
        }

        public async Task ProcessRequestAsync(IFeatureCollection context)
        {
            var request = context.GetRequiredFeature<IHttpRequestFeature>();
            var response = context.GetRequiredFeature<IHttpResponseFeature>();
            var page = request.Method is "GET" or "HEAD" ? await pages.GetAsync(request.Path) : NotAllowed;
            var text = Encoding.UTF8.GetBytes(page.Text);
            response.StatusCode = page.Status;
            response.Headers.ContentType = page.MediaType;
            response.Headers.ContentLength = text.Length;
            response.Headers.CacheControl = "no-store";
            if (page == NotAllowed)
                response.Headers.Allow = "GET, HEAD";
            if (request.Method != "HEAD")
                await context.GetRequiredFeature<IHttpResponseBodyFeature>().Writer.WriteAsync(text);
        }
    }
}
