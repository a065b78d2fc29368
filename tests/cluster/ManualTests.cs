namespace UsbIpCluster.Cluster.Tests;

/// <summary>The manual pages are well-formed. What is in them is checked by the tests of the documents.</summary>
public sealed class ManualTests
{
    private const string Nothing = "";

    [Theory]
    [InlineData("usbipc.1")]
    [InlineData("usbipcd.8")]
    [InlineData("usbipcd.json.5")]
    public async Task A_page_has_nothing_to_complain_about(string page)
    {
        var path = Path.Combine(Executables.Root, "docs", "man", page);
        Prerequisites.Require("mandoc", "mandoc");
        var lint = await Command.RunAsync("mandoc", "-T", "lint", "-W", "warning", path);
        Assert.Equal(Nothing, lint.Out + lint.Error);
    }
}
