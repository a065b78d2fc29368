using System.Net;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// A private network on this machine: hosts, each a network namespace, on one switch, a bridge in a namespace of its own. Whatever is in it
/// ends with it; what a run that was killed has left is removed by the next one.
/// </summary>
internal sealed class Lab : IAsyncDisposable
{
    // Followed by the process that made it: one that has ended has left something behind.
    private const string Prefix = "uic-test-";
    private const string Bridge = "switch";
    private const string HostLink = "eth0";

    private static readonly Lazy<Task> Ready = new(PrepareAsync);
    private static int _labs;

    private readonly NetworkNamespace _switch;
    private readonly List<LabHost> _hosts = [];
    private readonly List<WeakCable> _cables = [];

    private Lab(string name, NetworkNamespace bridge, DirectoryInfo folder)
    {
        Name = name;
        _switch = bridge;
        Folder = folder;
    }

    /// <summary>Its name, unique on this machine.</summary>
    public string Name { get; }

    /// <summary>Where its hosts have their files.</summary>
    public DirectoryInfo Folder { get; }

    /// <summary>The switch's own address in the network.</summary>
    public IPAddress Address { get; } = IPAddress.Parse("10.231.0.254");

    /// <summary>The switch's own network.</summary>
    public NetworkNamespace Network => _switch;

    /// <summary>Makes a network without hosts.</summary>
    public static async Task<Lab> CreateAsync()
    {
        await Ready.Value;
        var name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _labs)}";
        var lab = new Lab(name, await NetworkNamespace.CreateAsync($"{name}-switch"), Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), name)));
        await lab._switch.IpAsync("link", "add", Bridge, "type", "bridge");
        await lab._switch.IpAsync("link", "set", Bridge, "up");
        await lab._switch.IpAsync("address", "add", $"{lab.Address}/24", "dev", Bridge);
        return lab;
    }

    /// <summary>Adds a host: <c>lab1</c>, <c>lab2</c> and so on, at 10.231.0.1, 10.231.0.2 and so on.</summary>
    public async Task<LabHost> AddHostAsync()
    {
        var number = _hosts.Count + 1;
        var name = $"lab{number}";
        var network = await NetworkNamespace.CreateAsync($"{Name}-{name}");
        var host = new LabHost(name, IPAddress.Parse($"10.231.0.{number}"), network, this);
        _hosts.Add(host);
        await _switch.IpAsync("link", "add", name, "type", "veth", "peer", "name", HostLink, "netns", network.Name);
        await PlugInAsync(host);
        return host;
    }

    /// <summary>Puts a cable in the place of the host's own that is as good, until it is told to be weak.</summary>
    public async Task<WeakCable> ReplaceCableAsync(LabHost host)
    {
        await _switch.IpAsync("link", "delete", host.Name);
        var cable = await WeakCable.CreateAsync((host.Network, HostLink), (_switch, host.Name));
        _cables.Add(cable);
        await PlugInAsync(host);
        return cable;
    }

    /// <summary>Pulls the host's cable out at the switch.</summary>
    public Task CutAsync(LabHost host) => _switch.IpAsync("link", "set", host.Name, "down");

    /// <summary>Plugs it in again.</summary>
    public Task HealAsync(LabHost host) => _switch.IpAsync("link", "set", host.Name, "up");

    /// <summary>Cuts the cluster between two hosts, in both directions, and nothing else.</summary>
    public static Task CutClusterAsync(LabHost one, LabHost other) => RuleClusterAsync("add", one, other);

    /// <summary>Cuts it between all hosts of one side and all of the other.</summary>
    public static Task CutClusterAsync(IReadOnlyList<LabHost> one, IReadOnlyList<LabHost> other) =>
        Task.WhenAll(PairsOf(one, other).Select(pair => CutClusterAsync(pair.One, pair.Other)));

    /// <summary>Lets it through again.</summary>
    public static Task HealClusterAsync(LabHost one, LabHost other) => RuleClusterAsync("delete", one, other);

    /// <summary>Lets it through again between all of them.</summary>
    public static Task HealClusterAsync(IReadOnlyList<LabHost> one, IReadOnlyList<LabHost> other) =>
        Task.WhenAll(PairsOf(one, other).Select(pair => HealClusterAsync(pair.One, pair.Other)));

    /// <summary>What the daemons have logged, for a person who looks for why a test failed.</summary>
    public string DescribeLogs() => string.Join('\n', _hosts.SelectMany(host => host.Daemons).Select(daemon => daemon.DescribeLog()));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var cable in _cables)
            await cable.DisposeAsync();
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _switch.DisposeAsync();
        Folder.Delete(recursive: true);
    }

    private async Task PlugInAsync(LabHost host)
    {
        await _switch.IpAsync("link", "set", host.Name, "master", Bridge, "up");
        await host.Network.IpAsync("address", "add", $"{host.Address}/24", "dev", HostLink);
        await host.Network.IpAsync("link", "set", HostLink, "up");
    }

    private static IEnumerable<(LabHost One, LabHost Other)> PairsOf(IReadOnlyList<LabHost> one, IReadOnlyList<LabHost> other) =>
        one.SelectMany(host => other.Select(peer => (host, peer)));

    // Routing rules need no firewall, which not every machine has.
    private static async Task RuleClusterAsync(string what, LabHost one, LabHost other)
    {
        foreach (var (host, peer) in ((LabHost, LabHost)[])[(one, other), (other, one)])
        {
            foreach (var port in (string[])["sport", "dport"])
                await host.Network.IpAsync("rule", what, "to", $"{peer.Address}", "ipproto", "tcp", port, $"{peer.Cluster.Port}", "blackhole");
        }
    }

    private static async Task PrepareAsync()
    {
        Prerequisites.Check();
        foreach (var name in NetworkNamespace.Find(Prefix).Where(IsLeftOver))
            await NetworkNamespace.RemoveAsync(name);
        foreach (var folder in new DirectoryInfo(Path.GetTempPath()).GetDirectories(Prefix + "*").Where(folder => IsLeftOver(folder.Name)))
            folder.Delete(recursive: true);
    }

    private static bool IsLeftOver(string name) =>
        int.TryParse(name[Prefix.Length..].Split('-')[0], out var process) && !Directory.Exists($"/proc/{process}");
}
