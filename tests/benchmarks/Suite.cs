using System.Diagnostics;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Benchmarks;

/// <summary>The command line: which benchmarks there are, and running them.</summary>
internal static class Suite
{
    private const int Failed = 1;
    private const int UsageError = 2;

    private static readonly Benchmark[] All = [new Propagation(), new Idle(), new Start(), new CommandRuns()];

    /// <summary>Runs those that are named, or all; the exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is ["--list"])
        {
            foreach (var benchmark in All)
                Console.WriteLine($"{benchmark.Name,-12} {benchmark.Shows}");
            return 0;
        }

        if (arguments is not [var product, var results, .. var names]
            || names.Except(All.Select(benchmark => benchmark.Name), StringComparer.Ordinal).Any())
        {
            await Console.Error.WriteLineAsync("usage: run [--list] [NAME ...]; --list says which there are");
            return UsageError;
        }

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        var failed = 0;
        foreach (var benchmark in names.Length == 0 ? All : All.Where(benchmark => names.Contains(benchmark.Name, StringComparer.Ordinal)))
        {
            if (stop.IsCancellationRequested || !await RunAsync(benchmark, new Product(product), results, stop.Token))
                failed++;
        }

        return failed > 0 ? Failed : 0;
    }

    private static async Task<bool> RunAsync(Benchmark benchmark, Product product, string results, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(benchmark.Patience);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var sheet = await benchmark.RunAsync(product, patience.Token);
            Console.WriteLine($"==== {benchmark.Name}: {benchmark.Shows}");
            Console.WriteLine(sheet.ToText());
            await sheet.WriteAsync(Path.Combine(Directory.CreateDirectory(results).FullName, $"{benchmark.Name}.json"), benchmark);
            return true;
        }
        catch (Exception error)
        {
            var after = $"after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s";
            var how = stop.IsCancellationRequested ? "stopped" : patience.IsCancellationRequested ? "was not done" : "failed";
            await Console.Error.WriteLineAsync($"==== {benchmark.Name}: {how} {after}: {error}");
            return false;
        }
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
