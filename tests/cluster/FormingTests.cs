using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>In whatever order nodes are started, and whoever of their seeds is there: they become one cluster in time.</summary>
public sealed class FormingTests(ITestOutputHelper output) : MeetingTest(output)
{
    [Theory]
    [InlineData("1 2 3")]
    [InlineData("1 3 2")]
    [InlineData("2 1 3")]
    [InlineData("2 3 1")]
    [InlineData("3 1 2")]
    [InlineData("3 2 1")]
    [InlineData("1,2,3")]
    public async Task Three_nodes_with_two_seeds_become_one_cluster_in_every_order_of_starts(string order)
    {
        var hosts = await AddHostsAsync(3);
        var daemons = await LaunchAsync(hosts, order);
        Assert.InRange(await BecomeOneAsync($"three nodes with two seeds, started in the order {order}", daemons), TimeSpan.Zero, Together);
    }

    [Theory]
    [InlineData(1, "2 3")]
    [InlineData(1, "3 2")]
    [InlineData(2, "1 3")]
    [InlineData(2, "3 1")]
    public async Task Nodes_of_whose_two_seeds_one_is_down_become_one_cluster_and_the_seed_joins_it(int down, string order)
    {
        var hosts = await AddHostsAsync(3);
        var daemons = await LaunchAsync(hosts, order);
        Assert.InRange(await BecomeOneAsync($"two nodes, in the order {order}, without seed {down}", daemons), TimeSpan.Zero, Together);
        daemons.Add(hosts[down - 1].Launch(hosts[..2]));
        Assert.InRange(await BecomeOneAsync($"seed {down}, which was down", daemons), TimeSpan.Zero, Together);
    }

    [Theory]
    [InlineData("1 2 3", nameof(Signal.Kill))]
    [InlineData("1 2 3", nameof(Signal.Terminate))]
    [InlineData("3 2 1", nameof(Signal.Kill))]
    public async Task A_first_of_two_seeds_that_is_restarted_while_the_others_run_comes_back(string order, string end)
    {
        var hosts = await AddHostsAsync(3);
        var daemons = await LaunchAsync(hosts, order);
        await BecomeOneAsync($"three nodes with two seeds, started in the order {order}", daemons);
        var first = Assert.Single(hosts[0].Daemons);
        await EndAsync(first, end);
        daemons[daemons.IndexOf(first)] = hosts[0].Launch(hosts[..2]);
        Assert.InRange(await BecomeOneAsync($"the first of two seeds, restarted after a {end}", daemons), TimeSpan.Zero, Together);
    }

    [Theory]
    [InlineData(nameof(Signal.Kill), false)]
    [InlineData(nameof(Signal.Terminate), false)]
    [InlineData(nameof(Signal.Kill), true)]
    public async Task An_only_seed_that_knows_no_seeds_and_is_restarted_comes_back(string end, bool forgets)
    {
        var hosts = await AddHostsAsync(3);
        var first = await hosts[0].StartAsync();
        Daemon[] others = [hosts[1].Launch([hosts[0]]), hosts[2].Launch([hosts[0]])];
        await BecomeOneAsync("the only seed and two more", [first, .. others]);
        await EndAsync(first, end);
        if (forgets)
            Directory.Delete(hosts[0].State, recursive: true);

        var after = forgets ? "a loss of all that it has kept" : $"a {end}";
        Daemon[] daemons = [.. others, hosts[0].Launch()];
        Assert.InRange(await BecomeOneAsync($"the only seed, restarted after {after}", daemons), TimeSpan.Zero, Together);
    }

    [Theory]
    [InlineData("1 2 3")]
    [InlineData("2 1 3")]
    [InlineData("1 3 2")]
    [InlineData("3 1 2")]
    public async Task Two_seeds_that_have_formed_clusters_of_their_own_and_a_third_node_become_one_cluster(string order)
    {
        var hosts = await AddHostsAsync(3);
        await Lab.CutClusterAsync(hosts[0], hosts[1]);
        await Lab.CutClusterAsync(hosts[..2], hosts[2..]);
        var daemons = await LaunchAsync(hosts, order);
        foreach (var daemon in daemons)
            await BeAloneAsync(daemon);

        await Lab.HealClusterAsync(hosts[0], hosts[1]);
        await Lab.HealClusterAsync(hosts[..2], hosts[2..]);
        Assert.InRange(await BecomeOneAsync($"three clusters of one node, formed in the order {order}", daemons), TimeSpan.Zero, Together);
        Assert.All(hosts, host => Assert.Single(host.Daemons));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Two_seeds_that_have_formed_clusters_of_their_own_become_one_with_the_third_node_in_either(int joined)
    {
        var hosts = await AddHostsAsync(3);
        var (near, far) = (hosts[joined - 1], hosts[2 - joined]);
        await Lab.CutClusterAsync([near, hosts[2]], [far]);
        Daemon[] pair = [near.Launch(hosts[..2]), hosts[2].Launch(hosts[..2])];
        var alone = far.Launch(hosts[..2]);
        await BecomeOneAsync($"seed {joined} and a third node", pair);
        await BeAloneAsync(alone);

        await Lab.HealClusterAsync([near, hosts[2]], [far]);
        var time = await BecomeOneAsync($"clusters of two and of one, the third node in seed {joined}'s", [.. pair, alone]);
        Assert.InRange(time, TimeSpan.Zero, Together);
        Assert.All(hosts, host => Assert.Single(host.Daemons));
    }

    [Fact]
    public async Task A_seed_is_a_name_and_who_has_it_need_not_be_there_first()
    {
        var hosts = await AddHostsAsync(2);
        hosts[1].Network.WriteHosts([("hub.test", Lab.Address), ("hub.test", hosts[0].Address)]);
        var daemon = hosts[1].Launch(["--exporter", "simulated", "--host-controller", "simulated", "--seed", "hub.test"]);
        await BeAloneAsync(daemon);
        Assert.InRange(
            await BecomeOneAsync("a node and the one behind the second address of its seed's name", [daemon, hosts[0].Launch()]),
            TimeSpan.Zero,
            Together);
    }

    /// <summary>
    /// Starts nodes by their numbers, each when those before it are ready, and those at once that a comma parts. Two are the seeds.
    /// </summary>
    private static async Task<List<Daemon>> LaunchAsync(LabHost[] hosts, string order)
    {
        var daemons = new List<Daemon>();
        foreach (var together in order.Split(' '))
        {
            Daemon[] started = [.. together.Split(',').Select(number => hosts[int.Parse(number) - 1].Launch(hosts[..2]))];
            daemons.AddRange(started);
            foreach (var daemon in started)
                await daemon.WaitUntilReadyAsync();
        }

        return daemons;
    }

    private static async Task EndAsync(Daemon daemon, string signal)
    {
        daemon.Send(Enum.Parse<Signal>(signal));
        await daemon.WaitForExitAsync(TimeSpan.FromSeconds(10));
    }
}
