namespace UsbIpCluster.Node.Tests;

/// <summary>State folders that are gone when the tests are.</summary>
internal static class TempState
{
    private static readonly DirectoryInfo Root = Directory.CreateTempSubdirectory("usbipcluster-tests-");

    /// <summary>An empty one.</summary>
    public static StateFolder New() => StateFolder.Open(NewPath());

    /// <summary>A path at which nothing is.</summary>
    public static string NewPath() => Path.Combine(Root.FullName, Guid.NewGuid().ToString("N"));

    /// <summary>Removes them all. An actor of the last test may still write to one.</summary>
    public static async Task RemoveAsync()
    {
        for (var patience = 100; ; patience--)
        {
            try
            {
                Root.Delete(recursive: true);
                return;
            }
            catch (IOException) when (patience > 0)
            {
                await Task.Delay(20);
            }
        }
    }
}
