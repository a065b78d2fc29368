using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>In whatever order nodes are started, and whoever of their seeds is there: they become one cluster.</summary>
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
        LabHost[] seeds = [hosts[0], hosts[1]];
        var daemons = new List<Daemon>();
        foreach (var together in order.Split(' '))
        {
            Daemon[] started = [.. together.Split(',').Select(number => hosts[int.Parse(number) - 1].Launch(seeds))];
            daemons.AddRange(started);
            foreach (var daemon in started)
                await daemon.WaitUntilReadyAsync();
        }

        await BecomeOneAsync($"three nodes with two seeds, started in the order {order}", daemons);
    }

    [Fact]
    public async Task Nodes_whose_first_seed_is_down_become_one_cluster_and_the_seed_joins_it()
    {
        var hosts = await AddHostsAsync(3);
        LabHost[] seeds = [hosts[0], hosts[1]];
        Daemon[] daemons = [hosts[1].Launch(seeds), hosts[2].Launch(seeds)];
        await BecomeOneAsync("two nodes with a seed that is down", daemons);
        await BecomeOneAsync("the seed that was down", [.. daemons, hosts[0].Launch(seeds)]);
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("terminate")]
    public async Task A_first_seed_that_knows_no_seeds_and_is_restarted_comes_back(string end)
    {
        var hosts = await AddHostsAsync(3);
        var first = await hosts[0].StartAsync();
        Daemon[] others = [hosts[1].Launch([hosts[0]]), hosts[2].Launch([hosts[0]])];
        await BecomeOneAsync("the first seed and two more", [first, .. others]);
        if (end == "kill")
        {
            await first.KillAsync();
        }
        else
        {
            first.Send(Signal.Terminate);
            await first.WaitForExitAsync(TimeSpan.FromSeconds(10));
        }

        await BecomeOneAsync($"the first seed, restarted after a {end}", [.. others, hosts[0].Launch()]);
    }

    [Fact]
    public async Task A_seed_is_a_name_and_who_has_it_need_not_be_there_first()
    {
        var hosts = await AddHostsAsync(2);
        hosts[1].Network.WriteHosts([("hub.test", Lab.Address), ("hub.test", hosts[0].Address)]);
        Daemon[] daemons = [hosts[1].Launch(["--exporter", "simulated", "--host-controller", "simulated", "--seed", "hub.test"])];
        await daemons[0].WaitUntilReadyAsync();
        await Until.ReadAsync(daemons[0].NodesAsync, rows => rows is [{ Status: "up" }], "a cluster of its own");
        await BecomeOneAsync("a node and the one behind the second address of its seed's name", [.. daemons, hosts[0].Launch()]);
    }
}
