using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using UsbIpCluster.Control;

namespace UsbIpCluster.Testing;

/// <summary>A control server on a socket of its own, with a scripted handler behind it.</summary>
internal sealed class TestDaemon : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipc-");
    private readonly ControlServer _server;

    public TestDaemon(Func<ControlServerOptions, ControlServerOptions>? change = null)
    {
        Path = System.IO.Path.Combine(_folder.FullName, "control.sock");
        var options = new ControlServerOptions { Path = Path, Clock = new FixedClock(), Report = (line, _) => Reports.Add(line) };
        _server = ControlServer.Start(change is null ? options : change(options), Handler);
    }

    public string Path { get; }

    public ScriptedHandler Handler { get; } = new();

    public System.Collections.Concurrent.ConcurrentBag<string> Reports { get; } = [];

    public Task<ControlClient> ConnectAsync() => ControlClient.ConnectAsync(Path, CancellationToken.None);

    public RawClient ConnectRaw() => new(Path);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>A clock that stands still, in UTC.</summary>
internal sealed class FixedClock : TimeProvider
{
    public static readonly DateTimeOffset Now = new(2025, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>A client that sends whatever a test wants.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<byte> _received = [];

    public RawClient(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    public Socket Socket => _socket;

    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    public void Send(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    /// <summary>The next line as JSON.</summary>
    public async Task<JsonElement> ReadAsync() =>
        await ReadLineAsync() is { } line ? JsonElement.Parse(line) : throw new EndOfStreamException("the server closed the connection");

    /// <summary>The next line; null when the server has closed the connection.</summary>
    public async Task<byte[]?> ReadLineAsync()
    {
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        var chunk = new byte[64 * 1024];
        while (true)
        {
            var end = _received.IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _received.GetRange(0, end).ToArray();
                _received.RemoveRange(0, end + 1);
                return line;
            }

            try
            {
                var count = await _socket.ReceiveAsync(chunk, deadline.Token);
                if (count == 0)
                    return null;
                _received.AddRange(chunk.AsSpan(0, count));
            }
            catch (SocketException)
            {
                return null;
            }
        }
    }

    /// <summary>The code of the error that the next line must be.</summary>
    public async Task<int> ReadErrorCodeAsync() => (await ReadAsync()).GetProperty("error").GetProperty("code").GetInt32();

    public void Dispose() => _socket.Dispose();
}
