using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A test on the shared cluster. Whatever it attached is detached after it; when it fails, the daemons' logs are in its output.</summary>
public abstract class SharedClusterTest(ThreeNodes nodes, ITestOutputHelper output) : IAsyncLifetime
{
    private protected Daemon Lab1 => nodes.Lab1;

    private protected Daemon Lab2 => nodes.Lab2;

    private protected Daemon Lab3 => nodes.Lab3;

    private protected ThreeNodes Cluster => nodes;

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        output.WriteLine(nodes.Lab.DescribeLogs());
        foreach (var node in nodes.Nodes)
        {
            foreach (var row in await node.PortAsync())
                await node.DetachAsync(row.Id!);
        }

        await Until.ReadAsync(
            () => Lab1.ListAsync(), rows => rows.All(row => row.State is "available" or "unbound"), "every device is free again");
    }

    private protected void Print(string line) => Figures.Print(output, line);
}
