namespace UsbIpCluster.Cluster.Tests;

/// <summary>The programs under test: those in <c>$USBIPC_BIN</c>, else as the build left them.</summary>
internal static class Executables
{
    private const string Solution = "UsbIpCluster.sln";

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The daemon.</summary>
    public static string Usbipcd { get; } = Find("UsbIpCluster.Node", "usbipcd");

    /// <summary>The command.</summary>
    public static string Usbipc { get; } = Find("UsbIpCluster.Cli", "usbipc");

    // These tests lie in bin/CONFIGURATION/FRAMEWORK, and so do the programs.
    private static string Find(string project, string name)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var folder = Environment.GetEnvironmentVariable("USBIPC_BIN")
            ?? Path.Combine(Root, "src", project, "bin", framework.Parent!.Name, framework.Name);
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing: build {project} first");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} has {Solution}");
    }
}
