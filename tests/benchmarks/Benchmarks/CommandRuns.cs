using System.Diagnostics;

namespace UsbIpCluster.Benchmarks;

/// <summary>
/// The command from its start to its end, in pairs with what it is compared with: with a hello world that was published in the same way, and,
/// where the stock tools are installed, with the one of them that does the same.
/// </summary>
internal sealed class CommandRuns : Benchmark
{
    private const int Pairs = 20;
    private const int Devices = 1000;
    private const string Stock = "/usr/sbin/usbip";
    private const string StockPorts = "/sys/devices/platform/vhci_hcd.0";
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public override string Name => "command";

    /// <inheritdoc/>
    public override string Shows => $"usbipc from its start to its end, with {Devices} devices in the inventory";

    /// <inheritdoc/>
    public override TimeSpan Patience => TimeSpan.FromMinutes(15);

    /// <inheritdoc/>
    public override async Task<Sheet> RunAsync(Product product, CancellationToken cancelled)
    {
        using var hello = await HelloWorld.PublishAsync("src");
        await using var cluster = await TestCluster.StartAsync(product, 1, Devices, cancelled);
        return await cluster.UseAsync(async () =>
        {
            var node = cluster.Nodes[0];
            var watch = MachineLoad.Watch();
            List<Comparison> comparisons =
            [
                await CompareAsync("usbipc list", [product.Usbipc, "list"], "hello world", [hello.Program], Devices + 1),
                await CompareAsync("usbipc list -v", [product.Usbipc, "list", "-v"], "hello world", [hello.Program], Devices + 1),
                await CompareAsync("usbipc list --json", [product.Usbipc, "list", "--json"], "hello world", [hello.Program], Devices + 2),
                await CompareAsync("usbipc port", [product.Usbipc, "port"], "hello world", [hello.Program], 0),
            ];
            if (File.Exists(Stock))
            {
                comparisons.Add(await CompareAsync(
                    "usbipc list -r",
                    [product.Usbipc, "list", "-r", node.Listen.ToString()],
                    "usbip list -r",
                    [Stock, "--tcp-port", $"{node.Listen.Port}", "list", "-r", $"{node.Listen.Address}"],
                    Devices + 1));
            }

            // Without the module there is nothing for it to list, and it fails.
            if (File.Exists(Stock) && Directory.Exists(StockPorts))
                comparisons.Add(await CompareAsync("usbipc port", [product.Usbipc, "port"], "usbip port", [Stock, "port"], 0));

            var sheet = new Sheet([.. Distribution.Columns("runs"), new Column("pairs' median", "", 2)]) { Machine = watch() };
            foreach (var comparison in comparisons)
                comparison.AddTo(sheet);
            return sheet;

            Task<Comparison> CompareAsync(string name, string[] command, string limitName, string[] limit, int lines) =>
                Comparison.RunAsync(name, Start(command, node), limitName, Start(limit, node), lines, Pairs, Enough, cancelled);
        });
    }

    private static Func<ProcessStartInfo> Start(string[] commandLine, Node node) => () =>
    {
        var start = Command.Start(commandLine[0], commandLine[1..]);
        start.Environment["USBIPCLUSTER__CONTROL"] = node.ControlSocket;
        return start;
    };

    /// <summary>The times of two programs that were run in turn.</summary>
    private sealed record Comparison(string Name, string LimitName, IReadOnlyList<(TimeSpan Ours, TimeSpan Limit)> Pairs)
    {
        /// <summary>Runs them, ours first in every other pair. The first pair of all only fills the caches.</summary>
        public static async Task<Comparison> RunAsync(
            string name,
            Func<ProcessStartInfo> ours,
            string limitName,
            Func<ProcessStartInfo> limit,
            int lines,
            int pairs,
            TimeSpan enough,
            CancellationToken cancelled)
        {
            var oursFirst = false;
            var times = await Series.RunAsync(pairs + 1, enough, TimeSpan.Zero, PairAsync, cancelled);
            return new Comparison(name, limitName, [.. times.Skip(times.Count > 1 ? 1 : 0)]);

            async Task<(TimeSpan, TimeSpan)> PairAsync(CancellationToken stop)
            {
                oursFirst = !oursFirst;
                var before = oursFirst ? default : await TimeAsync(limit(), 0);
                var own = await TimeAsync(ours(), lines);
                return (own, oursFirst ? await TimeAsync(limit(), 0) : before);
            }
        }

        /// <summary>Adds it to the sheet.</summary>
        public void AddTo(Sheet sheet)
        {
            var limit = sheet.AddLimit(LimitName, [.. new Distribution(Pairs.Select(pair => pair.Limit)).Figures, null]);
            double[] ratios = [.. Pairs.Select(pair => pair.Ours / pair.Limit).Order()];
            sheet.Add(Name, [.. new Distribution(Pairs.Select(pair => pair.Ours)).Figures, ratios[ratios.Length / 2]], limit);
        }

        private static async Task<TimeSpan> TimeAsync(ProcessStartInfo start, int lines)
        {
            var began = Stopwatch.GetTimestamp();
            var result = (await Command.RunAsync(start, Command.Patience)).Succeeded();
            var time = Stopwatch.GetElapsedTime(began);
            if (lines > 0)
                Assert.Equal(lines, result.Out.Count(character => character == '\n'));
            return time;
        }
    }
}
