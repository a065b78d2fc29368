using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A test with a network of its own. When it fails, the daemons' logs are in its output.</summary>
public abstract class ClusterTest(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly List<LabHost> _hosts = [];
    private Lab? _lab;

    private protected ITestOutputHelper Output => output;

    private protected Lab Lab => _lab!;

    /// <inheritdoc/>
    public async Task InitializeAsync() => _lab = await Lab.CreateAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_lab is null)
            return;
        output.WriteLine(_lab.DescribeLogs());
        await _lab.DisposeAsync();
    }

    private protected async Task<LabHost[]> AddHostsAsync(int count)
    {
        for (var i = 0; i < count; i++)
            _hosts.Add(await Lab.AddHostAsync());
        return [.. _hosts[^count..]];
    }

    private protected void Print(string line) => Figures.Print(output, line);
}
