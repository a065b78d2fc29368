using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

public sealed class DriverNewsTests
{
    private readonly DriverNews _news = new();

    [Fact]
    public void What_was_seen_already_is_no_news() => Assert.False(_news.IsNews(ExportStatus.Available, ExportStatus.Available));

    [Fact]
    public void What_somebody_else_did_is_news() => Assert.True(_news.IsNews(ExportStatus.Available, ExportStatus.InUse));

    [Fact]
    public void What_this_node_did_is_no_news_once()
    {
        _news.Did(ExportStatus.InUse);
        Assert.False(_news.IsNews(ExportStatus.Available, ExportStatus.InUse));
        Assert.True(_news.IsNews(ExportStatus.InUse, ExportStatus.Available));
        Assert.True(_news.IsNews(ExportStatus.Available, ExportStatus.InUse));
    }

    [Fact]
    public void Several_things_that_this_node_did_are_seen_in_their_order()
    {
        _news.Did(ExportStatus.Available);
        _news.Did(ExportStatus.InUse);
        Assert.False(_news.IsNews(ExportStatus.InUse, ExportStatus.InUse));
        Assert.False(_news.IsNews(ExportStatus.InUse, ExportStatus.Available));
        Assert.False(_news.IsNews(ExportStatus.Available, ExportStatus.InUse));
        Assert.True(_news.IsNews(ExportStatus.InUse, ExportStatus.Available));
    }

    [Fact]
    public void Something_else_in_between_makes_everything_news()
    {
        _news.Did(ExportStatus.Unbound, ExportStatus.Available);
        Assert.True(_news.IsNews(ExportStatus.InUse, ExportStatus.Faulted));
        Assert.True(_news.IsNews(ExportStatus.Faulted, ExportStatus.Unbound));
    }
}
