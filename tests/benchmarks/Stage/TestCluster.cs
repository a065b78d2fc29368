using System.Net;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Benchmarks;

/// <summary>Nodes that are one cluster over mutual TLS, with a CA of their own. Whatever they leave goes with them.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipcluster-benchmark-");
    private readonly List<Node> _nodes = [];

    private TestCluster()
    {
    }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>The certificate of the first node.</summary>
    public TlsFiles Files => FilesOf(NameOf(0));

    private string Pki => Path.Combine(_folder.FullName, "pki");

    /// <summary>Starts them, and waits until each knows all.</summary>
    public static Task<TestCluster> StartAsync(Product product, int nodes, CancellationToken cancelled) => StartAsync(product, nodes, 1, cancelled);

    /// <summary>Starts them with so many devices each, exported if there is more than one, and waits until each knows all.</summary>
    public static async Task<TestCluster> StartAsync(Product product, int nodes, int devices, CancellationToken cancelled)
    {
        var cluster = new TestCluster();
        try
        {
            await Command.SucceedAsync(product.Usbipc, "ca", "init", "--out", cluster.Pki);
            await Command.SucceedAsync(product.Usbipc, ["ca", "issue", .. Enumerable.Range(0, nodes).Select(NameOf), "--ca", cluster.Pki]);
            for (var i = 0; i < nodes; i++)
                await cluster.AddAsync(product, devices, cancelled);
            await cluster.FormAsync(devices, cancelled);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does something with them; when it fails, their logs are in what it throws.</summary>
    public async Task<T> UseAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{error.Message}\n{string.Join('\n', _nodes.Select(node => node.DescribeLog()))}", error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string NameOf(int index) => $"lab{index + 1}";

    // Addresses of loopback that nobody else takes: 127.0.0.0/8 is all ours.
    private async Task AddAsync(Product product, int devices, CancellationToken cancelled)
    {
        var name = NameOf(_nodes.Count);
        var address = new IPAddress([127, 32, 40, (byte)(_nodes.Count + 1)]);
        _nodes.Add(await Node.StartAsync(product, _folder, name, address, FilesOf(name), _nodes.FirstOrDefault(), devices, cancelled));
    }

    private Task<bool> FormAsync(int devices, CancellationToken cancelled) => UseAsync(async () =>
    {
        foreach (var node in _nodes)
        {
            await using var client = await node.ConnectAsync(cancelled);
            await Until.ReadAsync(
                () => client.NodesAsync(new NodesParams(), cancelled),
                rows => rows.Count == _nodes.Count && rows.All(row => row is { Status: "up", Reachable: true } && row.Devices == devices),
                $"{node.Name} in a cluster of {_nodes.Count}");
        }

        return true;
    });

    private TlsFiles FilesOf(string node) =>
        new(Path.Combine(Pki, "ca.crt"), Path.Combine(Pki, $"{node}.crt"), Path.Combine(Pki, $"{node}.key"));
}
