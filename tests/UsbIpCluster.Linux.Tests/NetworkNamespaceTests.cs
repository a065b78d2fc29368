using System.Diagnostics;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class NetworkNamespaceTests
{
    [Theory]
    [InlineData("/proc/self/ns/none")]
    [InlineData("/proc/self/status")]
    public void Where_it_can_not_be_told_uevents_are_expected(string path) => Assert.True(NetworkNamespace.HearsUevents(path));

    [RootFact]
    public async Task A_network_namespace_of_a_new_user_namespace_hears_no_uevents()
    {
        using var process = Process.Start("unshare", ["--user", "--map-root-user", "--net", "sleep", "60"]);
        var path = $"/proc/{process.Id}/ns/net";
        try
        {
            var own = new FileInfo(NetworkNamespace.Own).LinkTarget;
            await Eventually.TrueAsync(() => new FileInfo(path).LinkTarget is { } other && other != own);
            Assert.False(NetworkNamespace.HearsUevents(path));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }
}
