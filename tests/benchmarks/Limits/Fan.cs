using System.Diagnostics;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Benchmarks;

/// <summary>
/// A frame to several echo servers, until the last has answered: what a change that every node is to hear of costs at the least. There and
/// back are two hops between processes; a change has two as well, to the node and from there to its client.
/// </summary>
internal sealed class Fan : IAsyncDisposable
{
    private readonly List<EchoServer> _servers = [];
    private readonly byte[] _frame;
    private readonly byte[] _answer;

    private Fan(int frameBytes) => (_frame, _answer) = (new byte[frameBytes], new byte[frameBytes]);

    /// <summary>The processes of the servers.</summary>
    public IEnumerable<int> ProcessIds => _servers.Select(server => server.ProcessId);

    /// <summary>Starts the servers.</summary>
    public static async Task<Fan> StartAsync(int servers, int frameBytes, TlsFiles? files, CancellationToken cancelled)
    {
        var fan = new Fan(frameBytes);
        for (var i = 0; i < servers; i++)
            fan._servers.Add(await EchoServer.StartAsync(files, cancelled));
        return fan;
    }

    /// <summary>Once; how long it took.</summary>
    public async Task<TimeSpan> RunAsync(CancellationToken cancelled)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var server in _servers)
            await server.Stream.WriteAsync(_frame, cancelled);
        foreach (var server in _servers)
            await server.Stream.ReadExactlyAsync(_answer, cancelled);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }
}
