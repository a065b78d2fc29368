using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// What was measured. A test runner keeps the output of a test that passed to itself, so the figures are in a file as well:
/// <c>artifacts/cluster-figures.txt</c> or <c>soak-figures.txt</c>, by the tier, written anew by each run.
/// </summary>
internal static class Figures
{
    private static readonly Lock Gate = new();
    private static readonly string Path = Start();

    /// <summary>Writes a line.</summary>
    public static void Print(ITestOutputHelper output, string line)
    {
        output.WriteLine(line);
        lock (Gate)
            File.AppendAllText(Path, line + "\n");
    }

    private static string Start()
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(Executables.Root, "artifacts"));
        var path = System.IO.Path.Combine(folder.FullName, $"{Environment.GetEnvironmentVariable("Tier") ?? "cluster"}-figures.txt");
        File.WriteAllText(path, "");
        return path;
    }
}
