namespace UsbIpCluster.Node.Tests;

/// <summary>State folders that are gone when the tests are.</summary>
internal static class TempState
{
    private static readonly DirectoryInfo Root = MakeRoot();

    /// <summary>An empty one.</summary>
    public static StateFolder New() => StateFolder.Open(NewPath());

    /// <summary>A path at which nothing is.</summary>
    public static string NewPath() => Path.Combine(Root.FullName, Guid.NewGuid().ToString("N"));

    private static DirectoryInfo MakeRoot()
    {
        var root = Directory.CreateTempSubdirectory("usbipcluster-tests-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => root.Delete(recursive: true);
        return root;
    }
}
