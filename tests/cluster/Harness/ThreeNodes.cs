namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// Three nodes in three networks with one seed, each with a device: those of lab1 and lab3 are exported, lab2's is not. Shared by the tests
/// that leave it as they found it.
/// </summary>
public sealed class ThreeNodes : IAsyncLifetime
{
    /// <summary>The name of the collection of those tests.</summary>
    public const string Collection = "three nodes";

    private Lab? _lab;

    internal Lab Lab => _lab!;

    /// <summary>The nodes.</summary>
    internal IReadOnlyList<Daemon> Nodes { get; private set; } = [];

    internal Daemon Lab1 => Nodes[0];

    internal Daemon Lab2 => Nodes[1];

    internal Daemon Lab3 => Nodes[2];

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        _lab = await Lab.CreateAsync();
        var seed = await _lab.AddHostAsync();
        var second = await _lab.AddHostAsync();
        var third = await _lab.AddHostAsync();
        Nodes = [await seed.StartAsync(), second.Launch([seed]), third.Launch([seed])];
        foreach (var node in Nodes)
            await node.WaitForClusterAsync(nodes: 3, devices: 3);
        await Lab1.BindAsync("serial=LAB1-0001");
        await Lab3.BindAsync("serial=LAB3-0001");
        foreach (var node in Nodes)
            await Until.ReadAsync(() => node.ListAsync(), rows => rows.Count(row => row.State == "available") == 2, "two exported devices");
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_lab is not null)
            await _lab.DisposeAsync();
    }
}

/// <summary>The tests that share <see cref="ThreeNodes"/>, one after another.</summary>
[CollectionDefinition(ThreeNodes.Collection)]
public sealed class ThreeNodesCollection : ICollectionFixture<ThreeNodes>;
