using Xunit.Abstractions;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// Thousands of schedules in which everything goes wrong that can, and after which everybody has to know everything. A schedule that fails
/// says its seed; <see cref="One_schedule_can_be_run_again"/> with that seed and trouble runs it alone.
/// </summary>
public sealed class InventoryModelTests(ITestOutputHelper output)
{
    private const int Schedules = 750;
    private const int Steps = 200;

    // A digest tells what was missed. One that tells of less than is known only counts when the next one is due.
    private const int Rounds = 1;
    private const int RoundsOfDoubt = 3;

    [Fact]
    public void Every_node_comes_to_know_what_each_says_of_itself() => Run(Trouble.None, Rounds);

    [Fact]
    public void So_it_does_among_nodes_of_older_versions() => Run(Trouble.OlderNodes, Rounds);

    [Fact]
    public void So_it_does_when_clocks_go_wrong() => Run(Trouble.WrongClocks, RoundsOfDoubt);

    [Fact]
    public void So_it_does_after_false_claims() => Run(Trouble.FalseClaims | Trouble.WrongClocks, RoundsOfDoubt);

    [Theory]
    [InlineData(0, (int)Trouble.None, Rounds)]
    public void One_schedule_can_be_run_again(int seed, int trouble, int rounds)
    {
        var model = new InventoryModel(seed, (Trouble)trouble);
        model.Run(Steps);
        model.Converge(rounds);
    }

    private void Run(Trouble trouble, int rounds)
    {
        var (most, delivered) = (0, new Dictionary<Type, int>());
        for (var seed = 0; seed < Schedules; seed++)
        {
            var model = new InventoryModel(seed, trouble);
            model.Run(Steps);
            most = Math.Max(most, model.Converge(rounds));
            foreach (var (type, count) in model.Delivered)
                delivered[type] = delivered.GetValueOrDefault(type) + count;
        }

        var kinds = string.Join(", ", delivered.Select(each => $"{each.Value} {each.Key.Name}"));
        output.WriteLine($"{Schedules} schedules, {most} rounds of digests at most; delivered {kinds}");
        Assert.True(delivered[typeof(InventoryActor.Delta)] > Schedules, "hardly any delta was delivered");
    }
}
